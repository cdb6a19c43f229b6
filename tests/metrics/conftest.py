"""Small tables with a law that is known."""

import numpy as np
import pandas as pd
import pytest

from likely.data import read


@pytest.fixture(scope="session")
def mixed():
    """Builds rows of a real, a count, a category and a boolean that hang together, some cells missing."""

    def built(rows, seed, *, shift=0.0, schema=None):
        rng = np.random.default_rng(seed)
        kind = rng.choice(["a", "b", "c"], rows, p=[0.5, 0.3, 0.2])
        x = rng.normal(size=rows) + (kind == "b") * 2 + shift
        frame = pd.DataFrame({
            "x": np.round(np.where(rng.random(rows) < 0.1, np.nan, x), 3), "kind": kind,
            "count": rng.poisson(3, rows) + (kind == "c") * 2, "flag": x > 0.5,
        })  # fmt: skip
        return read(frame, schema=schema)

    return built


@pytest.fixture(scope="session")
def plane():
    """Builds Gaussian points in two columns."""

    def built(rows, seed, *, centre=(0.0, 0.0), spread=1.0):
        points = np.random.default_rng(seed).normal(size=(rows, 2)) * spread + np.asarray(centre)
        return read(pd.DataFrame(points, columns=["x", "y"]))

    return built
