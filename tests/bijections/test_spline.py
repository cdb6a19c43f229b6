"""The spline against its formulas written plainly, autograd, and the way back."""

import pytest
import torch

from likely.bijections import Spline, spline
from likely.bijections.knots import locate
from likely.bijections.spline import Frame, _bisected, _CompiledCurve
from likely.errors import FieldError


def _plain(x, parameters, form):
    """(1) and (2) in autograd's hands, from the bin found by `locate` (tested on its own)."""
    inner = x.clamp(-form.tail, form.tail)
    logits = parameters[:, : 2 * form.bins].unflatten(1, (2, form.bins))
    sizes = 2 * form.tail * (1e-3 + (1 - form.bins * 1e-3) * logits.softmax(2))
    knots = torch.nn.functional.pad(sizes.cumsum(2), (0, 0, 1, 0)) - form.tail
    k = (inner[:, None] >= knots[:, 0, 1:-1]).sum(1, keepdim=True)
    limit = torch.tensor(1e3, dtype=x.dtype).log()
    slopes = torch.exp(
        limit * torch.tanh(torch.nn.functional.pad(parameters[:, 2 * form.bins :], (0, 0, 1, 1)) / limit)
    )
    pick = [table.gather(1, k)[:, 0] for table in (knots[:, 0], sizes[:, 0], knots[:, 1], sizes[:, 1], slopes)]
    left, width, low, height, before = pick
    after = slopes.gather(1, k + 1)[:, 0]
    s, xi = height / width, (inner - left) / width
    t = xi * (1 - xi)
    bottom = s + (before + after - 2 * s) * t
    z = low + height * (s * xi**2 + before * t) / bottom
    slope = s**2 * (after * xi**2 + 2 * s * t + before * (1 - xi) ** 2) / bottom**2
    inside = x.abs() < form.tail
    return torch.where(inside, z, x), torch.where(inside, slope, torch.ones_like(slope)).log()


def _case(groups=1, n=300, size=1.5, bins=8, dtype=torch.float64):
    form = Spline(bins=bins)
    x = 3 * torch.randn(groups, n, dtype=dtype)
    return form, x, size * torch.randn(groups, form.outputs, n, dtype=dtype)


@pytest.mark.parametrize(("groups", "bins"), [(1, 8), (3, 5), (1, 2)])
def test_values_and_gradients_are_those_of_the_formulas(groups, bins):
    form, x, parameters = _case(groups, bins=bins)
    x.requires_grad_()
    parameters.requires_grad_()
    weights = torch.randn(2, *x.shape, dtype=torch.float64)
    seen, wanted = form.forward(x, parameters), _plain(x, parameters, form)
    compiled = _CompiledCurve.apply(x, parameters, Frame(form.bins, form.tail))
    for pair in (seen, compiled):
        for value, want in zip(pair, wanted):
            torch.testing.assert_close(value, want)
        gradients, oracle = (
            torch.autograd.grad((weights[0] * z + weights[1] * ladj).sum(), (x, parameters), retain_graph=True)
            for z, ladj in (pair, wanted)
        )
        for gradient, want in zip(gradients, oracle):
            torch.testing.assert_close(gradient, want, rtol=1e-6, atol=1e-8)


def test_the_inverse_and_its_gradient():
    form, x, parameters = _case(n=8)
    parameters.requires_grad_()
    z, ladj = (value.detach() for value in form.forward(x, parameters))
    z.requires_grad_()
    back, back_ladj = form.inverse(z, parameters)
    torch.testing.assert_close(back, x, atol=1e-9, rtol=1e-9)
    torch.testing.assert_close(back_ladj, -ladj, atol=1e-8, rtol=1e-8)
    assert torch.autograd.gradcheck(form.inverse, (z, parameters), atol=1e-4, rtol=1e-3)


def test_zero_parameters_are_the_identity():
    form, x, parameters = _case()
    z, ladj = form.forward(x, 0 * parameters)
    torch.testing.assert_close(z, x)
    torch.testing.assert_close(ladj, torch.zeros_like(x))


