"""PixelCNN: all its mass, samples by caches as by the naive way, learning, conditions, fields."""

import itertools
from dataclasses import replace

import pytest
import torch

from likely.backbones.trunk import Whole
from likely.contracts import Sharpness
from likely.distributions import Categorical, DiscretisedLogistic
from likely.errors import FieldError
from likely.families.pixelcnn import PixelCNN
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Image, Tokens, Vector, label, reals
from tests.pixels import CONDITIONS, MIXED, heeds

SMALL = PixelCNN(width=8, blocks=2, hidden=8)
LOGISTIC = DiscretisedLogistic(2)


def made(space, condition=None, **fields):
    torch.manual_seed(0)
    return replace(SMALL, **fields).build(space, condition).double().eval()


def learned(model, x, steps, rate=3e-3, c=None):
    model.prepare(x, c, rng=Keyed(0))
    optimizer = torch.optim.Adam(model.parameters(), rate)
    for step in range(steps):
        (turn,) = model.turns(x, c, rng=Stepped(0, step))
        optimizer.zero_grad()
        turn.loss().backward()
        optimizer.step()
    return model


@pytest.mark.parametrize(
    ("space", "fields"),
    [
        (Image(1, 3, 4, 2), {}),
        (Image(1, 3, 4, 2), {"law": Categorical()}),
        (Image(1, 2, 4, 2), {"patch": 2}),
        (Image(3, 1, 2, 3), {}),
        (Image(2, 2, 1, 4), {"law": LOGISTIC}),
        (Vector((Category(3), Category(2, missing=True), Category(4))), {}),
    ],
    ids=str,
)
def test_the_masses_of_all_pictures_add_up_to_one(space, fields):
    if isinstance(space, Image):
        every = itertools.product(range(space.levels), repeat=space.channels * space.height * space.width)
    else:
        every = itertools.product([0, 1, 2], [0, 1, float("nan")], [0, 1, 2, 3])
    x = torch.tensor(list(every), dtype=torch.float64).view(-1, *space.shape)
    with torch.no_grad():
        assert made(space, **fields).log_prob(x).exp().sum().item() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("sharpness", [Sharpness(), Sharpness(0.7, top_k=2, top_p=0.9)], ids=["plain", "sharp"])
@pytest.mark.parametrize(
    ("space", "fields"),
    [
        (Image(1, 6, 5, 2), {}),
        (Image(3, 4, 4, 4), {}),
        (Image(3, 4, 4, 4), {"patch": 2}),
        (Image(3, 4, 4, 8), {"law": LOGISTIC}),
        (Image(3, 4, 4, 8), {"law": LOGISTIC, "patch": 2, "kernel": 5}),
        (MIXED, {}),
        (reals(1), {}),
    ],
    ids=str,
)
def test_samples_from_caches_are_those_of_the_naive_loop(space, fields, sharpness):
    """Draw for draw: the naive loop calls the whole network at every pixel."""
    model, c = made(space, label(3), **fields), torch.tensor([[0.0], [2.0], [float("nan")], [1.0]], dtype=torch.float64)
    quick = model.sample_sharpened(4, c, sharpness=sharpness, rng=Keyed(7))
    with torch.no_grad():
        naive = model.drawn(4, Whole(model.reading.trunk, 4, model.context(c)), sharpness=sharpness, rng=Keyed(7))
    torch.testing.assert_close(quick, naive, equal_nan=True, rtol=0, atol=1e-9)


def test_it_learns_pictures_that_a_rule_makes():
    """The first row is coins, every other one its negative: 4 nats log 2, and no more."""
    rows = torch.randint(0, 2, (256, 1, 1, 4), generator=torch.Generator().manual_seed(0)).float()
    x = torch.cat([rows, 1 - rows, rows, 1 - rows], 2)
    model = learned(made(Image(1, 4, 4, 2)).float(), x, 150, 1e-2)
    with torch.no_grad():
        assert -model.log_prob(x).mean().item() == pytest.approx(4 * 0.6931, abs=0.25)
    drawn = model.sample(200, rng=Keyed(0))
    assert (drawn[:, :, 1] == 1 - drawn[:, :, 0]).double().mean() > 0.97


def test_it_learns_a_table_and_its_condition():
    torch.manual_seed(0)
    c = torch.randint(0, 2, (512, 1)).float()
    first = torch.randn(512, 1) + 4 * c
    x = torch.cat([first, -first + 0.1 * torch.randn(512, 1)], 1)
    model = learned(made(reals(2), label(2)).float(), x, 200, 1e-2, c)
    drawn = model.sample(500, torch.ones(500, 1), rng=Keyed(0))
    assert drawn[:, 0].mean().item() == pytest.approx(4, abs=0.4)
    assert torch.corrcoef(drawn.T)[0, 1] < -0.9


@pytest.mark.parametrize("condition", CONDITIONS, ids=repr)
@pytest.mark.parametrize("space", [Image(1, 4, 4, 2), MIXED], ids=["image", "table"])
def test_every_condition_is_told(space, condition):
    assert heeds(made(space, condition), condition)


def test_tables_see_all_their_columns():
    model = made(reals(20), blocks=3)
    x = torch.randn(2, 20, dtype=torch.float64)
    moved = x.clone()
    moved[:, 0] += 1
    features = [model.reading.trunk(model.reading.canvas.planes(part)) for part in (x, moved)]
    assert (features[0] != features[1])[..., 1:].any(1).all()


@pytest.mark.parametrize(
    "fields", [{"width": 0}, {"kernel": 4}, {"first": 1}, {"patch": 0}, {"rate": 0.0}, {"decay": -1.0}], ids=str
)
def test_fields_that_cannot_be_are_refused(fields):
    with pytest.raises(FieldError, match="PixelCNN"):
        PixelCNN(**fields)


def test_spaces_that_are_no_pictures_are_refused():
    with pytest.raises(FieldError, match="images with levels, or tables"):
        SMALL.build(Tokens(4, 3))
