"""A joint embedding: InfoNCE finds the ratio of Bayes, it leads as that would, and its refusals."""

import math

import pytest
import torch

from likely.contracts import Guides
from likely.diffusion import Geometric
from likely.errors import ConditionError, FieldError
from likely.families.clip import CLIP, CLIPModel
from likely.rng import Keyed
from likely.spaces import Image, Tokens, Vector, absent, label, reals
from likely.testing.case import descend

SIGMA = torch.tensor([0.05, 1.0, 4.0])


def quarters(n=512):
    """x ~ N(m_c, 1/4), a corner of the square for each of four captions of two words."""
    words = torch.stack([torch.arange(n) % 2, 2 + torch.arange(n) // 2 % 2], 1)
    middle = torch.stack([2.0 * words[:, 0] - 1, 2.0 * (words[:, 1] - 2) - 1], 1)
    return middle + 0.5 * Keyed(0).normal((n, 2), like=middle), words


@pytest.fixture(scope="module")
def learned() -> CLIPModel:
    torch.manual_seed(0)
    model = CLIP(schedule=Geometric(0.02, 20.0), width=32, embedding=8).build(reals(2), Tokens(4, 2))
    descend(model, *quarters(256), 200, rate=5e-3)
    return model.eval()


def test_it_promises_to_guide():
    assert isinstance(CLIP().build(reals(2), label(2)), Guides)


def test_shares_of_captions_are_those_of_bayes(learned):
    """softmax over all captions of f is p(c | x_t), where captions are equally frequent."""
    x, _ = quarters(200)
    every = quarters(4)[1]
    middle = torch.stack([2.0 * every[:, 0] - 1, 2.0 * (every[:, 1] - 2) - 1], 1)
    for sigma in SIGMA:
        x_t, level = x + sigma * Keyed(3).normal(x.shape, like=x), sigma.expand(len(x))
        with torch.no_grad():
            f = torch.stack([learned.agreement(x_t, level, c.expand(len(x), -1)) for c in every], 1)
        truth = (x_t @ middle.T / (0.25 + sigma**2)).softmax(1)
        assert float((f.softmax(1) - truth).abs().mean()) < 0.1


def test_it_is_row_by_row_bounded_and_silent_where_nothing_is_said(learned):
    x, c = quarters(6)
    with torch.no_grad():
        whole = learned.agreement(x, torch.ones(6), c)
        assert torch.allclose(whole[2:3], learned.agreement(x[2:3], torch.ones(1), c[2:3]), atol=1e-6)
        assert whole.abs().max() <= learned.sharpness + 1e-4
        assert torch.equal(learned.agreement(x, torch.ones(6), absent(c)), torch.zeros(6))


def test_its_loss_is_infonce_by_hand(learned):
    x, c = quarters(5)
    sigma = torch.full((5,), 0.5)
    with torch.no_grad():
        f = torch.stack([learned.agreement(x, sigma, other.expand(5, -1)) for other in c], 1)
        rows = -(f.diagonal() - f.logsumexp(1)).mean()
        columns = -(f.diagonal() - f.logsumexp(0)).mean()
        assert torch.allclose(learned.misfit(x, sigma, c), (rows + columns) / 2, atol=1e-5)


def test_its_temperature_is_bounded():
    model = CLIP(width=8, embedding=4).build(reals(2), label(2))
    with torch.no_grad():
        model.tau.fill_(9.0)
        assert math.isclose(float(model.sharpness), 100.0, rel_tol=1e-5)


@pytest.mark.parametrize("condition", [label(3), reals(2), Image(1, 4, 4, 2), Tokens(5, 4)])
@pytest.mark.parametrize("space", [reals(2), Image(3, 4, 4, None)])
def test_it_reads_every_condition(space, condition):
    torch.manual_seed(0)
    model = CLIP(width=8, embedding=4).build(space, condition)
    x = torch.randn(3, *space.shape)
    c = torch.zeros(3, *condition.shape, dtype=torch.int64 if isinstance(condition, Tokens) else torch.float32)
    assert next(model.turns(x, c, rng=Keyed(0))).loss().isfinite()
    with torch.no_grad():
        assert model.sample(3, c, rng=Keyed(0)).shape == x.shape


@pytest.mark.parametrize("fields", [{"width": 0}, {"embedding": 1}, {"rate": -1.0}])
def test_fields_that_make_no_embedding_are_refused(fields):
    with pytest.raises(FieldError, match="Expected"):
        CLIP(**fields)


def test_without_a_condition_there_is_nothing_to_embed():
    with pytest.raises(ConditionError, match="--condition"):
        CLIP().build(Vector(reals(2).columns))
