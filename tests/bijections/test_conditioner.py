import pytest
import torch

from likely.bijections import Convolutional, Dense, Residual
from likely.bijections.conditioner import summary


def test_dense_lays_parameters_out_as_it_lays_out_cells():
    """Parameter p of cell (row b, column d) stands at [0, p, d * B + b], where arrange puts the cell."""
    part = Dense(2, 3, 5, hidden=(4,))
    kept = torch.randn(7, 2)
    said = part(kept)
    assert said.shape == (1, 5, 21)
    alone = part(kept[4:5])
    torch.testing.assert_close(said.view(5, 3, 7)[:, :, 4], alone.view(5, 3))
    moved = torch.arange(21.0).view(7, 3)
    assert part.arrange(moved).view(3, 7)[2, 4] == moved[4, 2]
    assert torch.equal(part.restore(part.arrange(moved), moved.shape), moved)


@pytest.mark.parametrize("part", [Convolutional(1, 2, 5, width=8), Residual(1, 2, 5, size=(4, 5), width=8)])
def test_convolutions_lay_out_by_place(part):
    kept, moved = torch.randn(3, 1, 4, 5), torch.randn(3, 2, 4, 5)
    assert part(kept).shape == (3, 5, 40)
    assert part.arrange(moved).shape == (3, 40)
    assert torch.equal(part.restore(part.arrange(moved), moved.shape), moved)


@pytest.mark.parametrize("context", [torch.randn(3, 6), torch.randn(3, 6, 2, 2)])
def test_a_context_is_heard_by_both(context):
    for part, kept in (
        (Dense(2, 2, 3, context=6), torch.randn(3, 2)),
        (Convolutional(1, 2, 3, context=6), torch.randn(3, 1, 4, 4)),
        (Residual(1, 2, 3, size=(4, 4), context=6), torch.randn(3, 1, 4, 4)),
    ):
        assert not torch.equal(part(kept, context), part(kept, context + 1))


def test_with_nothing_to_read_the_parameters_are_the_same_for_all_rows():
    said = Dense(0, 2, 3)(torch.empty(5, 0)).view(3, 2, 5)
    assert torch.equal(said[..., :1].expand_as(said), said)
    said = Convolutional(0, 1, 3)(torch.empty(2, 0, 3, 3))
    torch.testing.assert_close(said[0], said[1])


@pytest.mark.parametrize(
    "part",
    [Dense(2, 3, 4), Convolutional(1, 3, 4), Residual(1, 3, 4, size=(2, 2))],
    ids=lambda part: type(part).__name__,
)
def test_settled_parameters_are_where_it_starts(part):
    wanted = torch.randn(4, 3)
    part.settle(wanted)
    kept = torch.zeros(1, 2) if isinstance(part, Dense) else torch.zeros(1, 1, 2, 2)
    said = part(kept).view(4, 3, -1)
    assert (said - wanted[..., None]).abs().max() < 0.5
    assert (said[..., :1] == said).all() or not isinstance(part, Dense)


def test_residual_blocks_know_where_they_are():
    part = Residual(1, 1, 2, size=(3, 3), width=8)
    with torch.no_grad():
        part.where.add_(torch.randn_like(part.where))
    said = part(torch.zeros(1, 1, 3, 3)).view(2, 3, 3)
    assert said[0].unique().numel() == 9


def test_parameters_start_small_and_far_cells_say_no_more_than_near_ones():
    part = Dense(4, 4, 23)
    assert part(torch.randn(64, 4)).abs().max() < 0.5
    assert torch.equal(part(torch.full((1, 4), 1e9)), part(torch.full((1, 4), 10.0)))


def test_summary_averages_a_field():
    assert torch.equal(summary(torch.ones(2, 3, 4, 4)), torch.ones(2, 3))


def test_pictures_in_another_memory_order_say_the_same():
    part, kept = Convolutional(1, 2, 3), torch.randn(3, 1, 4, 4)
    said = part(kept)
    for layer in (part.middle, part.last):
        layer.weight.data = layer.weight.data.contiguous(memory_format=torch.channels_last)
    beside = part(kept.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(beside, said)
