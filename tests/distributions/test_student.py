"""Student's t and the normal cell: densities against torch's, draws by Kolmogorov's distance."""

import pytest
import torch
from scipy import stats

from likely.distributions import Normal, Student, draw_student, log_student
from likely.rng import Keyed


def test_density_against_torch():
    torch.manual_seed(0)
    x, mean, log_scale, raw = torch.randn(4, 500, dtype=torch.float64)
    expected = torch.distributions.StudentT(raw.exp() + 0.5, mean, log_scale.exp()).log_prob(x)
    torch.testing.assert_close(log_student(x, mean, log_scale, raw.exp() + 0.5), expected)


@pytest.mark.parametrize("freedom", [0.8, 1.0, 3.0, 40.0])
def test_draws_have_the_distribution(freedom):
    mean = torch.full((20_000,), 0.3, dtype=torch.float64)
    drawn = draw_student(mean, torch.full_like(mean, 0.5), torch.full_like(mean, freedom), Keyed(0))
    standard = ((drawn - 0.3) / torch.tensor(0.5, dtype=torch.float64).exp()).numpy()
    assert stats.kstest(standard, stats.t(freedom).cdf).pvalue > 1e-3


@pytest.mark.parametrize("law", [Normal(), Student()], ids=repr)
def test_a_cell_integrates_to_one_and_draws_what_it_scores(law):
    torch.manual_seed(0)
    raw = torch.randn(1, law.parameters, 1, dtype=torch.float64)
    edges = torch.linspace(-2, 3, 2001, dtype=torch.float64)[:, None]
    density = law.log_prob(edges, raw.expand(2001, -1, -1)).exp().flatten()
    mass = torch.trapezoid(density, edges.flatten())
    drawn = law.draw(raw.expand(40_000, -1, -1), rng=Keyed(0))
    inside = ((drawn > -2) & (drawn < 3)).double().mean()
    assert abs(mass - inside) < 5 * 0.5 / 200
    grid = torch.tan(torch.linspace(-1.5707, 1.5707, 400_001, dtype=torch.float64))[:, None]  # the whole line
    whole = torch.trapezoid(law.log_prob(grid, raw.expand(400_001, -1, -1)).exp().flatten(), grid.flatten())
    assert abs(whole - 1) < 1e-3


def test_degrees_of_freedom_stay_within_reason():
    raw = torch.tensor([[0.0], [0.0], [1e6]]).view(1, 3, 1).requires_grad_()
    assert torch.isfinite(Student().log_prob(torch.tensor([[1e6]]), raw)).all()
    assert torch.isfinite(Student().draw(-raw, rng=Keyed(0))).all()