@pytest.mark.parametrize("size", [0.3, 3.0, 30.0, 1e4])
def test_any_parameters_give_a_finite_monotone_curve(size):
    """Bins of a thousandth of the width, slopes of a thousand: increasing to rounding, never NaN, with gradients."""
    form = Spline()
    x = torch.linspace(-6, 6, 4001).view(1, -1)
    parameters = (size * torch.randn(1, form.outputs, 1)).expand(-1, -1, 4001).contiguous().requires_grad_()
    z, ladj = form.forward(x, parameters)
    z.sum().add(ladj.sum()).backward()
    assert (z.diff() >= -2e-6).all()
    assert ladj.isfinite().all()
    assert parameters.grad.isfinite().all()
    back, back_ladj = form.inverse(z.detach(), parameters.detach())
    again, _ = form.forward(back, parameters.detach())
    torch.testing.assert_close(again, z, atol=2e-3, rtol=1e-4)
    assert back_ladj.isfinite().all()


def test_the_inverse_of_the_steepest_curves_in_float64():
    form, x, parameters = _case(size=20.0, n=3000)
    z, _ = form.forward(x, parameters)
    back, _ = form.inverse(z, parameters)
    assert (form.forward(back, parameters)[0] - z).abs().max() < 1e-8


@pytest.mark.parametrize("value", [1e6, -1e6, 1e30, float("inf"), 5.0, -5.0])
def test_the_tails_are_the_identity(value):
    form, _, parameters = _case(dtype=torch.float32)
    x = torch.full((1, 300), value)
    for z, ladj in (form.forward(x, parameters), form.inverse(x, parameters)):
        torch.testing.assert_close(z, x, atol=1e-5, rtol=1e-6)
        assert abs(value) == 5 or (ladj == 0).all()


def test_a_missing_number_stays_missing_and_breaks_nothing():
    form, x, parameters = _case(n=4)
    x[0, 1] = float("nan")
    z, _ = form.forward(x, parameters)
    assert z.isnan().tolist() == [[False, True, False, False]]
    assert locate(x, parameters, Frame(8, 5.0), 0)[0].size.isfinite().all()


@pytest.mark.parametrize("wrong", [{"bins": 1}, {"bins": 1000}, {"tail": 0.0}, {"tail": float("inf")}])
def test_unusable_fields_are_told(wrong):
    with pytest.raises(FieldError):
        Spline(**wrong)


@pytest.mark.slow
def test_compiled_equals_eager():
    form, x, parameters = _case(dtype=torch.float32)
    compiled = torch.compile(form.forward)
    torch.testing.assert_close(compiled(x, parameters)[0], form.forward(x, parameters)[0], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_root_is_found_without_the_closed_form_too(dtype):
    """By bisection alone, at any parameters: the same x to rounding."""
    torch.manual_seed(0)
    frame = Frame(8, 5.0)
    z, parameters = torch.rand(1, 5000, dtype=dtype) * 10 - 5, 5 * torch.randn(1, 23, 5000, dtype=dtype)
    x, _ = Spline().inverse(z, parameters)
    at, _ = locate(z, parameters, frame, 1)
    xi = _bisected((z - at.start[:, 1]).clamp(min=0).minimum(at.size[:, 1]), at)
    near = at.start[:, 0] + at.size[:, 0] * xi
    assert (near - x).abs().max() < (2e-4 if dtype == torch.float32 else 1e-11)


def test_a_closed_form_that_fails_is_replaced(monkeypatch):
    """Were the formula wrong by far, the check would see it and look for the root."""
    torch.manual_seed(0)
    z, parameters = torch.rand(1, 300) * 10 - 5, torch.randn(1, 23, 300)
    right = Spline().inverse(z, parameters)
    monkeypatch.setattr(spline, "_closed", lambda y, at: torch.full_like(y, float("nan")))
    found = Spline().inverse(z, parameters)
    torch.testing.assert_close(found[0], right[0], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found[1], right[1], atol=1e-3, rtol=1e-3)
