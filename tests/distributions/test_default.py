"""Every kind of space has a law, and the law fits the space."""

import math

import pytest
import torch

from likely.contracts import Space
from likely.distributions import law_of
from likely.errors import FieldError
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Series, Tokens, Vector, Wave

LAWS = {
    "MixedLaw": Vector((Real(), Count(missing=True), Category(3))),
    "BernoulliLaw": Image(1, 4, 4, 2),
    "DiscretisedLogisticLaw": Image(3, 4, 4, 256),
    "GaussianLaw": Image(3, 4, 4, None),
    "CategoricalLaw": Tokens(5, 6),
}


@pytest.mark.parametrize(
    ("name", "space"),
    [
        *LAWS.items(),
        ("GaussianLaw", Series(2, 5)),
        ("GaussianLaw", Wave(8, 9, None)),
        ("BernoulliLaw", Series(2, 5, 2)),
        ("DiscretisedLogisticLaw", Wave(8, 9)),
        ("CellByCell", Series(2, 5, None, True)),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_law_of_each_space(name, space, dtype):
    law = law_of(space)
    assert type(law).__name__ == name
    raw = torch.randn(5, *law.outputs, dtype=dtype, requires_grad=True)
    x = law.sample(raw, rng=Keyed(0)).detach()
    assert x.shape == (5, *space.shape) == law.mean(raw).shape
    scored = law.log_prob(x, raw)
    assert scored.shape == (5,)
    assert scored.dtype == dtype
    scored.sum().backward()
    assert torch.isfinite(raw.grad).all()


def test_an_unknown_space():
    class Graph(Space):
        @property
        def shape(self):
            return (3,)

    with pytest.raises(FieldError, match="no observation law"):
        law_of(Graph())


def test_one_scale_for_all_reals_makes_a_misfit_half_the_squared_error():
    space = Vector((Real(), Category(3), Real()))
    law, x = law_of(space, scale=1.0), torch.tensor([[0.5, 2.0, -1.0]])
    parameters = torch.zeros(1, *law.outputs)
    assert law_of(Image(1, 2, 2, None), scale=1.0).outputs == (1, 2, 2)
    expected = -math.log(3) - 0.5 * (0.25 + 1.0) - math.log(2 * math.pi)
    assert law.log_prob(x, parameters).item() == pytest.approx(expected, rel=1e-5)
    drawn = law_of(space, scale=0.1).sample(torch.zeros(4000, *law.outputs), rng=Keyed(0))
    assert drawn[:, 0].std().item() == pytest.approx(0.1, rel=0.05)
    with pytest.raises(FieldError, match="scale"):
        law_of(space, scale=0.0)
