"""Hiding: the bound is log p where conditionals are exact, and the mean over orders where they are not."""

from itertools import permutations, product

import pytest
import torch

from likely.diffusion.hiding import Cosine, Linear, hidden, hidden_bound, hidden_loss, in_order, ranks
from likely.rng import Keyed

SIZES = (2, 3, 2)
ROWS = torch.tensor([*product(*map(range, SIZES))])
ONE = torch.ones((), dtype=torch.float64)


def law(seed: int = 0) -> torch.Tensor:
    """A joint law of three choices."""
    return (1.5 * Keyed(seed).normal(SIZES, like=ONE)).flatten().softmax(0).view(SIZES)


def exact(p: torch.Tensor, rows: torch.Tensor):
    """log p of every cell given the seen ones."""

    def told(seen: torch.Tensor) -> torch.Tensor:
        agree = (~seen[:, None] | (rows[:, None] == ROWS)).all(2).double() * p.flatten()  # (B, all rows)
        return torch.stack(
            [(agree * (rows[:, None, d] == ROWS[:, d])).sum(1) / agree.sum(1) for d in range(3)], 1
        ).log()

    return told


def spoilt(p: torch.Tensor, rows: torch.Tensor):
    """Conditionals of no joint law: each a power of the exact one, by how much is seen."""

    def told(seen: torch.Tensor) -> torch.Tensor:
        powers = []
        for d, size in enumerate(SIZES):
            every = []
            for code in range(size):
                other = rows.clone()
                other[:, d] = code
                every.append(exact(p, other)(seen & (torch.arange(3) != d))[:, d])
            own = torch.stack(every, 1) * (0.5 + 0.4 * seen.sum(1, keepdim=True))
            powers.append(own.log_softmax(1).gather(1, rows[:, d : d + 1])[:, 0])
        return torch.stack(powers, 1)

    return told


def orders(told, rows: torch.Tensor) -> torch.Tensor:
    """(orders, B): log p by the chain rule in every order."""
    asked = torch.ones(len(rows), 3, dtype=torch.bool)
    return torch.stack(
        [in_order(told, torch.tensor(rank).expand(len(rows), -1), asked) for rank in permutations(range(3))]
    )


@pytest.mark.parametrize("hiding", [Linear(), Cosine()], ids=repr)
def test_with_exact_conditionals_the_bound_is_log_p(hiding):
    p = law()
    rows = ROWS.repeat(3000, 1)
    there = torch.ones_like(rows, dtype=torch.bool)
    told = hidden_bound(exact(p, rows), there, hiding=hiding, draws=3, rng=Keyed(0)).view(3000, -1)
    off = (told.mean(0) - p.flatten().log()) / (told.std(0) / 3000**0.5)
    assert off.abs().max() < 4


@pytest.mark.parametrize("hiding", [Linear(), Cosine()], ids=repr)
def test_else_it_is_the_mean_over_orders_which_is_below_their_mixture(hiding):
    p = law()
    several = orders(spoilt(p, ROWS), ROWS)
    rows = ROWS.repeat(3000, 1)
    there = torch.ones_like(rows, dtype=torch.bool)
    told = hidden_bound(spoilt(p, rows), there, hiding=hiding, draws=2, rng=Keyed(1)).view(3000, -1)
    off = (told.mean(0) - several.mean(0)) / (told.std(0) / 3000**0.5)
    assert off.abs().max() < 4
    mixture = several.exp().mean(0)
    torch.testing.assert_close(mixture.sum(), ONE)
    assert (several.mean(0) < mixture.log() - 1e-3).any()
    assert (several.mean(0) <= mixture.log() + 1e-12).all()


def test_every_set_of_hidden_cells_by_hand():
    """(3), all sets of k cells counted one by one, is the mean over orders."""
    told = spoilt(law(), ROWS)
    total = torch.zeros(len(ROWS), dtype=torch.float64)
    for k in (1, 2, 3):
        sets = [hid for hid in product((False, True), repeat=3) if sum(hid) == k]
        for hid in sets:
            cells = torch.tensor(hid).expand(len(ROWS), -1)
            total += torch.where(cells, told(~cells), 0.0).sum(1) / k / len(sets)
    torch.testing.assert_close(total, orders(told, ROWS).mean(0))


def test_the_integral_over_time_is_the_sum_over_numbers():
    """(2) by quadrature, each cell hidden on its own."""
    told, total, steps = spoilt(law(), ROWS), torch.zeros(len(ROWS), dtype=torch.float64), 400
    for hid in product((False, True), repeat=3):
        k, cells = sum(hid), torch.tensor(hid).expand(len(ROWS), -1)
        m = (torch.arange(steps, dtype=torch.float64) + 0.5) / steps
        often = (m ** (k - 1) * (1 - m) ** (3 - k)).mean() if k else 0.0  # over m, whose density is 1
        total += often * torch.where(cells, told(~cells), 0.0).sum(1)
    torch.testing.assert_close(total, orders(told, ROWS).mean(0), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("hiding", [Linear(), Cosine()], ids=repr)
def test_each_number_of_hidden_cells_counts_as_it_should(hiding):
    """The weights of a fine grid of levels add up to 1 / k for every k, whatever number of cells is there."""
    for cells in (1, 2, 7):
        level = (torch.arange(20000, dtype=torch.float64) + 0.5) / 20000
        there = (torch.arange(9) < cells).expand(len(level), -1)
        now = hidden(hiding, there, level, rng=Keyed(0))
        assert not (now.cells & ~there).any()
        k = now.cells.sum(1)
        for number in range(1, cells + 1):
            torch.testing.assert_close(now.weight[k == number].sum() / 20000, ONE / number, rtol=2e-3, atol=0)


@pytest.mark.parametrize("hiding", [Linear(), Cosine()], ids=repr)
def test_times_and_shares_are_inverse(hiding):
    t = torch.linspace(0, 1, 11, dtype=torch.float64)
    torch.testing.assert_close(hiding.time(hiding.share(t)), t)
    assert (hiding.share(t).diff() > 0).all()


def test_what_is_not_there_is_never_hidden_and_never_seen():
    p, rows = law(), ROWS.repeat(2000, 1)
    there = torch.tensor([True, False, True]).expand(len(rows), -1)
    marginal = p.sum(1)[ROWS[:, 0], ROWS[:, 2]].log()
    told = hidden_bound(exact(p, rows), there, hiding=Linear(), draws=2, rng=Keyed(0)).view(2000, -1)
    off = (told.mean(0) - marginal) / (told.std(0) / 2000**0.5)
    assert off.abs().max() < 4
    nothing = torch.zeros_like(there)
    assert (hidden_bound(exact(p, rows), nothing, hiding=Linear(), draws=2, rng=Keyed(0)) == 0).all()


def test_the_loss_is_minus_the_bound():
    p, rows = law(), ROWS.repeat(2000, 1)
    there = torch.ones_like(rows, dtype=torch.bool)
    loss = hidden_loss(exact(p, rows), there, hiding=Linear(), rng=Keyed(3))
    torch.testing.assert_close(loss, -p.log().mean(), rtol=0.01, atol=0.01)


def test_ranks():
    assert ranks(torch.tensor([[0.3, 0.1, 0.2]])).tolist() == [[2, 0, 1]]
