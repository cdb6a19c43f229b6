"""What was observed: its density beside dense Gaussians, probabilities of intervals, and what is known of nothing."""

import pytest
import torch
from scipy.stats import norm
from torch.distributions import MultivariateNormal

from likely.diffusion import JPEG, Blur, Colourise, Downsample, Mask, Matrix, Observed, Within
from likely.diffusion.measured import log_between
from likely.errors import FieldError
from likely.rng import Keyed

PICTURE = (3, 4, 4)


def numbers(*shape, seed=0):
    return Keyed(seed).normal(shape, like=torch.zeros(1, dtype=torch.float64))


def dense(operator, shape):
    """The operator's matrix."""
    size = torch.Size(shape).numel()
    return operator.forward(torch.eye(size, dtype=torch.float64).view(size, *shape)).flatten(1).T


CASES = {
    "blur": (Blur(0.6), PICTURE),
    "downsample": (Downsample(2), PICTURE),
    "colourise": (Colourise(), PICTURE),
    "matrix": (Matrix(numbers(3, 6)), (6,)),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("noise", [0.0, 0.4])
def test_it_is_the_gaussian_s_density(name, noise):
    operator, shape = CASES[name]
    matrix, clean = dense(operator, shape), numbers(5, *shape, seed=1)
    y = operator.forward(numbers(5, *shape, seed=2))
    spread = torch.tensor([0.3, 0.9, 0.1, 2.0, 0.5], dtype=torch.float64)
    told = Observed(operator, y, noise).log_prob(clean, spread)
    for row in range(5):
        wide = spread[row] ** 2 * matrix @ matrix.T + noise**2 * torch.eye(len(matrix))
        law = MultivariateNormal(matrix @ clean[row].flatten(), wide)
        assert torch.allclose(told[row], law.log_prob(y[row].flatten()), atol=1e-4)


def test_a_mask_leaves_out_what_is_unknown():
    x, clean, spread = numbers(4, 5), numbers(4, 5, seed=1), torch.tensor(0.7).double()
    known = numbers(4, 5, seed=2) > 0
    told = Observed(Mask(known), torch.where(known, x, 0.0), 0.2).log_prob(clean, spread)
    cells = torch.distributions.Normal(clean, (0.7**2 + 0.2**2) ** 0.5).log_prob(x)
    assert torch.allclose(told, torch.where(known, cells, 0.0).sum(1))


def test_particles_may_stand_before_rows():
    x, clean = numbers(4, *PICTURE), numbers(3, 4, *PICTURE, seed=1)
    told = Observed(Blur(), Blur().forward(x), 0.1)
    spread = torch.tensor(0.7).double()
    each = torch.stack([told.log_prob(part, spread) for part in clean])
    assert torch.allclose(told.log_prob(clean, spread), each)


def test_of_a_surrogate_the_cells_are_the_axes():
    x, clean = numbers(2, 1, 8, 8) / 4, numbers(2, 1, 8, 8, seed=1) / 4
    y, spread = JPEG(20).forward(x), torch.tensor(0.3).double()
    law = torch.distributions.Normal(JPEG(20).forward(clean), 0.3)
    assert torch.allclose(Observed(JPEG(20), y).log_prob(clean, spread), law.log_prob(y).flatten(1).sum(1))


@pytest.mark.parametrize("middle", [-30.0, -3.0, 0.0, 2.0, 25.0])
@pytest.mark.parametrize("width", [1e-2, 1.0, 10.0])
def test_the_probability_of_an_interval(middle, width):
    low, high = torch.tensor([middle - width / 2]).double(), torch.tensor([middle + width / 2]).double()
    near, far = (norm.logcdf(-low), norm.logcdf(-high)) if middle > 0 else (norm.logcdf(high), norm.logcdf(low))
    wanted = torch.tensor(near) + torch.log1p(-torch.exp(torch.tensor(far - near)))
    assert torch.allclose(log_between(low, high), wanted, atol=1e-6, rtol=1e-6)


def test_bounds_points_and_nothing():
    low = torch.tensor([[0.2, -torch.inf, 0.5, -torch.inf]])
    high = torch.tensor([[0.2, torch.inf, torch.inf, 1.0]])
    clean = torch.tensor([[0.0, 3.0, 0.1, 0.4]], requires_grad=True)
    told = Within(low, high, torch.zeros(1, 4)).log_prob(clean, torch.tensor(0.5))
    wanted = norm.logpdf(0.2, 0, 0.5) + norm.logsf(0.5, 0.1, 0.5) + norm.logcdf(1.0, 0.4, 0.5)
    assert told.item() == pytest.approx(wanted, abs=1e-5)
    (slope,) = torch.autograd.grad(told.sum(), clean)
    assert torch.isfinite(slope).all()
    assert slope[0, 1] == 0


def test_very_far_from_its_bounds_the_slope_still_leads_there():
    low, high = torch.full((1, 2), 0.5), torch.tensor([[torch.inf, 0.5]])
    clean = torch.tensor([[-20.0, 20.0]], requires_grad=True)
    told = Within(low, high, low).log_prob(clean, torch.tensor(0.005))
    (slope,) = torch.autograd.grad(told.sum(), clean)
    assert torch.isfinite(slope).all()
    assert slope[0, 0] > 1000
    assert slope[0, 1] < -1000


def test_what_is_nearest_to_bounds_is_a_mask():
    bounds = Within(torch.tensor([[0.5, -torch.inf]]), torch.tensor([[torch.inf, torch.inf]]), torch.tensor([[1.0, 0]]))
    observed = bounds.observed
    assert observed.operator.known.tolist() == [[True, False]]
    assert observed.observed is observed


def test_noise_is_a_deviation():
    with pytest.raises(FieldError, match="noise is -1"):
        Observed(Blur(), torch.zeros(1, 1, 4, 4), -1)
