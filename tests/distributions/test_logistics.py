"""A mixture of logistics: it integrates to one, its draws are of it, and it starts where the values lie."""

import pytest
import torch

from likely.contracts import Sharpness
from likely.distributions import Logistics
from likely.errors import FieldError
from likely.rng import Keyed


def raw(law, rows=1):
    torch.manual_seed(0)
    return torch.randn(rows, law.parameters, 1, dtype=torch.float64)


@pytest.mark.parametrize("components", [1, 4])
def test_the_density_integrates_to_one_and_draws_follow_it(components):
    law = Logistics(components)
    grid = torch.linspace(-60, 60, 200_001, dtype=torch.float64)
    density = law.log_prob(grid[:, None], raw(law).expand(len(grid), -1, -1))[:, 0].exp()
    below = torch.cumulative_trapezoid(density, grid)
    assert below[-1] == pytest.approx(1, abs=1e-6)
    x = law.draw(raw(law).expand(20_000, -1, -1), rng=Keyed(0))[:, 0]
    for at in (-2.0, 0.0, 1.0):
        assert (x < at).double().mean() == pytest.approx(below[(grid < at).sum() - 1].item(), abs=0.015)


def test_a_low_temperature_leaves_the_likeliest_term_s_mean():
    law = Logistics(3)
    x = law.draw(raw(law).expand(9, -1, -1), rng=Keyed(0), sharpness=Sharpness(temperature=1e-6))
    log_weight, mean, _ = law._terms(raw(law))
    assert torch.allclose(x, mean[0, log_weight[0, :, 0].argmax(), 0].expand(9, 1), atol=1e-3)


@pytest.mark.parametrize("components", [1, 2, 10])
def test_it_starts_with_the_values_law(components):
    values = torch.cat(
        [Keyed(0).normal((500,), like=torch.empty(0)), 6 + 0.1 * Keyed(1).normal((500,), like=torch.empty(0))]
    )
    law = Logistics(components)
    start = law.start(values.double())[None, :, None]
    x = law.draw(start.expand(4000, -1, -1), rng=Keyed(2))[:, 0]
    assert x.median() == pytest.approx(values.mean().item(), abs=2.6)
    if components == 10:
        assert ((x > 5) & (x < 7)).double().mean() == pytest.approx(0.5, abs=0.08)
        told = law.log_prob(values.double()[:, None], start.expand(1000, -1, -1)).mean()
        assert told > -1.6  # of a normal of their moments: -2.6


def test_one_value_is_a_start_too():
    assert torch.isfinite(Logistics(5).start(torch.zeros(1))).all()


def test_no_components_are_refused():
    with pytest.raises(FieldError, match=r"components cannot be 0"):
        Logistics(0)
