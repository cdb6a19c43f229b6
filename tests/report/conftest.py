"""Planted comparisons to draw: nothing is fitted."""

import numpy as np
import pandas as pd
import pytest
import torch

from likely.apps.comparison import Comparison, Recommendation, Round, Seeds, verdicts_of
from likely.apps.contender import Contender
from likely.apps.measure import FLOOR, INDEPENDENT
from likely.contracts import Scores
from likely.data import Images, Table, read
from likely.families.naive_bayes import NaiveBayes
from likely.metrics import Measure

HOSTILE = "<script>alert(\"x\")</script> & 'quotes'"


@pytest.fixture(scope="session")
def tables():
    """Real rows and samples of every kind of column, with names and categories that would break a page."""

    def built(seed):
        rng, rows = np.random.default_rng(seed), 80
        return pd.DataFrame({
            "x": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows).round(3)),
            HOSTILE: rng.choice([HOSTILE, "]]>", "b", None], rows),
            "count": rng.poisson(3, rows),
            "since": pd.date_range("2020-01-01", periods=rows, freq="D").strftime("%Y-%m-%d"),
            "big": rng.normal(size=rows) * 1e7, "flag": rng.random(rows) < 0.5,
        } | {f"more {i}": rng.normal(size=rows).round(2) for i in range(6)})  # fmt: skip

    real = read(built(0))
    return real, Table(built(1), real.schema)


@pytest.fixture(scope="session")
def pictures():
    """Digits-like pictures of ten classes, and samples without."""
    rng = np.random.default_rng(0)
    about = read(pd.DataFrame({"label": np.repeat(np.arange(10), 12)}))
    real = Images(rng.integers(0, 17, (120, 8, 8, 1)).astype(np.uint8), 17, about)
    return real, Images(rng.integers(0, 17, (30, 8, 8, 1)).astype(np.uint8), 17)


@pytest.fixture(scope="session")
def planted():
    """Builds a comparison with every kind of contender on given rows."""

    def scores(mean, kind, measure="density of 1 real"):
        nats = torch.linspace(-0.5, 0.5, 50).double() + mean
        return Scores(nats, "≥" in kind, torch.full_like(nats, 0.1) if "≈" in kind else None, measure)

    def measures(area):
        told = [("two-sample AUC", area), ("marginals", 0.1), ("precision", 0.9), ("density", 1.2), ("copies", 0.0)]
        return {name: Measure(name, value, value - 0.03, value + 0.03, (90, 120), 0.5, "trees") for name, value in told}

    def built(real, drawn):
        contenders = (
            Contender("NaiveBayes", NaiveBayes(), scores(-2.0, "="), "", measures(0.8), 0.1, 1e-4, drawn),
            Contender(HOSTILE, NaiveBayes(), scores(-1.0, "≥ ≈"), "", measures(0.7), 90.0, 1e-2, drawn),
            Contender("GAN", NaiveBayes(), None, "GAN has no density", measures(0.9), 5.0, 1e-5, drawn),
            Contender("far", NaiveBayes(), scores(-1e6, "="), "", measures(1.0), 5.0, 1e-5, drawn),
            Contender("none", NaiveBayes(), scores(float("-inf"), "="), "", measures(1.0), 5.0, 1e-5, drawn),
            Contender("other", NaiveBayes(), scores(-3.0, "=", "mass"), "", measures(1.0), 5.0, 1e-5, drawn),
            Contender("broken", NaiveBayes(), failed=f"it broke: {HOSTILE}\nTry: something else"),
        )
        references = (
            Contender(FLOOR, why_no_score="rows, not a model", measures=measures(0.5), samples=real),
            Contender(INDEPENDENT, NaiveBayes(), scores(-4.0, "="), "", measures(0.95), samples=drawn),
        )
        sizes = {"train": 800, "validation": 100, "test": 100}
        verdicts = verdicts_of([*contenders, *references])
        return Comparison(
            f"/data/{HOSTILE}.csv", sizes, contenders, references, verdicts, real, (HOSTILE,), 3, "2m", raced(), (
                Seeds("NaiveBayes", (3, 4, 5), (-2.0, -2.1, -1.9)), Seeds("GAN", (3,), (0.4,), "distance"),
            ), (
                Recommendation("score", "NaiveBayes", "It is exact.", ("= -2.000 ± 0.042",)),
                Recommendation("generate", "", f"Nobody samples well: {HOSTILE}", ("two-sample AUC 0.7",)),
            ),
        )  # fmt: skip

    def raced():
        return (
            Round(1, "NaiveBayes", "", 0.1, 1, "nats/row", "=", -2.2, -2.3, -2.1),
            Round(1, HOSTILE, "4 s", 4.2, 300, "nats/row", "≥ ≈", -3.0, -3.2, -2.8),
            Round(1, "GAN", "4 s", 4.1, 280, "distance", "", 0.5, 0.4, 0.6, f"0.1 behind {HOSTILE}"),
            Round(1, "far", "4 s", 4.0, 250, "nats/row", "=", -1e6, -2e6, -1e5, "far behind"),
            Round(1, "none", "4 s", 3.9, 200, stopped="it gave no number"),
            Round(2, "NaiveBayes", "", 0.1, 1, "nats/row", "=", -2.0, -2.1, -1.9),
            Round(2, HOSTILE, "8 s", 8.5, 620, "nats/row", "≥ ≈", -1.0, -1.2, -0.8),
        )

    return built
