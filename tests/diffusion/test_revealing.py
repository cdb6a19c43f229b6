"""Revealing: one cell at a time is the mixture of all orders; steps are kept; the surest come first."""

from itertools import permutations, product

import pytest
import torch

from likely.backbones.bidirectional import Bidirectional
from likely.diffusion.conjecture import conjecture
from likely.diffusion.hiding import Cosine, Linear, in_order
from likely.diffusion.revealing import ByChance, Surest, Walk, revealed
from likely.errors import FieldError
from likely.rng import Keyed
from likely.spaces import Category, Tokens, Vector

SMALL = Vector((Category(2), Category(3, missing=True), Category(2)))
ROWS = torch.tensor([*product((0.0, 1.0), (0.0, 1.0, 2.0, torch.nan), (0.0, 1.0))], dtype=torch.float64)


def made(space=SMALL):
    torch.manual_seed(0)
    found = conjecture(space, None, Bidirectional(width=16, layers=2, heads=2), components=2, bins=8).double().eval()
    with torch.no_grad():
        for parameter in found.parameters():
            parameter.add_(0.4 * torch.randn_like(parameter))
    return found


def mixture(found, rows):
    cells = found.cells(rows)
    every = torch.ones_like(cells, dtype=torch.bool)
    ranks = [torch.tensor(rank).expand(len(rows), -1) for rank in permutations(range(found.places))]
    with torch.no_grad():
        told = [in_order(lambda seen: found.ask(cells, seen, None).log_prob(cells), rank, every) for rank in ranks]
    return torch.stack(told).exp().mean(0)


def drawn(found, n, walk, seed=0):
    nothing = found.nothing(n)
    return revealed(found, nothing, torch.zeros_like(nothing, dtype=torch.bool), None, walk, rng=Keyed(seed))


def as_often(cells, rows, masses):
    seen = (cells.nan_to_num(-1.0)[:, None] == rows.nan_to_num(-1.0)).all(2).double().mean(0)
    assert ((seen - masses).abs() < 5 * (masses / len(cells)).sqrt() + 1e-3).all()


@pytest.mark.parametrize("steps", [None, 3, 8])
def test_one_at_a_time_is_the_mixture_of_all_orders(steps):
    found = made()
    masses = mixture(found, ROWS)
    torch.testing.assert_close(masses.sum(), torch.ones((), dtype=torch.float64))
    as_often(drawn(found, 6000, Walk(Linear(), ByChance(), steps)), ROWS, masses)


def test_texts_are_the_mixture_too():
    found = made(Tokens(2, 3))
    texts = torch.tensor([[*row, *[-1] * (3 - len(row))] for k in range(4) for row in product((0, 1), repeat=k)])
    masses = mixture(found, texts)
    torch.testing.assert_close(masses.sum(), torch.ones((), dtype=torch.float64))
    as_often(found.whole(drawn(found, 6000, Walk(Linear(), ByChance())), rng=Keyed(0)), texts, masses)


def test_all_at_once_are_independent():
    found = made()
    with torch.no_grad():
        alone = found.ask(ROWS, torch.zeros_like(ROWS, dtype=torch.bool), None).log_prob(ROWS).sum(1).exp()
    as_often(drawn(found, 6000, Walk(Linear(), ByChance(), 1)), ROWS, alone)


@pytest.mark.parametrize("hiding", [Linear(), Cosine()], ids=repr)
def test_so_many_looks_reveal_all_and_each_some(hiding):
    hidden = torch.tensor([0, 1, 3, 4, 5, 17, 100])
    for steps in (1, 4, 7):
        walk = Walk(hiding, ByChance(), steps)
        left = torch.stack([walk.left(hidden, look) for look in range(steps + 1)])
        assert torch.equal(left[0], hidden)
        assert (left[-1] == 0).all()
        moved = -left.diff(dim=0)
        assert ((moved > 0) | (left[:-1] == 0)).all()
        assert (moved[:, hidden <= steps] <= 1).all()


def test_known_cells_stay_and_hidden_ones_follow_them():
    found = made()
    x = ROWS.repeat(400, 1)
    known = torch.tensor([True, False, True]).expand(len(x), -1)
    cells = revealed(found, x, known, None, Walk(Linear(), ByChance(), present=True), rng=Keyed(0))
    assert torch.equal(cells[known], x[known])
    assert not cells.isnan().any()
    with torch.no_grad():
        log_p = found.ask(ROWS, known[: len(ROWS)], None, present=True).log_prob(ROWS)[:, 1]
    del log_p
    given = (x[:, 0] == 0) & (x[:, 2] == 1)
    with torch.no_grad():
        some = torch.tensor([[0.0, code, 1.0] for code in range(3)], dtype=torch.float64)
        p = found.ask(some, known[:3], None).log_prob(some)[:, 1].softmax(0)
    seen = torch.stack([(cells[given, 1] == code).double().mean() for code in range(3)])
    assert ((seen - p).abs() < 5 * (p / given.sum()).sqrt()).all()


def test_the_surest_come_first():
    found = made()
    asked = found.ask(ROWS, torch.zeros_like(ROWS, dtype=torch.bool), None)
    level = torch.full_like(ROWS, 0.5)
    with torch.no_grad():
        turn = Surest(0.0).turn(asked, ROWS, level)
        torch.testing.assert_close(turn, -asked.log_prob(ROWS))
    cells = drawn(found, 50, Walk(Linear(), Surest(0.5)))
    assert ((cells.nan_to_num(-1.0)[:, None] == ROWS.nan_to_num(-1.0)).all(2).sum(1) == 1).all()
    with pytest.raises(FieldError, match="noise"):
        Surest(-1.0)


def test_a_row_is_drawn_alike_in_any_blocks(monkeypatch):
    found = made()
    whole = drawn(found, 9, Walk(Linear(), ByChance()))
    monkeypatch.setattr("likely.diffusion.revealing.TOGETHER", 2)
    assert torch.equal(drawn(found, 9, Walk(Linear(), ByChance())).nan_to_num(-1.0), whole.nan_to_num(-1.0))
    assert drawn(found, 0, Walk(Linear(), ByChance())).shape == (0, 3)
