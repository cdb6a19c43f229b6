"""Hidden trees: every sum against all hidden values written out, gradients against differences, draws, the layout."""

import itertools

import pytest
import torch
from torch import Tensor

from likely.distributions.hidden_tree import Laws, Tree, draw, inverted, laid_out, likeliest, log_sum, scattered, upward
from likely.rng import Keyed

PARENTS = ([-1], [-1, 0], [-1, 0, 0, 1, 2, 2], [-1, 0, 1, 2, 3])


def case(parents: list[int], hidden: int = 3, rows: int = 4) -> tuple[Tensor, Laws, Tree]:
    like, n = torch.zeros(0, dtype=torch.float64), len(parents)
    rng = Keyed(0)
    own = 2 * rng.normal((n * rows, hidden), like=like).view(n, rows, hidden)
    edge = rng.uniform(((n - 1) * hidden, hidden), like=like).view(n - 1, hidden, hidden)
    root = rng.uniform((hidden,), like=like)
    return own, Laws(root / root.sum(), edge / edge.sum(2, keepdim=True)), Tree(torch.tensor(parents))


def joint(own: Tensor, laws: Laws, tree: Tree) -> dict[tuple[int, ...], Tensor]:
    """p(z, e) (B,) of every z, written out."""
    told, (n, _, hidden) = {}, own.shape
    for z in itertools.product(range(hidden), repeat=n):
        log = own[0, :, z[0]] + laws.root[z[0]].log()
        for v in range(1, n):
            log = log + own[v, :, z[v]] + laws.edge[v - 1, z[tree.parent[v]], z[v]].log()
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


def test_draws_come_as_often_as_they_are_probable() -> None:
    own, laws, tree = case(PARENTS[2], rows=1)
    n = 40_000
    level = Keyed(1).uniform((n, 6), like=own).T
    z = draw(upward(own, laws, tree).u.expand(-1, n, -1), laws, tree, level)
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
    told, found = joint(own, laws, tree), likeliest(own, laws, tree)
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
    order, tree = laid_out(chain)
    assert order[0] == 2
    assert sorted(order) == list(range(6))
    assert tree.levels() == [(0, 1), (1, 4), (4, 6)]
    edges = {frozenset((order[child], order[parent])) for child, parent in enumerate(tree.parent.tolist()) if child}
    assert edges == {frozenset(pair) for pair in ((0, 1), (1, 2), (2, 3), (3, 4), (2, 5))}
    assert laid_out(torch.tensor([-1]))[1].levels() == [(0, 1)]


def test_levels_hold_every_node_once_behind_its_parent() -> None:
    parents = torch.tensor([-1, *(Keyed(0).uniform((60,), like=torch.zeros(0)) * torch.arange(1, 61)).long().tolist()])
    order, tree = laid_out(parents)
    spans = tree.levels()
    assert [start for start, _ in spans[1:]] == [end for _, end in spans[:-1]]
    assert spans[-1][1] == 61
    depth = {node: at for at, (start, end) in enumerate(spans) for node in range(start, end)}
    assert all(depth[child] == depth[int(tree.parent[child])] + 1 for child in range(1, 61))
    assert sorted(order) == list(range(61))


def test_inversion_takes_each_entry_for_its_share() -> None:
    weights = torch.tensor([[1.0, 0.0, 3.0]]).expand(4, -1)
    assert inverted(weights, torch.tensor([0.1, 0.24, 0.26, 0.999])).tolist() == [0, 0, 2, 2]


def test_first_edges_mostly_keep_the_parent_s_state() -> None:
    law = scattered(5, 3, 0.9, like=torch.zeros(0, dtype=torch.float64), rng=Keyed(0))
    torch.testing.assert_close(law.sum(2), torch.ones(3, 5, dtype=torch.float64))
    assert float(law.diagonal(dim1=1, dim2=2).min()) >= 0.9
