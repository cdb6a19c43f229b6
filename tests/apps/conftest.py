"""Planted comparisons: no family is fitted where only numbers are judged."""

from importlib import import_module

import numpy as np
import pandas as pd
import pytest
import torch

from likely.apps.comparison import Comparison, verdicts_of
from likely.apps.contender import Contender
from likely.contracts import Scores
from likely.data import read
from likely.metrics import Measure


@pytest.fixture(scope="session")
def planted():
    """Builds a comparison from (name, kind, mean, area) rows; the last row is a reference."""

    def built(*told):
        made = tuple(contender(*each) for each in told)
        rows = read(pd.DataFrame({"x": np.arange(40) / 7}))
        sizes = {"train": 80, "validation": 10, "test": 10}
        return Comparison("planted.csv", sizes, made[:-1], made[-1:], verdicts_of(made), rows)

    def contender(name, kind, mean, area):
        nats = torch.linspace(-0.5, 0.5, 50).double() + (mean or 0.0)
        stderr = torch.full_like(nats, 0.1) if "≈" in kind else None
        scores = Scores(nats, "≥" in kind, stderr, "density of 1 real") if kind else None
        told = Measure("two-sample AUC", area, area - 0.03, area + 0.03, (300, 300), 0.5, "trees")
        return Contender(name, None, scores, "" if kind else "it samples only", {"two-sample AUC": told}, 1.5, 0.002)

    return built


@pytest.fixture(scope="module", autouse=True)
def few_trees():
    """Races here are about order and failures; what trees tell has its own tests."""
    with pytest.MonkeyPatch.context() as patch:
        trees = import_module("likely.metrics.two_sample")
        patch.setattr(trees, "TREES", (2, 5))
        patch.setattr(trees, "STEADY", 1)
        yield
