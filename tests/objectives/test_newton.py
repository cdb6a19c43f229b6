"""Newton's method over passes, on functions whose least value is known."""

import pytest
import torch

from likely.objectives.newton import LARGEST, Newton

TARGET = torch.linspace(-1, 2, 5, dtype=torch.float64)


def minimised(newton: Newton, ridge, told, passes: int = 300) -> int:
    """Passes until it says that it is done."""
    for turn in range(passes):
        x = newton.point.clone().requires_grad_()
        for part in told(x):
            gradient = torch.autograd.grad(part, x, retain_graph=True)[0]
            curvature = torch.autograd.functional.hessian(lambda z: told(z)[0], newton.point) if newton.whole else None
            newton.observe(part.detach(), gradient, curvature)
        if not newton.finish(ridge):
            return turn + 1
    raise AssertionError("not done")


def quartic(x):
    """A convex function in two parts."""
    apart = x - TARGET
    return [(apart.square() + apart**4).sum() / 2] * 2


def test_the_least_value_of_a_convex_function_in_few_passes() -> None:
    newton = Newton(5)
    assert minimised(newton, torch.zeros(5, dtype=torch.float64), quartic) < 12
    torch.testing.assert_close(newton.kept, TARGET, atol=1e-8, rtol=0)
    assert newton.curvature.numel() == 0


def test_steps_that_go_too_far_are_halved() -> None:
    newton = Newton(1)
    far = torch.tensor([20.0], dtype=torch.float64)
    told = lambda x: [torch.log(torch.cosh(x - 5)).sum() + 1e-3 * (x - 5).square().sum()]  # noqa: E731
    newton.point = far  # flat there: Newton's own step leads far past the minimum
    newton.kept = far
    minimised(newton, torch.zeros(1, dtype=torch.float64), told)
    assert float(newton.kept) == pytest.approx(5.0, abs=1e-6)


def test_many_unknowns_without_their_curvature() -> None:
    size = LARGEST + 1
    scale = torch.logspace(0, 2, size, dtype=torch.float64)
    target = torch.sin(torch.arange(size, dtype=torch.float64))
    newton = Newton(size)
    minimised(newton, torch.zeros(size, dtype=torch.float64), lambda x: [(scale * (x - target).square()).sum()])
    torch.testing.assert_close(newton.kept, target, atol=1e-4, rtol=0)
    assert len(newton.steps) == 0


def test_the_ridge_is_added() -> None:
    newton = Newton(5)
    minimised(newton, torch.full((5,), 3.0, dtype=torch.float64), lambda x: [(x - TARGET).square().sum() / 2])
    torch.testing.assert_close(newton.kept, TARGET / 4)


def test_more_passes_after_the_end_start_from_there() -> None:
    newton = Newton(5)
    zero = torch.zeros(5, dtype=torch.float64)
    minimised(newton, zero, quartic)
    assert minimised(newton, zero, quartic) == 1
