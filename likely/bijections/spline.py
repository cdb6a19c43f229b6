r"""Monotone rational-quadratic splines on [-T, T], the identity beyond.

K bins with widths w_k and heights h_k (shares of 2T, each at least a thousandth) and slopes d_k at the knots, 1 at the
two ends. In the bin that holds x, with s = h / w, xi = (x - x_k) / w, t = xi (1 - xi) and c = d_k + d_{k+1} - 2 s:

    z = z_k + h r,  r = xi (s xi + d_k (1 - xi)) / D,  D = s + c t                          (1)
    dz/dx = A (s / D)^2,  A = d_{k+1} xi^2 + 2 s t + d_k (1 - xi)^2                         (2)
    a xi^2 + b xi = s y,  y = z - z_k,  a = h (s - d_k) + y c,  b = h d_k - y c             (3)

Neural Spline Flows (Durkan et al., 2019), arXiv:1906.04032
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import torch
from torch import Tensor

from likely.bijections.elementwise import Elementwise
from likely.errors import FieldError

LEAST = 1e-3  # the smallest share of a bin
STEEP = math.log(1e3)  # the log-slopes at the knots stay within this


@final
@dataclass(frozen=True, kw_only=True)
class Spline(Elementwise):
    """A rational-quadratic spline with linear tails."""

    bins: int = 8  # more bins bend more finely, and cost in proportion
    tail: float = 5.0  # the identity outside [-tail, tail]

    def __post_init__(self) -> None:
        if not 2 <= self.bins <= 500:
            raise FieldError(f"a spline cannot have {self.bins} bins", expected="2 to 500 bins")
        if not 0 < self.tail < math.inf:
            raise FieldError(f"a spline cannot have tail={self.tail}", expected="a positive number, e.g. 5.0")

    @property
    def outputs(self) -> int:
        return 3 * self.bins - 1

    def forward(self, x: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        return _Curve.apply(x, parameters.contiguous(), self)  # type: ignore[return-value]

    def inverse(self, z: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            x, ladj = _solve(z, parameters.contiguous(), self)
        if not torch.is_grad_enabled() or not (z.requires_grad or parameters.requires_grad):
            return x, ladj
        near, slope = self.forward(x, parameters)
        x = x - (near - z) * (-slope.detach()).exp()  # one Newton step: it carries the implicit gradient
        return x, -self.forward(x, parameters)[1]


class Bin(NamedTuple):
    """The bin that holds each cell: (A, n) all."""

    left: Tensor  # x_k
    width: Tensor
    low: Tensor  # z_k
    height: Tensor
    slope: Tensor  # d_k
    next_slope: Tensor  # d_{k+1}


class Ratio(NamedTuple):
    """The terms of (1) and (2) at xi: (A, n) all."""

    rest: Tensor  # 1 - xi
    t: Tensor
    s: Tensor
    c: Tensor
    D: Tensor
    r: Tensor
    A: Tensor
    ladj: Tensor  # log dz/dx


class Place(NamedTuple):
    """Which bin holds each cell, in the forms that the gradient needs."""

    shares: Tensor  # (A, 2, K, n): widths and heights as shares
    passed: Tensor  # (A, K + 1, n): 1 where the cell lies beyond the left end of bin k, else 0
    k: Tensor  # (A, n): the bin's number, as a real


def _ratio(xi: Tensor, at: Bin) -> Ratio:
    rest = 1 - xi
    t = xi * rest
    s = at.height / at.width
    c = torch.add(at.slope + at.next_slope, s, alpha=-2)
    D = torch.addcmul(s, c, t)  # (1)
    r = xi * torch.addcmul(at.slope * rest, s, xi) / D  # (1)
    A = torch.addcmul(at.next_slope * xi * xi + at.slope * rest * rest, s, t, value=2)
    return Ratio(rest, t, s, c, D, r, A, torch.log(A * (s / D) ** 2))  # (2)


def _locate(v: Tensor, parameters: Tensor, form: Spline, axis: int) -> tuple[Bin, Place]:
    """The bin of each v, seen along x (axis 0) or z (axis 1), by comparison with all knots."""
    groups, _, n = parameters.shape
    bins = form.bins
    shares = parameters[:, : 2 * bins].unflatten(1, (2, bins)).softmax(2)
    with torch.autocast(v.device.type, enabled=False):
        knots = torch.matmul(_staircase(form, shares), shares)  # (A, 2, K, n): the left end of each bin
    passed = v.new_empty(groups, bins + 1, n)
    passed[:, 0], passed[:, bins] = 1, 0
    torch.ge(v.unsqueeze(1), knots[:, axis, 1:], out=passed[:, 1:bins])  # as reals: masks are multiplied
    k = passed[:, 1:bins].sum(1)
    at = torch.add(torch.arange(n, device=v.device), k.long(), alpha=n)
    group = torch.arange(groups, device=v.device)[:, None] * n
    left, low = (_picked(knots, at + group * (2 * bins), row * bins * n) for row in (0, 1))
    width, height = (_picked(shares, at + group * (2 * bins), row * bins * n) for row in (0, 1))
    before, after = _slopes(parameters, at + group * (3 * bins - 1), passed, bins)
    size, least = 2 * form.tail * (1 - bins * LEAST), 2 * form.tail * LEAST
    return Bin(left, width * size + least, low, height * size + least, before, after), Place(shares, passed, k)


def _slopes(parameters: Tensor, at: Tensor, passed: Tensor, bins: int) -> tuple[Tensor, Tensor]:
    """d_k and d_{k+1}: e^{bounded}, and 1 at the two ends."""
    n = parameters.shape[2]
    before = _picked(parameters, at, (2 * bins - 1) * n) * passed[:, 1]
    after = _picked(parameters, at - passed[:, bins - 1].long() * n, 2 * bins * n) * (1 - passed[:, bins - 1])
    return _bounded(before), _bounded(after)


def _bounded(raw: Tensor) -> Tensor:
    return (raw / STEEP).tanh_().mul_(STEEP).exp_()


def _picked(table: Tensor, at: Tensor, start: int) -> Tensor:
    return table.view(-1)[start:].index_select(0, at.view(-1)).view(at.shape)


def _staircase(form: Spline, like: Tensor) -> Tensor:
    """(K, K): the shares' left knots, as one matrix product (shares sum to 1, so that constants are linear in them)."""
    steps = torch.arange(form.bins, dtype=like.dtype, device=like.device)[:, None]
    before = torch.ones(form.bins, form.bins, dtype=like.dtype, device=like.device).tril_(-1)
    return before.mul_(1 - form.bins * LEAST).add_(steps * LEAST).mul_(2 * form.tail).sub_(form.tail)


