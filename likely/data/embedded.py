"""Data sets that need no file, by name."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from likely.data.array import labelled
from likely.data.declaration import Declaration
from likely.data.generate import checkerboard, gaussians_8, gaussians_25, moons, rings, s_curve, spirals, swiss_roll
from likely.data.infer import infer
from likely.data.rows import Images, Rows, Table
from likely.data.shapes import shapes


def digits() -> Images:
    """1,797 handwritten digits of 8 x 8 pixels and 17 levels, with their label."""
    from sklearn.datasets import load_digits

    held: Any = load_digits()
    return labelled(held.images.astype(np.uint8), held.target, levels=17)


def iris() -> Table:
    """150 flowers of three species, measured in four lengths."""
    from sklearn.datasets import load_iris

    return _classified(load_iris(), "species")


def wine() -> Table:
    """178 wines of three growers, with 13 chemical measurements."""
    from sklearn.datasets import load_wine

    return _classified(load_wine(), "grower")


def breast_cancer() -> Table:
    """569 tumours, malignant or benign, with 30 measurements of their cells."""
    from sklearn.datasets import load_breast_cancer

    return _classified(load_breast_cancer(), "diagnosis")


def diabetes() -> Table:
    """442 patients: age, sex, body mass, blood pressure, six serum values, and the disease a year later."""
    from sklearn.datasets import load_diabetes

    held: Any = load_diabetes(scaled=False)
    frame = pd.DataFrame(held.data, columns=pd.Index(held.feature_names))
    return Table(*infer(frame.assign(progression=held.target)))


def _classified(held: Any, name: str) -> Table:
    """scikit-learn's matrix, and its classes as a column of words."""
    frame = pd.DataFrame(held.data, columns=pd.Index([str(each) for each in held.feature_names]))
    words = np.asarray(held.target_names)[held.target]
    stated = {name: {"kind": "category", "why": "the class"}}
    return Table(*infer(frame.assign(**{name: [str(each) for each in words]}), Declaration(stated)))


EMBEDDED: dict[str, Callable[[], Rows]] = {
    "digits": digits,
    "iris": iris,
    "wine": wine,
    "breast_cancer": breast_cancer,
    "diabetes": diabetes,
    "moons": moons,
    "rings": rings,
    "spirals": spirals,
    "checkerboard": checkerboard,
    "gaussians-8": gaussians_8,
    "gaussians-25": gaussians_25,
    "swiss-roll": swiss_roll,
    "s-curve": s_curve,
    "shapes": shapes,
}
