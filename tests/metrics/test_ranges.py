"""The volume under the precision-recall surface: beside average precision, and beside a definition by loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from likely.errors import WrongRows
from likely.metrics.ranges import chance, range_average_precisions, vus_pr


def by_loops(labels, score, window, thresholds):
    """Every moment, stretch and threshold, one after another."""
    size, runs = len(labels), []
    for t in range(size):
        if labels[t] and (t == 0 or not labels[t - 1]):
            runs.append([t, t])
        elif labels[t]:
            runs[-1][1] = t
    weight = [float(odd) for odd in labels]
    for t in range(size):
        for first, last in runs:
            away = max(first - t, t - last)
            if not labels[t] and away <= window // 2:
                weight[t] = min(1.0, weight[t] + np.sqrt(1 - away / window))
    joined = [list(runs[0])]
    for first, last in runs[1:]:
        if joined[-1][1] + window // 2 < first - window // 2:
            joined.append([first, last])
        else:
            joined[-1][1] = last
    area, before = 0.0, 0.0
    for threshold in thresholds:
        raised = [t for t in range(size) if score[t] >= threshold]
        hits = sum(weight[t] for t in raised)
        size_of_all = sum(labels) + sum(weight[t] for t in raised if not labels[t]) / 2
        met = sum(any(a - window // 2 <= t <= b + window // 2 for t in raised) for a, b in joined) / len(joined)
        recall = min(1.0, hits / size_of_all) * met
        area += (recall - before) * hits / len(raised)
        before = recall
    return area


labelled = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=24).filter(
    lambda pairs: any(odd for odd, _ in pairs)
)


@settings(max_examples=60, deadline=None)
@given(labelled, st.integers(0, 9))
def test_the_definition_by_loops(pairs, window):
    labels, score = [int(odd) for odd, _ in pairs], [float(told) for _, told in pairs]
    every = sorted(set(score), reverse=True)
    found = [by_loops(labels, score, each, every) for each in range(window + 1)]
    assert range_average_precisions(labels, score, window) == pytest.approx(found, abs=1e-12)
    assert vus_pr(labels, score, window) == pytest.approx(np.mean(found), abs=1e-12)
    few = [sorted(score, reverse=True)[place] for place in np.linspace(0, len(score) - 1, 5).astype(int)]
    as_published = np.mean([by_loops(labels, score, each, few) for each in range(window + 1)])
    assert vus_pr(labels, score, window, thresholds=5) == pytest.approx(as_published, abs=1e-12)


def test_without_a_buffer_one_stretch_gets_its_average_precision():
    chance_of = np.random.default_rng(0)
    labels = np.zeros(500, dtype=int)
    labels[200:240] = 1
    for score in (chance_of.normal(size=500) + labels, chance_of.integers(0, 5, 500)):
        assert vus_pr(labels, score, 0) == pytest.approx(average_precision_score(labels, score), abs=1e-12)


def test_perfect_and_constant_scores():
    labels = np.zeros(300, dtype=int)
    labels[50:60] = labels[200:203] = 1
    assert vus_pr(labels, labels, 40) == pytest.approx(1)
    assert vus_pr(labels, 1 - labels, 0) < 0.06
    by_hand = np.mean([13 + 4 * np.sqrt(1 - np.arange(1, each // 2 + 1) / max(each, 1)).sum() for each in range(41)])
    assert vus_pr(labels, np.zeros(300), 40) == pytest.approx(by_hand / 300) == pytest.approx(chance(labels, 40))


def test_near_counts_and_far_does_not():
    labels = np.zeros(300, dtype=int)
    labels[100:110] = 1
    near, far = np.zeros(300), np.zeros(300)
    near[112], far[250] = 1, 1
    assert vus_pr(labels, near, 40) > vus_pr(labels, far, 40) + 0.005
    assert vus_pr(labels, near, 0) == vus_pr(labels, far, 0)
    assert vus_pr(labels[::-1], near[::-1], 40) == pytest.approx(vus_pr(labels, near, 40), abs=1e-12)


@pytest.mark.parametrize(
    ("labels", "score", "window"),
    [([0, 0], [1, 2], 3), ([0, 2], [1, 2], 3), ([0, 1], [1], 3), ([0, 1], [1, np.nan], 3), ([0, 1], [1, 2], -1)],
)
def test_refusals(labels, score, window):
    with pytest.raises(WrongRows):
        vus_pr(labels, score, window)