@final
class _Curve(torch.autograd.Function):
    """z and log dz/dx with their gradient by hand: autograd would keep some thirty arrays and walk them twice."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, parameters: Tensor, form: Spline) -> tuple[Tensor, Tensor]:
        inner = x.clamp(-form.tail, form.tail)
        at, place = _locate(inner, parameters, form, 0)
        xi = ((inner - at.left) / at.width).clamp_(0, 1)
        ratio = _ratio(xi, at)
        ctx.form = form
        ctx.save_for_backward(x, inner, xi, *at, *ratio, *place)
        z = torch.addcmul(at.low, at.height, ratio.r)  # (1)
        return z.add_(x).sub_(inner), ratio.ladj  # at the ends z = x and the slope is 1: the tails need no mask

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gz: Tensor, gl: Tensor) -> tuple[Tensor, Tensor, None]:
        x, inner, xi, *saved = ctx.saved_tensors
        at, ratio, place = Bin(*saved[:6]), Ratio(*saved[6:14]), Place(*saved[14:])
        gx, pieces = _gradient(gz, gl, xi, at, ratio)
        inside = torch.eq(x, inner).to(x.dtype)
        return torch.addcmul(gz, gx - gz, inside), _spread(pieces, at, place, ctx.form), None


def _gradient(gz: Tensor, gl: Tensor, xi: Tensor, at: Bin, of: Ratio) -> tuple[Tensor, Bin]:
    """d/dx of a loss, and d/d(each number of the bin), from its d/dz and d/dladj: (1) and (2) differentiated."""
    lean, over = of.rest - xi, 1 / of.D
    twice, upon = 2 * gl, gl / of.A
    hook = gz * at.height * over
    half = twice * of.t * over
    bend = at.next_slope * xi + of.s * lean - at.slope * of.rest
    gx = gz * of.ladj.exp() + (2 * upon * bend - twice * of.c * lean * over) / at.width
    flat = 1 - 2 * of.t
    gs = hook * (xi * xi - of.r * flat) + twice / of.s + 2 * upon * of.t - twice * flat * over
    before = hook * of.t * (1 - of.r) + upon * of.rest * of.rest - half
    after = upon * xi * xi - half - hook * of.t * of.r
    by_width = gs / at.width
    return gx, Bin(-gx, -xi * gx - by_width * of.s, gz, torch.addcmul(by_width, gz, of.r), before, after)


def _spread(pieces: Bin, at: Bin, place: Place, form: Spline) -> Tensor:
    """From the gradient of the bin's numbers to that of all parameters (A, P, n): the softmax and the slopes."""
    bins, size, least = form.bins, 2 * form.tail * (1 - form.bins * LEAST), 2 * form.tail * LEAST
    groups, _, n = place.passed.shape
    gp = pieces.left.new_empty(groups, form.outputs, n)
    ends = torch.stack((pieces.left, pieces.low), 1)
    own = torch.stack((pieces.width, pieces.height), 1)
    starts = torch.stack((at.left, at.low), 1).add_(form.tail).sub_(place.k.unsqueeze(1) * least)
    mean = ends * starts + own * (torch.stack((at.width, at.height), 1) - least)
    logits = gp[:, : 2 * bins].unflatten(1, (2, bins))
    mask = place.passed.unsqueeze(1)
    torch.addcmul(-mean.unsqueeze(2), mask[:, :, :bins], (own * size).unsqueeze(2), out=logits)
    logits.addcmul_(mask[:, :, 1:], ((ends - own) * size).unsqueeze(2)).mul_(place.shares)
    before, after = (
        (g * d * (1 - (d.log() / STEEP) ** 2)).unsqueeze(1)
        for g, d in ((pieces.slope, at.slope), (pieces.next_slope, at.next_slope))
    )
    slopes = gp[:, 2 * bins :]
    torch.mul(place.passed[:, : bins - 1], after, out=slopes)
    slopes.addcmul_(place.passed[:, 1:bins], before - after).addcmul_(place.passed[:, 2:], before, value=-1)
    return gp


def _solve(z: Tensor, parameters: Tensor, form: Spline) -> tuple[Tensor, Tensor]:
    """x and log dx/dz, in closed form: the root of (3) by the formula that never subtracts equals, then polished."""
    inner = z.clamp(-form.tail, form.tail)
    at, _ = _locate(inner, parameters, form, 1)
    s = at.height / at.width
    y = torch.minimum((inner - at.low).clamp_(min=0), at.height)
    bent = y * (at.slope + at.next_slope - 2 * s)
    a, b = at.height * (s - at.slope) + bent, at.height * at.slope - bent
    root = (b * b + 4 * a * s * y).clamp_(min=0).sqrt_()
    tiny = torch.finfo(z.dtype).tiny
    xi = torch.where(b > 0, 2 * s * y / (b + root).clamp_(min=tiny), (root - b) / (2 * a).clamp_(min=tiny)).clamp_(0, 1)
    ratio = _ratio(xi, at)
    off = (ratio.r * at.height - y) / (at.width * ratio.ladj.exp())
    xi = (xi - off).clamp_(0, 1)
    x = torch.addcmul(at.left, at.width, xi)
    return x.add_(z).sub_(inner), -_ratio(xi, at).ladj
