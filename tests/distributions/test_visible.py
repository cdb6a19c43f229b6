"""The visible side of a Boltzmann machine: its law given a push, against sums and integrals."""

import math

import pytest
import torch

from likely.distributions.visible import Visible
from likely.errors import CannotAnswer
from likely.rng import Keyed
from likely.spaces import Category, Count, Real, Vector

NAN = float("nan")


def made(space, x):
    visible = Visible(space, 8).double().requires_grad_(False)
    visible.prepare(x)
    return visible


def test_the_mass_of_choices_is_the_sum_over_all_rows():
    space = Vector((Category(3), Category(2)))
    x = torch.tensor([[0.0, 1.0], [2.0, 0.0], [1.0, 1.0]], dtype=torch.float64)
    visible = made(space, x)
    push = torch.randn(1, visible.width, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rows = visible.every()
    assert len(rows) == visible.listed == 6
    phi = visible.features(rows)
    each = visible.log_base(rows, phi) + phi @ push[0]
    torch.testing.assert_close(visible.log_mass(push)[0], each.logsumexp(0))
    drawn = visible.draw(push.expand(20_000, -1), rng=Keyed(0))
    share = torch.stack([(drawn == row).all(1).double().mean() for row in rows])
    assert (share - each.softmax(0)).abs().max() < 0.015


def test_the_mass_of_a_real_is_its_integral():
    space = Vector((Real(),))
    x = 2 * torch.randn(50, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 1
    visible = made(space, x)
    grid = torch.linspace(-40, 40, 20_001, dtype=torch.float64)[:, None]
    rows = visible.rows(grid)
    phi, push = visible.features(rows), torch.tensor([[0.7]], dtype=torch.float64)
    mass = (visible.log_base(rows, phi) + phi @ push[0]).exp().sum() * 80 / 20_000
    assert abs(math.log(float(mass)) - float(visible.log_mass(push))) < 1e-6
    drawn = visible.draw(push.expand(20_000, -1), rng=Keyed(1))[:, -1]
    assert abs(float(drawn.mean()) - float(visible.mean + 0.7 * visible.log_scale.exp())) < 0.06


def test_cells_of_every_kind_come_back():
    space = Vector((Real(atoms=(0.0,), missing=True), Category(3), Count()))
    x = torch.tensor([[0.0, 1.0, 3.0], [NAN, 2.0, 0.0], [1.5, 0.0, 1.0], [2.5, 0.0, 2.0]], dtype=torch.float64)
    visible = made(space, x)
    again = visible.whole(visible.rows(x), rng=Keyed(0))
    torch.testing.assert_close(again[:, :2], x[:, :2], equal_nan=True)
    assert (visible.within(x) <= 0).all()


def test_a_cell_missing_at_random_is_refused():
    visible = made(Vector((Category(2), Category(2))), torch.zeros(2, 2, dtype=torch.float64))
    with pytest.raises(CannotAnswer, match="every cell"):
        visible.rows(torch.tensor([[NAN, 1.0]], dtype=torch.float64))
