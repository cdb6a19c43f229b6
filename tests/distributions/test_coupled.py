"""Coupled channels: masses that add up, conditionals that multiply, draws as often as said."""

import itertools

import pytest
import torch

from likely.contracts import Sharpness
from likely.distributions import Bernoulli, Categorical, DiscretisedLogistic, Gaussian
from likely.distributions.coupled import CoupledLaw, pixel_law
from likely.errors import FieldError
from likely.rng import Keyed
from likely.spaces import Image


def told(law, rows=1, scale=1.0):
    torch.manual_seed(3)
    return scale * torch.randn(1, *law.outputs, dtype=torch.float64).expand(rows, -1, -1, -1)


def pixels(channels, levels):
    every = itertools.product(range(levels), repeat=channels)
    return torch.tensor(list(every), dtype=torch.float64)[:, :, None, None]


@pytest.mark.parametrize(("channels", "levels", "mixtures"), [(1, 8, 3), (2, 5, 1), (3, 4, 2)])
def test_the_masses_of_all_pixels_add_up_to_one_and_are_frequencies(channels, levels, mixtures):
    law, x = CoupledLaw(channels, levels, mixtures), pixels(channels, levels)
    masses = law.log_prob(x, told(law, len(x))).exp()
    assert masses.sum().item() == pytest.approx(1, abs=1e-12)
    draws = law.sample(told(law, 20_000), rng=Keyed(0))
    seen = (draws.flatten(1)[:, None] == x.flatten(1)).all(2).double().mean(0)
    assert ((seen - masses).abs() < 5 * (masses / 20_000).sqrt() + 1e-3).all()


def test_a_cell_is_scored_given_the_earlier_channels():
    law, x = CoupledLaw(3, 4, 2), pixels(3, 4)
    masses = law.log_prob(x, told(law, len(x))).exp().view(4, 4, 4)
    cells = law.cell_log_prob(x, told(law, len(x))).exp().view(4, 4, 4, 3)
    torch.testing.assert_close(cells[..., 0], masses.sum((1, 2))[:, None, None].expand(4, 4, 4))
    torch.testing.assert_close(cells[..., 1], (masses.sum(2) / masses.sum((1, 2))[:, None])[..., None].expand(4, 4, 4))


def test_channels_lean_on_each_other_and_one_alone_is_a_discretised_logistic():
    law = CoupledLaw(2, 8, 1)
    parameters = torch.zeros(4000, *law.outputs)
    parameters[:, 3:5], parameters[:, 5] = -3.0, 2.0  # narrow, and the second follows the first
    parameters[:, 4] = -4.0
    x = law.sample(parameters, rng=Keyed(0)).flatten(1)
    assert torch.corrcoef(x.T)[0, 1] > 0.9
    alone, plain = CoupledLaw(1, 8, 3), DiscretisedLogistic(3).law(Image(1, 1, 1, 8))
    numbers, x = torch.randn(5, 9, dtype=torch.float64), torch.randint(0, 8, (5, 1, 1, 1)).double()
    both = numbers.view(5, 3, 3).transpose(1, 2).reshape(5, 9)  # there by parameter, here by term
    ours = torch.cat([both.view(5, 3, 3)[:, :, 0], both.view(5, 3, 3)[:, :, 1:].flatten(1)], 1)
    torch.testing.assert_close(alone.log_prob(x, ours[:, :, None, None]), plain.log_prob(x, numbers[:, :, None, None]))


def test_a_missing_channel_is_left_out_and_cold_draws_are_the_mean():
    law = CoupledLaw(3, 16, 2)
    x = torch.tensor([[3.0, float("nan"), 5.0]], dtype=torch.float64)[:, :, None, None]
    cells = law.cell_log_prob(x, told(law))[0, :, 0, 0]
    assert cells[1] == 0
    assert cells.isfinite().all()
    cold = law.sample(told(law, 50), rng=Keyed(0), sharpness=Sharpness(1e-4))
    assert torch.equal(cold, law.mean(told(law, 50)))


def test_laws_of_pixels_by_object_and_refusals():
    assert pixel_law(Image(3, 2, 2, 256)).law.outputs == (256, 1, 1)
    assert pixel_law(Image(3, 2, 2, 2), Bernoulli())[1:] == (1, 1)
    assert pixel_law(Image(3, 2, 2, 2), Categorical()).law.outputs == (2, 1, 1)
    assert pixel_law(Image(3, 2, 2, 256), DiscretisedLogistic(5))[1:] == (3, 4)
    for space, law in ((Image(1, 2, 2, 8), Bernoulli()), (Image(1, 2, 2, 8), Gaussian()), (Image(1, 2, 2, None), None)):
        with pytest.raises(FieldError, match="have no law"):
            pixel_law(space, law)
