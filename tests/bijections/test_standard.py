import pytest
import torch

from likely.bijections import Logistic, Normal
from likely.rng import Keyed


@pytest.mark.parametrize("law", [Normal(), Logistic()], ids=repr)
def test_the_density_is_one_and_is_where_the_draws_fall(law):
    at = torch.linspace(-40, 40, 80_001, dtype=torch.float64)
    density = law.log_prob(at).exp()
    assert (density.sum() * 1e-3).item() == pytest.approx(1, abs=1e-6)
    draws = law.sample((40_000,), like=at, rng=Keyed(0))
    assert draws.mean().item() == pytest.approx(0, abs=0.05)
    assert draws.var().item() == pytest.approx((density * at**2).sum().item() * 1e-3, rel=0.05)


def test_far_codes_are_finite():
    assert Logistic().log_prob(torch.tensor([-1e4, 1e4])).tolist() == [-1e4, -1e4]
