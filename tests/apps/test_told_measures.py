"""A measurement in sentences."""

import pandas as pd

from likely.apps.measure import Measured, Measurement
from likely.apps.told_measures import conclusions, worse
from likely.data import read
from likely.metrics import Measure


def number(name, value, group="marginals", parts=None, ideal=0.0):
    return Measure(name, value, value - 0.02, value + 0.02, (300, 300), ideal, "", parts or {}, group)


def told(*pairs):
    rows = read(pd.DataFrame({"x": range(30)}))
    sides = [{one.name: one for one in side} for side in zip(*pairs, strict=True)]
    measured = [Measured(name, side, rows) for name, side in zip(("synthetic", "real rows"), sides, strict=True)]
    return conclusions(Measurement("rows.csv", (300, 300), tuple(measured), rows))


def test_what_is_worse_and_where():
    said = told(
        (number("marginals", 0.3, parts={"a": 0.1, "b": 0.5, "c": 0.01}), number("marginals", 0.1)),
        (number("pairs", 0.11), number("pairs", 0.1)),
        (number("copies", 0.0, "privacy"), number("copies", 0.0, "privacy")),
    )
    assert said == [
        "Worse than other real rows: marginals 0.300 [0.280, 0.320] (real rows 0.100); not shown to be worse: pairs.",
        "No worse than other real rows, as far as 300 rows tell: copies.",
        "Farthest from real ones: b (0.50) and a (0.10).",
    ]


def test_intervals_that_meet_a_little_are_still_apart():
    assert worse(number("two-sample AUC", 0.535), number("two-sample AUC", 0.5))
    assert not worse(number("two-sample AUC", 0.525), number("two-sample AUC", 0.5))


def test_better_than_real_rows_is_not_worse():
    assert not worse(number("recall", 0.9, ideal=1.0), number("recall", 0.8, ideal=1.0))
    assert worse(number("recall", 0.7, ideal=1.0), number("recall", 0.8, ideal=1.0))
    assert worse(number("recall", 0.7, ideal=1.0), None)


def test_without_training_rows_nothing_is_known_of_copies():
    assert told((number("pairs", 0.1), number("pairs", 0.1)))[-1].startswith("Whether rows were copied is not known")
