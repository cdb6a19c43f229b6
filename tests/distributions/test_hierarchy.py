"""Hierarchies: the tree that made the data is found again, parts that are apart are joined, wide rows are served."""

import pytest
import torch

from likely.distributions.hierarchy import HiddenTree, Shallow
from likely.errors import FieldError
from likely.rng import Keyed


def chain(width: int, n: int = 3000, kept: float = 0.9) -> torch.Tensor:
    """Each column mostly repeats the one before."""
    rng, like = Keyed(0), torch.zeros(0)
    x = [rng.integers(3, (n,), like=like)]
    for _ in range(width - 1):
        x.append(torch.where(rng.uniform((n,), like=like) < kept, x[-1], rng.integers(3, (n,), like=like)))
    return torch.stack(x, 1)


def test_a_chain_is_found_again_and_hung_from_its_middle() -> None:
    shuffled = torch.tensor([3, 0, 6, 1, 5, 2, 4])
    state = chain(7)[:, shuffled]
    home, tree = HiddenTree(hidden=4).grown(state, torch.full((7,), 3), rng=Keyed(0))
    column = home[0].argsort()
    assert int(shuffled[column[0]]) == 3
    edges = {frozenset((int(shuffled[column[v]]), int(shuffled[column[tree.parent[v]]]))) for v in range(1, 7)}
    assert edges == {frozenset((a, a + 1)) for a in range(6)}


def test_independent_columns_and_unknown_cells_still_make_a_tree() -> None:
    state = Keyed(0).integers(2, (500, 5), like=torch.zeros(0))
    state[::3, 1] = -1
    home, tree = HiddenTree().grown(state, torch.full((5,), 2), rng=Keyed(0))
    assert sorted(home[0].tolist()) == list(range(5))
    assert int((tree.parent < 0).sum()) == 1


def test_very_many_columns_go_by_their_correlation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("likely.distributions.chow_liu.MOST_PAIRS", 100)
    home, tree = HiddenTree().grown(chain(7), torch.full((7,), 3), rng=Keyed(0))
    column = home[0].argsort()
    edges = {frozenset((int(column[v]), int(column[tree.parent[v]]))) for v in range(1, 7)}
    assert edges == {frozenset((a, a + 1)) for a in range(6)}


def test_a_shallow_one_has_one_node() -> None:
    home, tree = Shallow(components=8).grown(chain(4), torch.full((4,), 3), rng=Keyed(0))
    assert home.tolist() == [[0, 0, 0, 0]]
    assert tree.parent.tolist() == [-1]
    assert (Shallow(components=8).states, HiddenTree(hidden=3).states) == (8, 3)


def test_several_trees_are_learned_from_different_rows() -> None:
    state = Keyed(0).integers(2, (4000, 9), like=torch.zeros(0))
    home, trees = HiddenTree(trees=3).grown(state, torch.full((9,), 2), rng=Keyed(0))
    assert home.shape == (3, 9)
    assert trees.levels()[0] == (0, 3)
    graphs = []
    for own in home:
        column = {int(node): d for d, node in enumerate(own)}
        pairs = [(d, column.get(int(trees.parent[node]))) for node, d in column.items()]
        graphs.append({frozenset(pair) for pair in pairs if pair[1] is not None})
    assert graphs[0] != graphs[1] != graphs[2]
    assert HiddenTree(trees=3).first(9)[0].shape == (3, 9)


@pytest.mark.parametrize(
    "wrong", [lambda: Shallow(components=0), lambda: HiddenTree(hidden=0), lambda: HiddenTree(trees=0)]
)
def test_no_states_are_refused(wrong) -> None:
    with pytest.raises(FieldError, match="cannot be 0"):
        wrong()
