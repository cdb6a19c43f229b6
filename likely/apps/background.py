r"""A model of the background: fitted, as another was, on pictures of which some pixels say nothing.

    each pixel is drawn anew, evenly among its levels, with a chance mu: what is in the picture is lost, its
    simplicity is not                                                                                              (1)

Likelihood Ratios for Out-of-Distribution Detection (Ren et al., 2019), arXiv:1906.02845
"""

from dataclasses import replace
from typing import Any

import numpy as np

from likely.data import Images, read
from likely.errors import FieldError, WrongRows
from likely.fitted import Fitted
from likely.fitting import fit

NOISE = 0.2  # mu, where nothing else is asked


def noised(images: Images, share: float = NOISE, *, seed: int = 0) -> Images:
    """(1)"""
    if not 0 < share < 1:
        raise FieldError(f"a share of {share} of the pixels was asked for", expected="more than 0 and less than 1")
    chance = np.random.default_rng(seed)
    other = chance.integers(0, images.levels, images.pixels.shape, dtype=np.uint8)
    return replace(images, pixels=np.where(chance.random(images.pixels.shape) < share, other, images.pixels))


def background(
    fitted: Fitted[Any],
    data: Any,
    *,
    share: float = NOISE,
    validation: Any = None,
    budget: str | int | None = None,
    seed: int = 0,
) -> Fitted[Any]:
    """The same family, given the same columns, fitted on the rows with noise in them."""
    rows = noised(_pictures(data), share, seed=seed)
    held = None if validation is None else noised(_pictures(validation), share, seed=seed + 1)
    family, given = fitted.card.family, fitted.card.condition
    return fit(rows, family, condition=given, validation=held, budget=budget, seed=seed, certify=False)


def _pictures(data: Any) -> Images:
    rows = data if isinstance(data, Images) else read(data)
    if not isinstance(rows, Images):
        raise WrongRows(f"these rows are {rows.word}", expected="pictures, as the model was fitted on")
    return rows
