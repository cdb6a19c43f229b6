"""The oracles that every bijection answers to: autograd's Jacobian, and the way back."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from likely.bijections import Bijection

Law = Callable[..., None]


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture
def jacobian_agrees() -> Law:
    """Row by row in float64: ladj = log|det dz/dx| by autograd, and the inverse's is minus that at z."""

    def check(bijection: Bijection, x: Tensor, context: Tensor | None = None, tolerance: float = 1e-8) -> None:
        bijection.double()
        with torch.no_grad():
            z, ladj = bijection(x, context)
            back, back_ladj = bijection.inverse(z, context)
        for i in range(len(x)):
            given = None if context is None else context[i : i + 1]
            jacobian = torch.autograd.functional.jacobian(lambda row, c=given: bijection(row, c)[0], x[i : i + 1])
            size = x[0].numel()
            assert ladj[i].item() == pytest.approx(jacobian.view(size, size).slogdet()[1].item(), abs=tolerance)
        assert ladj.shape == back_ladj.shape == (len(x),)
        torch.testing.assert_close(back, x, atol=1e-7, rtol=1e-7)
        torch.testing.assert_close(back_ladj, -ladj, atol=1e-6, rtol=1e-7)

    return check


@pytest.fixture
def disturbed() -> Callable[[Bijection], Bijection]:
    """The bijection with every weight moved well away from where it starts."""

    def move(bijection: Bijection, size: float = 0.3) -> Bijection:
        with torch.no_grad():
            for parameter in bijection.parameters():
                parameter.add_(size * torch.randn_like(parameter))
        return bijection

    return move
