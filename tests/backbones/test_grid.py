import pytest
import torch

from likely.backbones import MLP, Conv
from likely.backbones.grid import Mapped, Slotted, coder
from likely.spaces import Image, Tokens, label


def built(space, condition=None, *, side=8, network=None, outputs=None):
    torch.manual_seed(0)
    wide = outputs or (2, *space.shape)
    return coder(space, wide, width=3, slots=5, side=side, condition=condition, network=network)


@pytest.mark.parametrize(("size", "side", "grid"), [
    ((28, 28), 8, (7, 7)), ((32, 20), 8, (8, 5)), ((8, 8), 8, (4, 4)), ((8, 8), 2, (2, 2)), ((4, 4), 8, (2, 2)),
    ((1, 1), 8, (1, 1)), ((1, 7), 8, (1, 4)), ((28, 28), 1, (1, 1)),
])  # fmt: skip
def test_a_grid_has_at_most_so_many_places_and_half_the_pixels(size, side, grid):
    made = built(Image(1, *size, 4), side=side, network=Conv(width=4))
    assert isinstance(made, Mapped)
    assert made.grid == grid
    assert made.encode(torch.zeros(2, 1, *size)).shape == (2, made.places, 3) == (2, grid[0] * grid[1], 3)
    assert made.decode(torch.zeros(2, made.places, 3)).shape == (2, 2, 1, *size)


CONDITIONS = [None, label(4), Image(1, 5, 5, 2), Tokens(6, 3)]


@pytest.mark.parametrize("condition", CONDITIONS, ids=repr)
@pytest.mark.parametrize("network", [MLP(width=8), Conv(width=4)], ids=repr)
def test_pictures_there_and_back(keeps_the_rules, cells, network, condition):
    space = Image(1, 8, 8, 17)
    made = built(space, condition, network=network)
    x, c = cells(space), None if condition is None else cells(condition)

    def both(x, c=None):
        return made.decode(made.encode(x), c)

    made.forward = both
    keeps_the_rules(made, x, c)


def test_every_space_has_slots(space, cells):
    made = built(space, outputs=(4,), network=None if isinstance(space, Tokens) else MLP(width=8))
    assert isinstance(made, Slotted)
    assert made.grid is None
    z = made.encode(cells(space))
    assert z.shape == (4, 5, 3)
    assert made.decode(z).shape == (4, 4)


def test_what_stands_where_stays_there():
    """A change in one corner of a picture moves the vectors near that corner."""
    space = Image(1, 32, 32, None)
    made = built(space, network=Conv(width=4, normalised=False), side=4)
    x = torch.zeros(1, 1, 32, 32)
    y = x.clone()
    y[:, :, :8, :8] = 1
    moved = (made.encode(y) - made.encode(x)).square().sum(2).view(4, 4)
    assert moved[:2, :2].sum() > 0.99 * moved.sum()
