"""Chow-Liu: mutual information as scikit-learn counts it, the best of all trees by enumeration, planted trees found."""

import itertools

import numpy as np
import pytest
import torch
from sklearn.metrics import mutual_info_score

from likely.distributions.chow_liu import MOST_PAIRS, Pairs, affordable, forest


def planted(n: int, parents: list[int], seed: int = 0, keep: float = 0.85) -> torch.Tensor:
    """Binary columns, each its parent's value with some probability."""
    rng = np.random.default_rng(seed)
    x = np.zeros((n, len(parents)), dtype=int)
    for d, parent in enumerate(parents):
        x[:, d] = (
            rng.integers(0, 2, n) if parent < 0 else np.where(rng.random(n) < keep, x[:, parent], 1 - x[:, parent])
        )
    return torch.tensor(x)


def counted(state: torch.Tensor, sizes: list[int], k=None, classes: int = 1, w=None) -> Pairs:
    pairs = Pairs(classes, torch.tensor(sizes))
    k = torch.zeros(len(state), dtype=torch.int64) if k is None else k
    w = torch.ones(len(state)) if w is None else w
    for rows in torch.arange(len(state)).split(300):
        pairs.observe(state[rows], k[rows], w[rows])
    return pairs


def undirected(parents: torch.Tensor) -> set[frozenset[int]]:
    return {frozenset((d, int(p))) for d, p in enumerate(parents) if p >= 0}


def test_information_is_scikit_learn_s() -> None:
    rng = np.random.default_rng(0)
    state = np.stack([rng.integers(0, 3, 1000), rng.integers(0, 2, 1000)], 1)
    state = np.concatenate([state, (state.sum(1, keepdims=True) + rng.integers(0, 2, (1000, 1))) % 4], 1)
    found, cost = counted(torch.tensor(state), [3, 2, 4]).information()
    for a, b in itertools.combinations(range(3), 2):
        wanted = 1000 * mutual_info_score(state[:, a], state[:, b])
        assert float(found[0, a, b]) == pytest.approx(wanted, abs=1e-9)
        assert float(found[0, b, a]) == pytest.approx(wanted, abs=1e-9)
    assert cost[0].tolist() == [[4, 2, 6], [2, 1, 3], [6, 3, 9]]


def test_weights_are_repeated_rows_and_unknown_states_pair_with_nothing() -> None:
    state = planted(400, [-1, 0, 1])
    twice = counted(torch.cat([state, state[:100]]), [2, 2, 2])
    weighted = counted(state, [2, 2, 2], w=1 + (torch.arange(400) < 100).double())
    torch.testing.assert_close(twice.seen, weighted.seen)
    holes = state.clone()
    holes[:50, 0] = -1
    found = counted(holes, [2, 2, 2]).information()[0]
    torch.testing.assert_close(found[0, 0, 1], counted(state[50:], [2, 2, 2]).information()[0][0, 0, 1])
    torch.testing.assert_close(found[0, 1, 2], counted(state, [2, 2, 2]).information()[0][0, 1, 2])


def test_the_forest_is_the_best_of_all() -> None:
    worth = torch.tensor(np.random.default_rng(3).normal(0.5, 1, (5, 5)))
    worth = worth + worth.T
    edges = list(itertools.combinations(range(5), 2))

    def acyclic(chosen) -> bool:
        group = list(range(5))
        for a, b in chosen:
            if group[a] == group[b]:
                return False
            group = [group[a] if g == group[b] else g for g in group]
        return True

    best = max(
        float(sum((worth[a, b] for a, b in chosen), torch.zeros(())))
        for size in range(5)
        for chosen in itertools.combinations(edges, size)
        if acyclic(chosen)
    )
    found = undirected(forest(worth))
    assert sum(float(worth[tuple(edge)]) for edge in found) == pytest.approx(best)


def test_a_planted_tree_is_found_and_hangs_from_its_hub() -> None:
    parents = [-1, 0, 0, 0, 2, 0, 5, -1]
    found = counted(planted(4000, parents), [2] * 8).trees(4.0, shared=True)[0]
    assert undirected(found) == {frozenset((d, p)) for d, p in enumerate(parents) if p >= 0}
    assert found[0] == -1
    assert found[7] == -1  # the column that depends on nothing has no edge


def test_without_penalty_it_is_a_tree_over_all_columns() -> None:
    assert len(undirected(counted(planted(500, [-1] * 6), [2] * 6).trees(0.0, shared=True)[0])) == 5


def test_a_tree_for_each_class_or_one_for_all() -> None:
    state = torch.cat([planted(2000, [-1, 0, 1]), planted(2000, [-1, -1, 0], seed=1)])
    pairs = counted(state, [2, 2, 2], k=torch.arange(4000) // 2000, classes=2)
    first, second = pairs.trees(2.0, shared=False)
    assert undirected(first) == {frozenset((0, 1)), frozenset((1, 2))}
    assert undirected(second) == {frozenset((0, 2))}
    both = pairs.trees(2.0, shared=True)
    assert torch.equal(both[0], both[1])


def test_many_states_are_grouped_by_how_frequent_they_are() -> None:
    sizes = torch.tensor([200] * 60)
    groups = affordable(sizes, 1)
    assert (60 * groups) ** 2 <= MOST_PAIRS < (60 * (groups + 1)) ** 2
    pairs = Pairs(1, sizes)
    state = (torch.rand(5000, 60, generator=torch.Generator().manual_seed(0)) ** 2 * 200).long()
    pairs.prepare(state)
    often = torch.bincount(pairs.group[state[:, 0]], minlength=groups)
    assert int(often.max()) < 4 * 5000 // groups + 400
    assert affordable(torch.tensor([2] * 10_000), 1) == 1
