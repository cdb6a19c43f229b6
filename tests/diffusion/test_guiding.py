"""What models that guide share: how noised rows are read, what they draw by themselves, who may be one."""

import pytest
import torch

from likely.diffusion import Geometric
from likely.diffusion.guiding import Guiding, Reading, check, given
from likely.errors import ConditionError, FieldError
from likely.families.clip import CLIP
from likely.rng import Keyed
from likely.spaces import label, reals


class Halves(Guiding):
    """The exact classifier of rows of N(0, 1): the sign of the first number, told by one of spread 1 / 10."""

    def agreement(self, x_t, sigma, c):
        mean, variance = x_t[:, 0] / (1 + sigma**2), 0.01 + sigma**2 / (1 + sigma**2)
        return torch.special.log_ndtr((2 * c[:, 0] - 1) * mean / variance.sqrt())

    def misfit(self, x_t, sigma, c):
        return -self.agreement(x_t, sigma, c).mean()


def halves():
    family = CLIP(schedule=Geometric(0.01, 40.0), width=4)
    model = Halves(family, reals(2), label(2))
    model.reading = Reading(family, reals(2), 2)
    return model


def test_its_draws_are_standard_normal_rows_of_what_is_given():
    """(2) with this classifier is half of a normal law, a little blurred: mean 0.79, and the other number as it was."""
    c = (torch.arange(2000) % 2).float()[:, None]
    drawn = halves().sample(2000, c, rng=Keyed(0))
    side = 2 * c[:, 0] - 1
    assert abs(float((drawn[:, 0] * side).mean()) - (2 / torch.pi) ** 0.5 / 1.01**0.5) < 0.04
    assert ((drawn[:, 0] * side) > -0.3).float().mean() > 0.99
    assert abs(float(drawn[:, 1].mean())) < 0.07
    assert abs(float(drawn[:, 1].std()) - 1) < 0.05


def test_without_a_condition_they_are_standard_normal():
    drawn = halves().sample(2000, None, rng=Keyed(0))
    assert (drawn.mean(0).abs() < 0.07).all()
    assert ((drawn.std(0) - 1).abs() < 0.05).all()


def test_rows_are_read_with_unit_variance_at_every_level():
    torch.manual_seed(0)
    reading, seen = Reading(CLIP(width=8), reals(3), 2), []
    reading.reader.row.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    for sigma in (0.1, 30.0):
        x = torch.randn(4000, 3) * (1 + sigma**2) ** 0.5
        with torch.no_grad():
            reading(x, torch.full((4000,), sigma))
    assert all(abs(float(each.std()) - 1) < 0.02 for each in seen)


def test_what_is_learned_from_needs_a_condition():
    with pytest.raises(ConditionError, match="no condition"):
        list(halves().turns(torch.zeros(2, 2), None, rng=Keyed(0)))
    with pytest.raises(ConditionError, match="--condition"):
        given(CLIP(), None)
    assert given(CLIP(), label(2)) == label(2)
    with pytest.raises(FieldError, match="width"):
        check(type("Wrong", (), {"width": 0, "rate": 1.0, "decay": 0.0})())
