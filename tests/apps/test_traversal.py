"""Traversals: the most used first, one number at a time."""

import numpy as np

from likely.apps.coded import coded
from likely.apps.traversal import by_use, traversals, walked
from tests.rotated import code_of, codes_of, facts, rotated

Z = np.random.default_rng(0).normal(size=(500, 4)) * [0.5, 2.0, 0.0, 1.0] + [1.0, 2.0, 3.0, 4.0]


def test_the_most_used_come_first():
    assert by_use(Z).tolist() == [1, 3, 0, 2]


def test_one_number_moves_and_the_others_stay_at_their_mean():
    walk = walked(Z, 1, steps=5)
    assert np.allclose(np.delete(walk, 1, 1), np.delete(Z.mean(0), 1))
    assert np.allclose(walk[:, 1], Z[:, 1].mean() + np.array([-2.5, -1.25, 0, 1.25, 2.5]) * Z[:, 1].std())


def test_rows_of_each_walk():
    fitted, rows = rotated(codes_of(facts()))
    known = coded(fitted, rows)
    found = traversals(known, steps=7, most=2)
    assert len(found) == 2
    assert found[0].use >= found[1].use
    for each in found:
        assert len(each.rows) == 7
        again = coded(fitted, each.rows).z
        assert np.allclose(again[:, each.place], each.values, atol=1e-4)
        assert np.allclose(np.delete(again, each.place, 1), np.delete(known.z.mean(0), each.place), atol=1e-4)
    assert code_of(found[0].rows.said.frame).shape == (7, 5)
