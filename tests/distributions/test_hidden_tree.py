"""Hidden trees: every sum against all hidden values written out, gradients against differences, draws, the layout."""

import itertools

import pytest
import torch
from torch import Tensor

from likely.distributions.hidden_tree import (
    Laws,
    Trees,
    draw,
    inverted,
    laid_out,
    likeliest,
    log_sum,
    scattered,
    upward,
)
from likely.rng import Keyed

PARENTS = ([-1], [-1, 0], [-1, 0, 0, 1, 2, 2], [-1, 0, 1, 2, 3], [-1, -1], [-1, -1, 0, 1, 1, 2])


def case(parents: list[int], hidden: int = 3, rows: int = 4) -> tuple[Tensor, Laws, Trees]:
    like, n = torch.zeros(0, dtype=torch.float64), len(parents)
    rng = Keyed(0)
    own = 2 * rng.normal((n * rows, hidden), like=like).view(n, rows, hidden)
    first = parents.count(-1)
    edge = rng.uniform(((n - first) * hidden, hidden), like=like).view(n - first, hidden, hidden)
    root = rng.uniform((first, hidden), like=like)
    return own, Laws(root / root.sum(), edge / edge.sum(2, keepdim=True)), Trees(torch.tensor(parents))


def joint(own: Tensor, laws: Laws, trees: Trees) -> dict[tuple[int, ...], Tensor]:
    """p(t, z, e) (B,) of every tree and every z of its nodes (-1 of other trees' nodes), written out."""
    told, (n, _, hidden), first = {}, own.shape, len(laws.root)
    for t in range(first):
        mine = trees.roots() == t
        for z in itertools.product(*(range(hidden) if mine[v] else [-1] for v in range(n))):
            log = own[t, :, z[t]] + laws.root[t, z[t]].log()
            for v in range(first, n):
                if mine[v]:
                    log = log + own[v, :, z[v]] + laws.edge[v - first, z[trees.parent[v]], z[v]].log()
            told[z] = log.exp()
    return told


@pytest.mark.parametrize("parents", PARENTS)
def test_the_sum_is_the_sum_over_all_hidden_values(parents: list[int]) -> None:
    own, laws, tree = case(parents)
    wanted = torch.stack([*joint(own, laws, tree).values()]).sum(0).log()
    torch.testing.assert_close(log_sum(own, laws, tree), wanted)


@pytest.mark.parametrize("parents", PARENTS)
def test_the_way_back_is_the_gradient(parents: list[int]) -> None:
    own, laws, tree = case(parents, rows=2)
    given = [each.clone().requires_grad_() for each in (own, laws.root, laws.edge)]
    assert torch.autograd.gradcheck(lambda own, root, edge: log_sum(own, Laws(root, edge), tree), given)


@pytest.mark.parametrize("parents", PARENTS)
def test_the_gradient_is_the_posterior(parents: list[int]) -> None:
    own, laws, tree = case(parents)
    own.requires_grad_()
    (found,) = torch.autograd.grad(log_sum(own, laws, tree).sum(), own)
    told = joint(own.detach(), laws, tree)
    whole = torch.stack([*told.values()]).sum(0)
    for v in range(len(parents)):
        for state in range(3):
            wanted = torch.stack([p for z, p in told.items() if z[v] == state]).sum(0) / whole
            torch.testing.assert_close(found[v, :, state], wanted)


@pytest.mark.parametrize("parents", [PARENTS[2], PARENTS[5]])
def test_draws_come_as_often_as_they_are_probable(parents: list[int]) -> None:
    own, laws, tree = case(parents, rows=1)
    n = 40_000
    level = Keyed(1).uniform((n, 7), like=own).T
    which, z = draw(upward(own.expand(-1, n, -1), laws, tree), laws, tree, level)
    z = torch.where(tree.roots()[:, None] == which, z, -1)
    told = joint(own, laws, tree)
    whole = sum(told.values())
    likely = sorted(told, key=lambda z: -float(told[z]))[:20]
    for each in likely:
        p = float(told[each] / whole)
        seen = float((z == torch.tensor(each)[:, None]).all(0).double().mean())
        assert abs(seen - p) < 5 * (p * (1 - p) / n) ** 0.5 + 1e-4


