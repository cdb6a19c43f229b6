"""Choices side by side: softmax, draws and straight-through slopes of every column, against a loop over columns."""

import torch
import torch.nn.functional as F

from likely.adversarial.choosing import Choosing
from likely.rng import Keyed, Stepped

COLUMN = torch.tensor([0, 0, 2, 1, 1, 1, 2, 3])


def split(y):
    return [y[:, d == COLUMN] for d in range(4)]


def numbers(n=6):
    return 5 * torch.randn(n, len(COLUMN), generator=torch.Generator().manual_seed(0))


def test_log_softmax_is_that_of_every_column():
    choosing, y = Choosing(COLUMN, 4), numbers().requires_grad_()
    found = choosing.log_softmax(y)
    for mine, other in zip(split(found), split(y)):
        assert torch.allclose(mine, other.log_softmax(1), atol=1e-5)
    weight = torch.arange(8.0)
    (slope,) = torch.autograd.grad((found * weight).sum(), y)
    whole = sum((each.log_softmax(1) * w).sum() for each, w in zip(split(y), split(weight[None])))
    assert torch.allclose(slope, torch.autograd.grad(whole, y)[0], atol=1e-4)


def test_columns_far_apart_and_what_cannot_be_chosen():
    choosing = Choosing(COLUMN, 4)
    y = torch.tensor([[1e4, 0.0, -1e4, 3.0, -torch.inf, 3.0, -1e4, -7.0]])
    found = choosing.log_softmax(y).exp()
    assert torch.allclose(found, torch.tensor([[1.0, 0.0, 0.5, 0.5, 0.0, 0.5, 0.5, 1.0]]))
    assert choosing.relaxed(choosing.perturbed(y, Keyed(0)), 0.2, straight=True)[0, 4] == 0


def test_what_is_hot_is_the_largest_of_its_column():
    choosing, y = Choosing(COLUMN, 4), numbers()
    hot, index = choosing.hot(y), choosing.index(y)
    assert torch.equal(hot @ F.one_hot(COLUMN).float(), torch.ones(6, 4))
    for d in range(4):
        own = (d == COLUMN).nonzero()[:, 0]
        assert torch.equal(index[:, d], own[y[:, own].argmax(1)])
    assert torch.equal(hot.gather(1, index), torch.ones(6, 4))


def test_draws_come_as_often_as_they_should():
    choosing, y = Choosing(COLUMN, 4), numbers(1)
    drawn = choosing.hot(choosing.perturbed((y / 4).expand(40_000, -1), Stepped(0, 0))).mean(0)
    assert torch.allclose(drawn, choosing.log_softmax(y / 4).exp()[0], atol=0.01)


def test_straight_through_shows_choices_and_has_the_slope_of_what_is_soft():
    choosing, y = Choosing(COLUMN, 4), numbers().requires_grad_()
    weight = torch.arange(8.0)
    slopes = []
    for straight in (True, False):
        row = choosing.relaxed(y, 0.5, straight=straight)
        slopes.append(torch.autograd.grad((row * weight).sum(), y)[0])
        assert torch.allclose(row.detach() @ F.one_hot(COLUMN).float(), torch.ones(6, 4), atol=1e-5)
        assert bool(((row == 0) | ((row - 1).abs() < 1e-6)).all()) is straight
    assert torch.allclose(*slopes, atol=1e-6)
    assert (slopes[0] != 0).any()


def test_half_precision_around_it_changes_nothing():
    choosing, y = Choosing(COLUMN, 4), numbers() / 3
    with torch.autocast("cpu", torch.bfloat16):
        found = choosing.hot(y), choosing.log_softmax(y)
    assert torch.equal(found[0], choosing.hot(y))
    assert torch.equal(found[1], choosing.log_softmax(y))
