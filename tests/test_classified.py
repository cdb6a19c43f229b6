"""The classes of a column of a model of whole rows: exact where evidence is known, else counted."""

import numpy as np
import pandas as pd
import pytest

import likely
from likely.classified import classes_of
from likely.errors import CannotAnswer, ConditionError, WrongRows
from likely.testing.clusters import three
from likely.training import Engine

PLAIN = Engine(threads=1, probe=False)
TRUTH = three()
ROWS = TRUTH.draw(2000, seed=1)
NEW = TRUTH.draw(6, seed=2)


@pytest.fixture(scope="module")
def exact():
    return likely.fit(ROWS, "gaussianmixture,components=3", engine=PLAIN, certify=False)


def test_classes_of_a_column_are_the_truth_s_where_the_model_is_right(exact):
    told, way = classes_of(exact, NEW, "c", draws=None, seed=0)
    many = (
        TRUTH.completed(pd.concat([NEW.assign(c=None)] * 1500, ignore_index=True), seed=3)["c"]
        .to_numpy()
        .reshape(1500, -1)
    )
    true = np.stack([(many == letter).mean(0) for letter in "abc"], 1)
    assert way == "exact"
    assert list(told) == list("abc")
    assert np.abs(told.to_numpy() - true).max() < 0.12
    pd.testing.assert_frame_equal(exact.classify(NEW, "c"), told)


def test_counted_classes_agree_with_weighed_ones_and_none_is_impossible():
    fitted = likely.fit(ROWS, "vae,latent=2,network=mlp,network.width=32", budget=150, engine=PLAIN, certify=False)
    told, way = classes_of(fitted, NEW, "c", draws=200, seed=0)
    assert way == "asymptotic"
    assert np.allclose(told.sum(axis=1), 1)
    assert (told > 0).all(axis=None)


def test_wrong_uses_are_refused(exact):
    with pytest.raises(CannotAnswer, match="'x1' is no class"):
        exact.classify(NEW, "x1")
    with pytest.raises(WrongRows, match="no column 'd'"):
        exact.classify(NEW, "d")
    given = likely.fit(ROWS.assign(k=list("uv") * 1000), "naivebayes", condition="k", certify=False)
    with pytest.raises(ConditionError, match="do not say"):
        given.classify(NEW, "c")
