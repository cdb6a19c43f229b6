"""The normal law against torch's, and its analytic divergence."""

import math

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from likely.distributions import Gaussian, draw_normal, kl_standard, kl_standard_cells, log_normal
from likely.errors import FieldError
from likely.rng import Keyed
from likely.spaces import Count, Image, Real, Series, Tokens, Vector, Wave, reals

SPACES = [reals(3), Image(2, 3, 4, None), Series(2, 5), Wave(8000, 6, None)]


def test_density_against_torch():
    torch.manual_seed(0)
    x, mean, log_std = torch.randn(3, 500, dtype=torch.float64)
    torch.testing.assert_close(log_normal(x, mean, log_std), Normal(mean, log_std.exp()).log_prob(x))
    torch.testing.assert_close(log_normal(x, 0.5, -1.0), Normal(0.5, torch.tensor(-1.0).double().exp()).log_prob(x))


def test_divergence_against_torch():
    torch.manual_seed(0)
    mean, log_std = torch.randn(2, 50, 4, dtype=torch.float64)
    standard = Normal(torch.zeros_like(mean), torch.ones_like(mean))
    cells = kl_divergence(Normal(mean, log_std.exp()), standard)
    torch.testing.assert_close(kl_standard_cells(mean, log_std), cells)
    torch.testing.assert_close(kl_standard(mean, log_std), cells.sum(1))


def test_draws_have_the_moments_and_the_gradient():
    mean = torch.full((40_000,), 2.0, dtype=torch.float64, requires_grad=True)
    drawn = draw_normal(mean, torch.full_like(mean, -1.0), Keyed(0))
    assert abs(drawn.mean() - 2) < 0.01
    assert abs(drawn.std() - torch.tensor(-1.0).exp()) < 0.01
    (gradient,) = torch.autograd.grad(drawn.sum(), mean)
    assert (gradient == 1).all()


@pytest.mark.parametrize("scale", [None, 0.3])
@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_the_law_is_torchs(space, scale):
    torch.manual_seed(0)
    law = Gaussian(scale).law(space)
    raw = torch.randn(7, *law.outputs, dtype=torch.float64)
    x = torch.randn(7, *space.shape, dtype=torch.float64)
    parts = raw.reshape(7, -1, *space.shape)
    std = torch.full_like(x, 0.3) if scale else (7 * torch.tanh(parts[:, 1] / 7)).exp()
    expected = Normal(parts[:, 0], std)
    torch.testing.assert_close(law.cell_log_prob(x, raw), expected.log_prob(x))
    torch.testing.assert_close(law.mean(raw), parts[:, 0])
    drawn = law.sample(raw.repeat(4000, *[1] * (raw.dim() - 1)), rng=Keyed(1)).unflatten(0, (4000, 7))
    assert ((drawn.mean(0) - expected.mean).abs() < 5 * std / 4000**0.5).all()
    torch.testing.assert_close(drawn.std(0), std, rtol=0.08, atol=0)


def test_missing_cells_are_left_out_and_poison_no_gradient():
    law = Gaussian().law(reals(3))
    raw = torch.randn(2, 6, requires_grad=True)
    x = torch.tensor([[0.5, torch.nan, 1.0], [torch.nan, torch.nan, torch.nan]])
    scored = law.cell_log_prob(x, raw)
    assert (scored[torch.isnan(x)] == 0).all()
    scored.sum().backward()
    assert torch.isfinite(raw.grad).all()
    assert (raw.grad[1] == 0).all()


@pytest.mark.parametrize("space", [Tokens(3, 4), Image(1, 2, 2, 2), Vector((Count(),)), Vector((Real(atoms=(0.0,)),))])
def test_spaces_it_is_not_for(space):
    with pytest.raises(FieldError, match="real cells"):
        Gaussian().law(space)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_bad_scales(scale):
    with pytest.raises(FieldError, match="positive"):
        Gaussian(scale)


@pytest.mark.parametrize("space", [reals(3), Image(2, 3, 3, None), Series(2, 5), Wave(8, 6, None)], ids=repr)
def test_one_scale_for_all(space):
    law = Gaussian(shared=True).law(space)
    cells = torch.Size(space.shape).numel()
    assert law.shared * torch.Size(law.outputs[1:]).numel() == cells
    x, parameters = torch.randn(4, *space.shape), torch.randn(4, *law.outputs)
    parameters[:, -law.shared :] = 0.25
    mean = parameters[:, : -law.shared].reshape(x.shape)
    std = torch.tensor(7 * math.tanh(0.25 / 7)).exp()
    torch.testing.assert_close(law.cell_log_prob(x, parameters), Normal(mean, std).log_prob(x))


def test_a_scale_is_given_or_learned():
    with pytest.raises(FieldError, match="shared"):
        Gaussian(scale=1.0, shared=True)
