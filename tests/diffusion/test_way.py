"""A way: any denoiser walked along it, its guide, the levels that it may visit, and the promise of a model."""

import pytest
import torch
from mixtures import gaussian, misfit, start, three
from torch import nn

from likely.diffusion import Descends, Geometric, Heun, UniPC, Way, check_within, descended, drawn, walked
from likely.errors import FieldError
from likely.rng import Keyed
from likely.spaces import reals

LIKE = torch.empty(0, dtype=torch.float64)
LEVELS = Geometric(0.02, 20.0)


class Known(Descends):
    """A model that knows its mixture."""

    def __init__(self, mixture):
        super().__init__(reals(2))
        self.mixture, self.anything = mixture, nn.Parameter(torch.zeros((), dtype=torch.float64))

    way = Way(LEVELS, Heun(), 25)
    learned = LEVELS

    def denoise(self, x_t, sigma, c=None):
        return self.mixture.denoise(x_t, sigma, c)

    def sample(self, n, c=None, *, rng):
        return descended(self, n, c, rng=rng).x

    def walk(self, n, c=None, *, way, rng):
        return descended(self, n, c, way=way, rng=rng)


def test_it_is_the_sampler_s_walk_from_noise_of_the_highest_level():
    way = Way(LEVELS, UniPC(), 12)
    found = drawn(three().denoise, way, (2,), 50, like=LIKE, rng=Keyed(0))
    again = walked(way.sampler, three().denoise, LEVELS, start(LEVELS, 50), calls=12, rng=Keyed(0))
    assert torch.equal(found.x, again.x)
    assert found.calls == 12
    assert found.x.dtype == torch.float64


def test_a_guide_leads_the_denoiser():
    def shifted(denoiser):
        return lambda x, sigma, c: denoiser(x, sigma, c) + 1.0

    led = drawn(gaussian(0.5).denoise, Way(LEVELS, Heun(), 9, shifted), (2,), 3, like=LIKE, rng=Keyed(0))
    plain = drawn(shifted(gaussian(0.5).denoise), Way(LEVELS, Heun(), 9), (2,), 3, like=LIKE, rng=Keyed(0))
    assert torch.equal(led.x, plain.x)


def test_a_model_that_descends_is_walked_its_own_way_or_another():
    model = Known(gaussian(0.6, 0.5))
    assert descended(model, 3, rng=Keyed(0)).calls == 25
    for way in (None, Way(Geometric(0.05, 20.0), UniPC(), 30)):
        x = descended(model, 4000, way=way, rng=Keyed(0)).x
        assert (x.mean(0) - 0.5).abs().max() < 0.05
        assert (x.std(0) / 0.6 - 1).abs().max() < 0.12  # so few steps leave some


def test_rows_do_not_depend_on_their_company():
    model = Known(three())
    assert torch.allclose(model.sample(8, rng=Keyed(3))[:3], model.sample(3, rng=Keyed(3)))
    assert misfit(model.sample(20, rng=Keyed(3)), three()) < 100


def test_levels_that_were_not_learned_are_not_visited():
    check_within(LEVELS, Geometric(0.02 * (1 - 1e-7), 20.0))
    with pytest.raises(FieldError, match=r"from 0.01 to 20"):
        check_within(LEVELS, Geometric(0.01, 20.0))
    with pytest.raises(FieldError, match=r"from 0.02 to 30"):
        descended(Known(three()), 3, way=Way(Geometric(0.02, 30.0), Heun(), 5), rng=Keyed(0))