@pytest.mark.parametrize("parents", PARENTS)
def test_the_likeliest_is_the_largest_term(parents: list[int]) -> None:
    own, laws, tree = case(parents)
    told, (which, found) = joint(own, laws, tree), likeliest(own, laws, tree)
    found = torch.where(tree.roots()[:, None] == which, found, -1)
    for row in range(own.shape[1]):
        best = max(told, key=lambda z: float(told[z][row]))
        assert tuple(found[:, row].tolist()) == best


def test_numbers_far_apart_neither_overflow_nor_vanish() -> None:
    own, laws, tree = case(PARENTS[2])
    torch.testing.assert_close(log_sum(own + 5000, laws, tree) - 30_000, log_sum(own, laws, tree))
    torch.testing.assert_close(log_sum(own - 5000, laws, tree) + 30_000, log_sum(own, laws, tree))
    single = log_sum((200 * own).float(), Laws(*(each.float() for each in laws)), tree)
    torch.testing.assert_close(single.double(), log_sum(200 * own, laws, tree), rtol=1e-5, atol=1e-3)
    none = own.clone()
    none[3] = -torch.inf
    assert (log_sum(none, laws, tree) < -1e29).all()


def test_a_forest_is_hung_from_its_middle_level_by_level() -> None:
    chain = torch.tensor([1, 2, 3, 4, -1, -1])  # 0 - 1 - 2 - 3 - 4, and 5 apart
    home, trees = laid_out([chain])
    column = home[0].argsort().tolist()
    assert column[0] == 2
    assert trees.levels() == [(0, 1), (1, 4), (4, 6)]
    edges = {frozenset((column[child], column[parent])) for child, parent in enumerate(trees.parent.tolist()) if child}
    assert edges == {frozenset(pair) for pair in ((0, 1), (1, 2), (2, 3), (3, 4), (2, 5))}
    assert laid_out([torch.tensor([-1])])[1].levels() == [(0, 1)]


def test_levels_of_several_trees_hold_every_node_once_behind_its_parent() -> None:
    several = []
    for seed in range(3):
        above = (Keyed(seed).uniform((30,), like=torch.zeros(0)) * torch.arange(1, 31)).long()
        several.append(torch.cat([torch.tensor([-1]), above]))
    home, trees = laid_out(several)
    assert sorted(home.flatten().tolist()) == list(range(93))
    spans = trees.levels()
    assert spans[0] == (0, 3)
    assert [start for start, _ in spans[1:]] == [end for _, end in spans[:-1]]
    assert spans[-1][1] == 93
    depth = {node: at for at, (start, end) in enumerate(spans) for node in range(start, end)}
    assert all(depth[child] == depth[int(trees.parent[child])] + 1 for child in range(3, 93))
    assert (trees.parent.diff() >= 0).all()
    tree = home.flatten().argsort() // 31
    assert torch.equal(trees.roots(), tree)


def test_inversion_takes_each_entry_for_its_share() -> None:
    weights = torch.tensor([[1.0, 0.0, 3.0]]).expand(4, -1)
    assert inverted(weights, torch.tensor([0.1, 0.24, 0.26, 0.999])).tolist() == [0, 0, 2, 2]


def test_first_edges_mostly_keep_the_parent_s_state() -> None:
    law = scattered(5, 3, 0.9, like=torch.zeros(0, dtype=torch.float64), rng=Keyed(0))
    torch.testing.assert_close(law.sum(2), torch.ones(3, 5, dtype=torch.float64))
    assert float(law.diagonal(dim1=1, dim2=2).min()) >= 0.9
