"""Elimination against sums over every joint state, on trees and on a graph with loops; draws against enumeration."""

import itertools

import pytest
import torch

from likely.distributions.elimination import Factor, drawn, eliminated, inverted, smallest_first

SIZES = [2, 3, 2, 4]
TREE, LOOP = [(0, 1), (0, 2), (2, 3)], [(0, 1), (1, 2, 3), (0, 3)]


def factors_of(scopes, order, batch: int = 1) -> list[Factor]:
    place = {d: at for at, d in enumerate(order)}
    generator = torch.Generator().manual_seed(0)
    told = []
    for scope in scopes:
        scope = tuple(sorted(scope, key=place.__getitem__, reverse=True))
        shape = (batch, *(SIZES[d] for d in scope))
        told.append(Factor(scope, torch.randn(shape, generator=generator, dtype=torch.float64)))
    return told


def brute(factors: list[Factor], own: list[torch.Tensor]) -> torch.Tensor:
    """log of every joint state's product: (B, states)."""
    terms = []
    for state in itertools.product(*map(range, SIZES)):
        term = sum(own[d][:, z] for d, z in enumerate(state))
        terms.append(term + sum(f.log[(slice(None), *(state[d] for d in f.scope))] for f in factors))
    return torch.stack(terms, 1)


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize("scopes", [TREE, LOOP])
def test_the_sum_is_that_over_all_states(scopes, batch) -> None:
    order = smallest_first(scopes, SIZES)[0]
    factors = factors_of(scopes, order, batch)
    own = [torch.randn(5, size, dtype=torch.float64, generator=torch.Generator().manual_seed(size)) for size in SIZES]
    own[1][:, 0] = -torch.inf  # evidence
    total, buckets = eliminated(factors, own, order)
    torch.testing.assert_close(total, brute(factors, own).logsumexp(1))
    assert [bucket.variable for bucket in buckets] == order


@pytest.mark.parametrize("scopes", [TREE, LOOP])
def test_draws_come_as_often_as_they_are_likely(scopes) -> None:
    order, n = smallest_first(scopes, SIZES)[0], 40_000
    factors, own = factors_of(scopes, order), [torch.zeros(n, size, dtype=torch.float64) for size in SIZES]
    level = torch.rand(n, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    state = drawn(eliminated(factors, own, order)[1], level)
    place = torch.tensor([24, 8, 4, 1])
    seen = torch.bincount((state * place).sum(1), minlength=48).double() / n
    wanted = brute(factors, [part[:1] for part in own]).softmax(1)[0]
    assert float((seen - wanted).abs().max()) < 0.01


def test_impossible_evidence_is_minus_infinity_and_draws_anything() -> None:
    own = [torch.full((2, size), -torch.inf, dtype=torch.float64) for size in SIZES]
    total, buckets = eliminated(factors_of(TREE, [3, 2, 1, 0]), own, [3, 2, 1, 0])
    assert total.tolist() == [-torch.inf] * 2
    assert drawn(buckets, torch.full((2, 4), 0.5, dtype=torch.float64)).shape == (2, 4)
    assert inverted(torch.tensor([[0.0, -torch.inf]]), torch.tensor([0.999])).tolist() == [0]


def test_an_order_keeps_tables_small() -> None:
    star = [(0, d) for d in range(1, 6)]
    order, largest = smallest_first(star, [10, 2, 2, 2, 2, 2])
    assert largest == 20
    assert order.index(0) >= 4
