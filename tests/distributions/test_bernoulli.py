"""Coins against torch's."""

import pytest
import torch

from likely.distributions import Bernoulli
from likely.errors import FieldError
from likely.rng import Keyed
from likely.spaces import Image, reals

SPACE = Image(2, 3, 3, 2)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_against_torch(dtype):
    torch.manual_seed(0)
    law, raw = Bernoulli().law(SPACE), 3 * torch.randn(50, 2, 3, 3, dtype=dtype)
    x = torch.randint(0, 2, raw.shape).to(dtype)
    torch.testing.assert_close(law.cell_log_prob(x, raw), torch.distributions.Bernoulli(logits=raw).log_prob(x))
    ways = law.cell_log_prob(torch.zeros_like(x), raw).exp() + law.cell_log_prob(torch.ones_like(x), raw).exp()
    torch.testing.assert_close(ways, torch.ones_like(ways))


def test_certain_coins():
    law, x = Bernoulli().law(Image(1, 1, 3, 2)), torch.tensor([[[[1.0, 0.0, 1.0]]]])
    scored = law.cell_log_prob(x, torch.tensor([[[[2000.0, -2000.0, -2000.0]]]]))
    assert scored.flatten().tolist() == [0.0, 0.0, -2000.0]


def test_frequencies():
    torch.manual_seed(0)
    law, raw = Bernoulli().law(SPACE), torch.randn(1, 2, 3, 3, dtype=torch.float64)
    drawn = law.sample(raw.expand(20_000, -1, -1, -1), rng=Keyed(0))
    assert ((drawn.mean(0) - raw[0].sigmoid()).abs() < 5 * 0.5 / 20_000**0.5).all()
    assert (law.mean(raw) == (raw > 0)).all()


def test_missing_pixels_are_left_out():
    law, raw = Bernoulli().law(SPACE), torch.randn(1, 2, 3, 3, requires_grad=True)
    scored = law.cell_log_prob(torch.full((1, 2, 3, 3), torch.nan), raw)
    scored.sum().backward()
    assert (scored == 0).all()
    assert (raw.grad == 0).all()


def test_half_precision_parameters_are_widened():
    law, raw = Bernoulli().law(SPACE), torch.randn(1, 2, 3, 3).bfloat16()
    assert law.log_prob(torch.zeros(1, 2, 3, 3), raw).dtype == torch.float32


@pytest.mark.parametrize("space", [reals(2), Image(1, 2, 2, 3), Image(1, 2, 2, None)])
def test_spaces_it_is_not_for(space):
    with pytest.raises(FieldError, match="2 levels"):
        Bernoulli().law(space)
