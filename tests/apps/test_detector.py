"""Looking through rows that nobody has labelled: odd ones come first, though the rows learned from hold them too."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

import likely
from likely.apps.detector import CLEAN, Detector, log_kernels
from likely.errors import EmptyData, FieldError, WrongRows


def crowd(seed, odd=0):
    """Three clouds in eight columns, and odd rows: a tight group of their own, and some strewn about."""
    chance = np.random.default_rng(seed)
    x = chance.normal(size=(600, 8)) + 4 * chance.integers(0, 3, (600, 1)) * np.eye(8)[0]
    x[:odd, 2:4] += 6
    x[odd : 2 * odd] *= 4
    return x, np.arange(600) < 2 * odd


def test_a_member_is_a_kernel_density():
    rows, points = torch.tensor([[0.0, 1.0], [2.0, -1.0]]), torch.tensor([[0.5, 0.5]])
    by_hand = np.log(np.mean(np.prod(norm.pdf((points - rows).numpy() / 0.7) / 0.7, 1)))
    assert np.isclose(float(log_kernels(rows, points, 0.7)[0]), by_hand)


def test_odd_rows_among_those_learned_from_come_first():
    x, odd = crowd(0, odd=20)
    found = Detector().fit(x, seed=1)
    assert roc_auc_score(odd, found.scores(x)) > 0.98
    told = found.anomalies()
    assert (told["q_value"] >= told["p_value"]).all()
    assert told["p_value"].between(0, 1).all()
    assert (Detector().fit(x, seed=1).scores(x) == found.scores(x)).all()


def test_experts_join_where_rows_are_as_they_should_be():
    (x, _), (y, odd) = crowd(0), crowd(1, odd=20)
    found = CLEAN.fit(x)
    assert len(found.experts) == 1
    assert roc_auc_score(odd, found.scores(y)) > 0.98
    assert abs(found.anomalies(crowd(2)[0])["p_value"].mean() - 0.5) < 0.08


def test_tables_with_words_and_gaps():
    chance = np.random.default_rng(0)
    frame = pd.DataFrame({"age": chance.normal(40, 10, 200), "word": chance.choice(["a", "b"], 200), "same": 3})
    frame.loc[5, "age"] = np.nan
    frame.index = [f"r{place}" for place in range(200)]
    frame.loc["r7", "age"] = 400.0
    told = Detector(members=30).fit(frame).anomalies(frame)
    assert told["score"].idxmax() == "r7"
    assert list(told.index) == list(frame.index)


def test_refusals():
    with pytest.raises(EmptyData, match="usual"):
        Detector().fit(np.zeros((5, 2)))
    with pytest.raises(WrongRows, match="likely fit"):
        Detector().fit(likely.read("digits"))
    with pytest.raises(FieldError):
        Detector(members=0)
