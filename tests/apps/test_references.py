"""The rows that stand beside every comparison."""

import pytest

from likely.apps.arena import Arena
from likely.apps.references import ORDER, mixture, references_of
from likely.data import read, split


@pytest.fixture(scope="module")
def arena():
    return Arena(split(read("iris")), (), 0)


@pytest.fixture(scope="module")
def rows(arena):
    found, took = references_of(arena, 60.0)
    assert took > 0
    return {row.name: row for row in found}


def test_a_table_has_all_of_them(rows):
    assert tuple(rows) == ORDER
    assert all(row.samples is not None and "two-sample AUC" in row.measures for row in rows.values())


def test_who_has_a_likelihood(rows, arena):
    scored = {name: row.scores.kind for name, row in rows.items() if row.scores is not None}
    assert scored == {"independent columns": "=", "simple mixture": "="}
    assert rows["simple mixture"].scores.mean > rows["independent columns"].scores.mean
    assert rows["SMOTE"].why_no_score == "rows between rows, not a model"


def test_training_rows_are_copies(rows):
    assert rows["training rows again"].measures["copies"].value == 1.0
    assert rows["SMOTE"].measures["copies"].value < 0.2


def test_a_mixture_that_is_not_ready_is_left_out(arena):
    assert mixture(arena, 0.001) is None
