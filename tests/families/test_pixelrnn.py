"""PixelRNN: all its mass, samples by kept states as by the naive way, learning, conditions, fields."""

import itertools
from dataclasses import replace

import pytest
import torch

from likely.backbones.spatial_lstm import DiagonalBiLSTM, RowLSTM
from likely.backbones.trunk import Whole
from likely.contracts import Sharpness
from likely.distributions import DiscretisedLogistic
from likely.errors import FieldError
from likely.families.pixelrnn import PixelRNN
from likely.rng import Keyed, Stepped
from likely.spaces import Image, Tokens, label, reals
from tests.pixels import CONDITIONS, MIXED, heeds

SMALL = PixelRNN(width=8, layers=2, hidden=8)
BOTH = [RowLSTM(), DiagonalBiLSTM()]


def made(space, condition=None, **fields):
    torch.manual_seed(0)
    return replace(SMALL, **fields).build(space, condition).double().eval()


def learned(model, x, steps, rate):
    model.prepare(x, rng=Keyed(0))
    optimizer = torch.optim.Adam(model.parameters(), rate)
    for step in range(steps):
        (turn,) = model.turns(x, rng=Stepped(0, step))
        optimizer.zero_grad()
        turn.loss().backward()
        optimizer.step()
    return model


@pytest.mark.parametrize("recurrence", BOTH, ids=repr)
@pytest.mark.parametrize("space", [Image(1, 3, 4, 2), Image(3, 1, 2, 3), Image(2, 2, 1, 4)], ids=repr)
def test_the_masses_of_all_pictures_add_up_to_one(space, recurrence):
    every = itertools.product(range(space.levels), repeat=space.channels * space.height * space.width)
    x = torch.tensor(list(every), dtype=torch.float64).view(-1, *space.shape)
    with torch.no_grad():
        assert made(space, recurrence=recurrence).log_prob(x).exp().sum().item() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("sharpness", [Sharpness(), Sharpness(0.7, top_k=2, top_p=0.9)], ids=["plain", "sharp"])
@pytest.mark.parametrize("recurrence", BOTH, ids=repr)
@pytest.mark.parametrize(
    ("space", "fields"),
    [
        (Image(1, 6, 5, 2), {}),
        (Image(3, 4, 4, 4), {"patch": 2}),
        (Image(3, 4, 4, 8), {"law": DiscretisedLogistic(2)}),
        (MIXED, {}),
        (reals(1), {}),
    ],
    ids=str,
)
def test_samples_from_states_are_those_of_the_naive_loop(space, fields, recurrence, sharpness):
    """Draw for draw: the naive loop calls the whole network at every pixel."""
    model = made(space, label(3), recurrence=recurrence, **fields)
    c = torch.tensor([[0.0], [2.0], [float("nan")], [1.0]], dtype=torch.float64)
    quick = model.sample_sharpened(4, c, sharpness=sharpness, rng=Keyed(7))
    with torch.no_grad():
        naive = model.drawn(4, Whole(model.reading.trunk, 4, model.context(c)), sharpness=sharpness, rng=Keyed(7))
    torch.testing.assert_close(quick, naive, equal_nan=True, rtol=0, atol=1e-9)


@pytest.mark.parametrize("recurrence", BOTH, ids=repr)
def test_it_learns_pictures_that_a_rule_makes(recurrence):
    """The first row is coins, every other one its negative: 4 nats log 2, and no more."""
    rows = torch.randint(0, 2, (256, 1, 1, 4), generator=torch.Generator().manual_seed(0)).float()
    x = torch.cat([rows, 1 - rows, rows, 1 - rows], 2)
    model = learned(made(Image(1, 4, 4, 2), recurrence=recurrence, layers=1).float(), x, 120, 2e-2)
    with torch.no_grad():
        assert -model.log_prob(x).mean().item() == pytest.approx(4 * 0.6931, abs=0.25)


@pytest.mark.parametrize("condition", CONDITIONS, ids=repr)
@pytest.mark.parametrize("space", [Image(1, 4, 4, 2), MIXED], ids=["image", "table"])
def test_every_condition_is_told(space, condition):
    assert heeds(made(space, condition), condition)


@pytest.mark.parametrize("fields", [{"width": 0}, {"layers": 0}, {"first": 4}, {"rate": 0.0}, {"decay": -1.0}], ids=str)
def test_fields_that_cannot_be_are_refused(fields):
    with pytest.raises(FieldError, match="PixelRNN"):
        PixelRNN(**fields)


def test_spaces_that_are_no_pictures_are_refused():
    with pytest.raises(FieldError, match="images with levels, or tables"):
        SMALL.build(Tokens(4, 3))
