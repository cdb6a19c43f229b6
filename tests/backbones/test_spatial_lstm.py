"""Spatial LSTMs: what their states see, all at once as place by place, and against plain recursions."""

import math

import pytest
import torch

from likely.backbones import Context
from likely.backbones.spatial_lstm import DiagonalBiLSTM, DiagonalLayer, RowLayer, RowLSTM, SpatialLSTM, cell
from tests.pixels import walks_as_the_whole

BOTH = [RowLSTM(), DiagonalBiLSTM()]
SIZES = [(4, 5), (5, 3), (1, 6), (5, 1), (2, 2), (1, 1)]


def trunk(size, recurrence, inputs=2, layers=2, **fields):
    torch.manual_seed(0)
    return SpatialLSTM(inputs, 6, size, recurrence=recurrence, layers=layers, **fields).double()


def seen(network):
    """(places, places): whether the features of the first move with the planes of the second."""
    planes = torch.randn(2, network.inputs, *network.size, dtype=torch.float64)
    places = math.prod(network.size)
    moved = torch.autograd.functional.jacobian(lambda x: network(x).sum(0).sum(0).flatten(), planes)
    return (moved != 0).any(1).any(1).view(places, places)


@pytest.mark.parametrize("recurrence", BOTH, ids=repr)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_features_see_only_what_came_before(size, recurrence):
    assert not seen(trunk(size, recurrence)).triu().any()


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_diagonals_see_what_came_before(size):
    """All but the last place of the row above, where the first window (one column to the right) does not reach it."""
    places = torch.arange(math.prod(size))
    r, c = places // size[1], places % size[1]
    last_above = (c == size[1] - 1) & (r == r[:, None] - 1) & (c > c[:, None] + 1)
    wanted = (places < places[:, None]) & ~last_above
    assert torch.equal(seen(trunk(size, DiagonalBiLSTM(), first=3, layers=1)), wanted)


@pytest.mark.parametrize("told", ["nothing", "summary", "field"])
@pytest.mark.parametrize("recurrence", BOTH, ids=repr)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_place_by_place_is_the_whole_at_once(size, recurrence, told):
    places = 2 if told == "field" else 0
    network = trunk(size, recurrence, summary=0 if told == "nothing" else 4, places=places)
    field = torch.randn(3, 2, *size, dtype=torch.float64) if places else None
    context = None if told == "nothing" else Context(torch.randn(3, 4, dtype=torch.float64), field)
    planes = torch.randn(3, 2, *size, dtype=torch.float64)
    walks_as_the_whole(network, planes, context)


def test_columns_of_a_table_are_read_by_one_lstm():
    network = trunk((1, 4), RowLSTM(), columns=True)
    assert torch.equal(seen(network), torch.arange(4) < torch.arange(4)[:, None])


def test_a_diagonal_layer_is_the_recursion_over_places():
    torch.manual_seed(0)
    layer, x = DiagonalLayer(6, (3, 4), summary=0, places=0).double(), torch.randn(2, 6, 3, 4, dtype=torch.float64)
    nothing = torch.zeros(2, 3, dtype=torch.float64)
    seen = torch.zeros(2, 3, 3, 4, dtype=torch.float64)
    for way, columns in ((0, range(4)), (1, range(3, -1, -1))):
        states, side = {}, 2 * way - 1
        for r in range(3):
            for c in columns:
                beside, above = (
                    states.get((r, c + side), (nothing, nothing)),
                    states.get((r - 1, c), (nothing, nothing)),
                )
                numbers = x[:, :, r, c] @ layer.read[way] + layer.bias[way]
                numbers = numbers + torch.cat([beside[0], above[0]], 1) @ layer.near[way]
                states[r, c] = cell(numbers, beside[1])
                if r + way < 3:
                    seen[:, :, r + way, c] += states[r, c][0]
    expected = x + layer.out(seen.movedim(1, -1)).movedim(-1, 1)
    torch.testing.assert_close(layer(x, None), expected)


def test_a_row_layer_is_the_recursion_over_places():
    torch.manual_seed(0)
    layer, x = RowLayer(4, (3, 4), summary=0, places=0).double(), torch.randn(2, 4, 3, 4, dtype=torch.float64)
    nothing, states = torch.zeros(2, 2, dtype=torch.float64), {}
    for r in range(3):
        for c in range(4):
            above = [states.get((r - 1, c + d), (nothing, nothing)) for d in (-1, 0, 1)]
            left = x[:, :, r, c - 1] if c else torch.zeros(2, 4, dtype=torch.float64)
            numbers = torch.cat([left, x[:, :, r, c]], 1) @ layer.read + layer.bias
            numbers = numbers + torch.cat([state for state, _ in above], 1) @ layer.above
            states[r, c] = cell(numbers, above[1][1])
            expected = x[:, :, r, c] + layer.out(states[r, c][0])
            torch.testing.assert_close(layer(x, None)[:, :, r, c], expected)


def test_a_cell_is_torch_s_lstm():
    torch.manual_seed(0)
    plain, numbers = torch.nn.LSTMCell(3, 4).double(), torch.randn(5, 3, dtype=torch.float64)
    h, c = torch.randn(2, 5, 4, dtype=torch.float64)
    i, f, g, o = (numbers @ plain.weight_ih.T + plain.bias_ih + h @ plain.weight_hh.T + plain.bias_hh).chunk(4, 1)
    for ours, theirs in zip(cell(torch.cat([i, f, o, g], 1), c), plain(numbers, (h, c)), strict=True):
        torch.testing.assert_close(ours, theirs)
