"""Every parametrisation: a network that knows its target exactly makes the exact denoiser."""

import pytest
import torch
from mixtures import Knows, three
from torch import nn

from likely.diffusion import EDM, Clean, Flow, Noise, Preconditioned, Score, Velocity
from likely.errors import FieldError

ALL = [Noise(), Clean(), Velocity(), Score(), Flow(), EDM(), EDM(spread=0.5)]
SIGMA = torch.logspace(-3, 2, 60, dtype=torch.float64)


@pytest.mark.parametrize("parametrisation", ALL, ids=repr)
def test_the_exact_network_is_the_exact_denoiser(parametrisation):
    mixture = three()
    x_t = mixture.draw(len(SIGMA)) + SIGMA[:, None]
    denoiser = Preconditioned(Knows(parametrisation, mixture), parametrisation)
    exact = mixture.denoise(x_t, SIGMA)
    assert torch.allclose(denoiser(x_t, SIGMA), exact, atol=1e-9)


@pytest.mark.parametrize(
    ("parametrisation", "target"),
    [
        (Noise(), lambda x, eps, sigma: eps),
        (Clean(), lambda x, eps, sigma: x),
        (Velocity(), lambda x, eps, sigma: (eps - sigma * x) * (1 + sigma**2).rsqrt()),
        (Score(), lambda x, eps, sigma: sigma * (-eps / sigma)),  # of N(x, sigma^2) at x + sigma eps
        (Flow(), lambda x, eps, sigma: eps - x),
    ],
    ids=["noise", "clean", "velocity", "score", "flow"],
)
def test_the_target_is_what_its_name_says(parametrisation, target):
    x, eps, sigma = torch.randn(60, 3).double(), torch.randn(60, 3).double(), SIGMA[:, None]
    skip, out, *_ = (k[:, None] for k in parametrisation.coefficients(SIGMA))
    assert torch.allclose((x - skip * (x + sigma * eps)) / out, target(x, eps, sigma), atol=1e-8)


@pytest.mark.parametrize("spread", [0.5, 1.0, 3.0])
def test_edm_sees_and_predicts_unit_variance(spread):
    x, eps = spread * torch.randn(200_000).double(), torch.randn(200_000).double()
    for sigma in (0.01, 0.5, 1.0, 20.0):
        skip, out, into, _ = EDM(spread).coefficients(torch.tensor(sigma, dtype=torch.float64))
        x_t = x + sigma * eps
        assert abs((into * x_t).std() - 1) < 0.01
        assert abs(((x - skip * x_t) / out).std() - 1) < 0.01


def test_edm_of_unit_spread_is_velocity_with_its_sign_turned():
    ours, theirs = EDM().coefficients(SIGMA), Velocity().coefficients(SIGMA)
    assert torch.allclose(ours.skip, theirs.skip)
    assert torch.allclose(ours.out, -theirs.out)
    assert torch.allclose(ours.into, theirs.into)


def test_what_a_flow_network_sees_and_is_told_lies_on_the_straight_line():
    """Lipman et al. (2023): x_t = (1 - t) x + t eps, told t, and x_t - t velocity is the data."""
    x, eps, sigma = torch.randn(60, 3).double(), torch.randn(60, 3).double(), SIGMA[:, None]
    skip, out, into, t = (k[:, None] for k in Flow().coefficients(SIGMA))
    seen = into * (x + sigma * eps)
    assert torch.allclose(seen, (1 - t) * x + t * eps)
    assert torch.allclose(skip * (x + sigma * eps) + out * (eps - x), seen - t * (eps - x))
    assert ((t > 0) & (t < 1)).all()


def test_a_score_network_is_a_noise_network_with_its_sign_turned():
    ours, theirs = Score().coefficients(SIGMA), Noise().coefficients(SIGMA)
    assert torch.equal(ours.out, -theirs.out)
    assert torch.equal(ours.skip, theirs.skip)


@pytest.mark.parametrize("parametrisation", ALL, ids=repr)
def test_what_a_network_is_told_rises_with_the_level_and_is_of_order_one(parametrisation):
    told = parametrisation.coefficients(SIGMA).told
    assert (told.diff() > 0).all()
    assert told.abs().max() < 2


def test_a_level_is_a_row_of_an_image_batch():
    net = lambda x, level, c: torch.zeros_like(x)  # noqa: E731
    x_t, sigma = torch.ones(3, 1, 2, 2), torch.tensor([0.0001, 1.0, 1000.0])
    clean = Preconditioned(Silent(net), EDM())(x_t, sigma)
    assert torch.allclose(clean[:, 0, 0, 0], torch.tensor([1.0, 0.5, 0.0]), atol=1e-5)


class Silent(nn.Module):
    def __init__(self, said):
        super().__init__()
        self.said = said

    def forward(self, x, level, c=None):
        return self.said(x, level, c)


def test_a_spread_of_zero_is_refused():
    with pytest.raises(FieldError, match="spread"):
        EDM(spread=0)
