"""E[z | a] against cell means and additive fits; and what a code says."""

import numpy as np

from likely.apps.code_law import MOST, Scales, code_law

RNG = np.random.default_rng(0)
CATEGORIES = np.zeros(2, bool)


def design(each=20):
    a, b = np.meshgrid(np.arange(3.0), np.arange(4.0))
    return np.tile(np.stack([a.ravel(), b.ravel()], 1), (each, 1))


def test_many_rows_of_each_combination_give_its_mean_interactions_included():
    cells, effect = design(), RNG.normal(size=(3, 4, 6))
    truth = effect[cells[:, 0].astype(int), cells[:, 1].astype(int)]
    law = code_law(truth + 0.1 * RNG.normal(size=truth.shape), cells, CATEGORIES)
    assert np.abs(law.mean(cells) - truth).max() < 0.15
    assert np.abs(law.mean(cells) - truth).mean() < 0.03


def test_a_combination_that_was_never_seen_is_told_from_its_parts():
    cells = design()
    one, two = RNG.normal(size=(3, 6)), RNG.normal(size=(4, 6))
    truth = one[cells[:, 0].astype(int)] + two[cells[:, 1].astype(int)]
    seen = ~((cells[:, 0] == 2) & (cells[:, 1] == 3))
    law = code_law((truth + 0.05 * RNG.normal(size=truth.shape))[seen], cells[seen], CATEGORIES)
    assert np.abs(law.mean(np.array([[2.0, 3.0]])) - one[2] - two[3]).max() < 0.25


def test_noise_alone_is_not_followed():
    cells = design(5)
    law = code_law(RNG.normal(size=(len(cells), 6)), cells, CATEGORIES)
    assert np.abs(law.mean(cells) - law.centre).mean() < 0.25  # cell means would be off by 0.36


def test_numbers_are_smooth_and_their_scale_is_nothing():
    x = RNG.uniform(-1, 1, size=(400, 1))
    z = np.concatenate([np.sin(2 * x), x**2], 1) + 0.05 * RNG.normal(size=(400, 2))
    at = np.array([[-0.5], [0.2], [0.8]])
    for scale in (1.0, 1e5):
        found = code_law(z, scale * x + scale, np.ones(1, bool)).mean(scale * at + scale)
        assert np.abs(found - np.concatenate([np.sin(2 * at), at**2], 1)).max() < 0.08


def test_a_code_says_what_it_came_from():
    cells = design()
    effect = 3 * RNG.normal(size=(3, 4, 6))
    z = effect[cells[:, 0].astype(int), cells[:, 1].astype(int)] + 0.2 * RNG.normal(size=(len(cells), 6))
    law = code_law(z, cells, CATEGORIES)
    blank = np.full(cells.shape, -1.0)
    assert np.array_equal(law.recognised(z, blank, np.ones(cells.shape, bool)), cells)
    known = np.stack([cells[:, 0], blank[:, 1]], 1)
    free = np.zeros(cells.shape, bool)
    free[:, 1] = True
    assert np.array_equal(law.recognised(z, known, free), cells)
    barred = law.seen[:, 1] == 3
    assert not (law.recognised(z, known, free, barred)[:, 1] == 3).any()


def test_what_is_known_stays_even_where_it_was_never_seen():
    cells = design()
    law = code_law(RNG.normal(size=(len(cells), 3)), cells, CATEGORIES)
    found = law.recognised(np.zeros((1, 3)), np.array([[7.0, -1.0]]), np.array([[False, True]]))
    assert found[0, 0] == 7.0
    assert found[0, 1] in range(4)


def test_missing_numbers_stand_at_the_mean_and_constant_codes_are_no_trouble():
    cells = np.array([[1.0, 0.0], [np.nan, 1.0], [3.0, 0.0], [2.0, 1.0]])
    scales = Scales.of(cells, np.array([True, False]))
    assert scales(cells)[1].tolist() == [0.0, 1.0]
    law = code_law(np.ones((4, 3)), cells, np.array([True, False]))
    assert np.allclose(law.mean(cells), 1.0)
    assert np.isfinite(law.white).all()


def test_many_combinations_and_wide_codes():
    cells = RNG.normal(size=(MOST + 300, 1))
    law = code_law(np.concatenate([cells, cells], 1), cells, np.ones(1, bool))
    assert len(law.seen) == MOST
    wide = code_law(RNG.normal(size=(40, 600)), design(4)[:40], CATEGORIES)
    assert wide.white.shape == (600,)
    assert wide.recognised(np.zeros((2, 600)), np.zeros((2, 2)), np.ones((2, 2), bool)).shape == (2, 2)
