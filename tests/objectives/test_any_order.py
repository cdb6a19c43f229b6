"""Cells in any order: every order is a law, what is known comes first, draws are those of a plain loop."""

from itertools import permutations, product

import torch

from likely.backbones.causal import Causal
from likely.backbones.cells import Cells
from likely.contracts import Sharpness
from likely.distributions import PLAIN
from likely.distributions.columnwise import Dealt, Draw, columnwise
from likely.objectives import InAnyOrder
from likely.objectives.any_order import first
from likely.rng import Keyed
from likely.spaces import Category, Real, Vector

SMALL = Vector((Category(2), Category(3, missing=True), Category(2)))
MIXED = Vector((Real(), Category(3), Real(atoms=(0.0,), missing=True)))


def made(space) -> InAnyOrder:
    torch.manual_seed(0)
    columns = columnwise(space, components=2)
    network = Causal(16, 2, 2, window=3, rotary=False)
    chain = InAnyOrder(columns, Cells(3, columns.reads, columns.says, network, None)).double()
    with torch.no_grad():
        chain.network.says.weight.mul_(20)
    return chain


def everything() -> torch.Tensor:
    return torch.tensor([*product((0.0, 1.0), (0.0, 1.0, 2.0, torch.nan), (0.0, 1.0))], dtype=torch.float64)


def test_masses_add_up_to_one_in_every_order():
    chain, x = made(SMALL), everything()
    for order in permutations(range(3)):
        told = chain(x, torch.tensor(order).expand(len(x), -1)).sum(1)
        torch.testing.assert_close(told.exp().sum(), torch.ones((), dtype=torch.float64))


def test_what_is_known_is_the_sum_over_what_is_not():
    chain, x = made(SMALL), everything()
    for known in product((False, True), repeat=3):
        mask = torch.tensor(known).expand(len(x), -1)
        whole = chain(x, first(mask)).sum(1).exp()
        same = ((x[:, None] == x) | (x[:, None].isnan() & x.isnan()) | ~torch.tensor(known)).all(2)
        torch.testing.assert_close(chain.log_prob(x, mask, None).exp(), (same * whole).sum(1))


def test_draws_are_those_of_a_plain_loop():
    for sharpness in (PLAIN, Sharpness(0.5)):
        chain = made(MIXED)
        x = torch.tensor([[0.3, 1.0, 0.0], [-1.0, 2.0, torch.nan], [2.0, 0.0, 0.7]], dtype=torch.float64).repeat(4, 1)
        known = Keyed(2).uniform(x.shape, like=x) < 0.4
        levels = Keyed(3).uniform((*x.shape, 3), like=x)
        fast = chain.drawn(x, known, None, Draw(chain.columns, levels, sharpness))
        for row in range(len(x)):
            cells, order = x[row : row + 1].masked_fill(~known[row], torch.nan), first(known[row : row + 1])
            for d in order[0].tolist():
                if not known[row, d]:
                    numbers = chain.network(chain.columns.read(cells), order)
                    own = [at for at, of in enumerate(chain.columns.says) if of == d]
                    noise = Dealt(levels[row : row + 1, d])
                    cells[0, d] = chain.columns.draw(d, numbers[:, own], rng=noise, sharpness=sharpness)[0]
            torch.testing.assert_close(fast[row], cells[0], equal_nan=True)


def test_rows_are_drawn_alike_in_any_blocks(monkeypatch):
    chain, x = made(MIXED), torch.zeros(5, 3, dtype=torch.float64)
    known, levels = torch.zeros_like(x, dtype=torch.bool), Keyed(3).uniform((5, 3, 3), like=x)
    draw = Draw(chain.columns, levels, PLAIN)
    whole = chain.drawn(x, known, None, draw)
    monkeypatch.setattr("likely.objectives.any_order.TOGETHER", 2)
    torch.testing.assert_close(chain.drawn(x, known, None, draw), whole, equal_nan=True)
    assert chain.drawn(x[:0], known[:0], None, draw).shape == (0, 3)


def test_what_is_known_comes_first():
    known = torch.tensor([[False, True, False, True], [True, True, True, True]])
    assert first(known).tolist() == [[1, 3, 0, 2], [0, 1, 2, 3]]
