"""Discretised logistic mixtures: masses sum to one, equal the direct formula, and are what is drawn."""

import pytest
import torch

from likely.distributions import DiscretisedLogistic, draw_logistic, log_logistic, log_logistic_between
from likely.errors import FieldError
from likely.rng import Keyed
from likely.spaces import Image, reals


def masses(law, raw, levels):
    """(B, levels) over the one pixel of a 1 x 1 image."""
    every = torch.arange(levels, dtype=raw.dtype).view(-1, 1, 1, 1)
    return torch.stack([law.cell_log_prob(every, row.expand(levels, *row.shape)).flatten() for row in raw])


def test_density_integrates_to_its_distribution():
    grid = torch.linspace(-60, 60, 200_001, dtype=torch.float64)
    density = log_logistic(grid, 0.7, torch.tensor(0.3, dtype=torch.float64)).exp()
    assert abs(torch.trapezoid(density, grid) - 1) < 1e-9
    low, high = torch.tensor([-1.0, 2.0], dtype=torch.float64)
    grid = torch.linspace(-1, 2, 20_001, dtype=torch.float64)
    inside = torch.trapezoid(log_logistic(grid, 0.7, torch.tensor(0.3, dtype=torch.float64)).exp(), grid)
    a, b = (torch.stack([low, high]) - 0.7) * torch.tensor(-0.3, dtype=torch.float64).exp()
    torch.testing.assert_close(log_logistic_between(a, b, b - a).exp(), inside)


def test_draws_have_the_distribution():
    mean = torch.full((20_000,), 0.5, dtype=torch.float64)
    drawn = draw_logistic(mean, torch.full_like(mean, 0.2), Keyed(0)).sort().values
    cumulative = torch.sigmoid((drawn - 0.5) * torch.tensor(-0.2, dtype=torch.float64).exp())
    gap = (cumulative - (torch.arange(20_000) + 0.5) / 20_000).abs().max()
    assert gap < 1.95 / 20_000**0.5  # Kolmogorov's distance at one in a thousand


@pytest.mark.parametrize("mixtures", [1, 3, 10])
@pytest.mark.parametrize("levels", [2, 17, 256])
@pytest.mark.parametrize(("dtype", "near"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_masses_sum_to_one(mixtures, levels, dtype, near):
    torch.manual_seed(0)
    law = DiscretisedLogistic(mixtures).law(Image(1, 1, 1, levels))
    raw = 2 * torch.randn(20, *law.outputs, dtype=dtype)
    total = masses(law, raw, levels).double().exp().sum(1)
    assert (total - 1).abs().max() < near


@pytest.mark.parametrize("extreme", [-1e3, -30.0, 30.0, 1e3])
def test_extremes_stay_finite(extreme):
    """Scales and means far out in float32: masses still sum to one, gradients are finite."""
    law = DiscretisedLogistic(1).law(Image(1, 1, 1, 256))
    for mean in (0.1234, extreme):
        raw = torch.tensor([mean, extreme]).view(1, 2, 1, 1).requires_grad_()
        scored = masses(law, raw, 256)
        assert abs(scored.double().exp().sum() - 1) < 1e-4
        scored.sum().backward()
        assert torch.isfinite(raw.grad).all()


def test_against_the_direct_formula():
    torch.manual_seed(0)
    law = DiscretisedLogistic(2).law(Image(1, 1, 1, 16))
    raw = torch.randn(5, *law.outputs, dtype=torch.float64)
    log_weight, mean, log_scale = (part.flatten(1) for part in law._terms(raw))
    edges = torch.linspace(-1, 1, 17, dtype=torch.float64)
    below = torch.sigmoid((edges[None, None] - mean[..., None]) / log_scale.exp()[..., None])
    below[..., 0], below[..., -1] = 0, 1
    direct = (log_weight.exp()[..., None] * below.diff(dim=-1)).sum(1)
    torch.testing.assert_close(masses(law, raw, 16).exp(), direct, rtol=1e-9, atol=1e-12)


def test_frequencies():
    torch.manual_seed(0)
    law = DiscretisedLogistic(3).law(Image(1, 1, 1, 8))
    raw = torch.randn(1, *law.outputs, dtype=torch.float64)
    drawn = law.sample(raw.expand(40_000, -1, -1, -1), rng=Keyed(0)).flatten()
    share = torch.bincount(drawn.long(), minlength=8) / 40_000
    assert ((share - masses(law, raw, 8)[0].exp()).abs() < 5 * 0.5 / 200).all()


def test_the_noiseless_level_is_near_the_expected_one():
    law = DiscretisedLogistic(1).law(Image(1, 1, 1, 256))
    raw = torch.tensor([0.25, -7.0]).view(1, 2, 1, 1)
    assert law.mean(raw).item() == 160  # (0.25 + 1) * 128
    assert law.mean(torch.tensor([9.0, 0.0]).view(1, 2, 1, 1)).item() == 255


def test_missing_pixels_are_left_out():
    law = DiscretisedLogistic().law(Image(1, 2, 2, 256))
    raw = torch.randn(1, *law.outputs, requires_grad=True)
    scored = law.cell_log_prob(torch.full((1, 1, 2, 2), torch.nan), raw)
    scored.sum().backward()
    assert (scored == 0).all()
    assert (raw.grad == 0).all()


def test_what_it_is_not_for():
    for space in (reals(2), Image(1, 2, 2, None)):
        with pytest.raises(FieldError, match="levels"):
            DiscretisedLogistic().law(space)
    with pytest.raises(FieldError, match="at least 1"):
        DiscretisedLogistic(0)


@pytest.mark.parametrize("space", [Image(2, 3, 3, 8), Image(1, 2, 2, 256)], ids=repr)
def test_one_width_for_all_pixels(space):
    torch.manual_seed(0)
    law, own = DiscretisedLogistic(1, shared=True).law(space), DiscretisedLogistic(1).law(space)
    assert law.shared * torch.Size(law.outputs[1:]).numel() == torch.Size(space.shape).numel()
    x, parameters = torch.randint(0, space.levels, (4, *space.shape)).float(), torch.randn(4, *law.outputs)
    parameters[:, -law.shared :] = 0.25
    _, _, log_scale = own._terms(parameters)
    assert (log_scale == log_scale.flatten()[0]).all()
    torch.testing.assert_close(law.cell_log_prob(x, parameters), own.cell_log_prob(x, parameters))


def test_widths_of_several_mixtures_are_not_shared():
    with pytest.raises(FieldError, match="mixtures=1"):
        DiscretisedLogistic(3, shared=True)
