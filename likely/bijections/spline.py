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
from torch.autograd.function import once_differentiable

from likely.bijections.elementwise import Elementwise
from likely.bijections.knots import Bin, Frame, Place, locate, locate_stepwise, spread, spread_stepwise
from likely.bijections.root import rising_root
from likely.errors import FieldError

NEAR = 1e-3  # of its bin's height: how near the closed form must come, or the root is looked for instead


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

    @property
    def reach(self) -> float:
        return self.tail

    def forward(self, x: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        curve = _CompiledCurve if torch.compiler.is_compiling() else _Curve
        return curve.apply(x, parameters.contiguous(), Frame(self.bins, self.tail))  # type: ignore[return-value]

    def inverse(self, z: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            x, ladj = _solve(z, parameters.contiguous(), Frame(self.bins, self.tail))
        if not torch.is_grad_enabled() or not (z.requires_grad or parameters.requires_grad):
            return x, ladj
        near, slope = self.forward(x, parameters)
        x = x - (near - z) * (-slope.detach()).exp()  # one Newton step: it carries the implicit gradient
        return x, -self.forward(x, parameters)[1]


class Ratio(NamedTuple):
    """The terms of (1) and (2) at xi: (A, n) all."""

    rest: Tensor  # 1 - xi
    t: Tensor
    s: Tensor
    c: Tensor
    over: Tensor  # 1 / D
    r: Tensor
    A: Tensor
    steep: Tensor  # dz/dx


def _ratio(xi: Tensor, at: Bin) -> Ratio:
    (width, height), (before, after) = at.size.unbind(1), at.slope.unbind(1)
    rest = 1 - xi
    t = xi * rest
    s = height / width
    c = torch.add(before + after, s, alpha=-2)
    over = torch.addcmul(s, c, t).reciprocal()
    r = torch.addcmul(before * rest, s, xi) * xi * over  # (1)
    A = torch.addcmul(after * xi * xi, before * rest, rest).addcmul(s, t, value=2)
    scaled = s * over
    return Ratio(rest, t, s, c, over, r, A, A * scaled * scaled)  # (2)


@final
class _Curve(torch.autograd.Function):
    """z and log dz/dx with their gradient by hand: autograd would keep some thirty arrays and walk them twice."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, parameters: Tensor, frame: Frame) -> tuple[Tensor, Tensor]:
        inner = x.clamp(-frame.tail, frame.tail)
        at, place = locate(inner, parameters, frame, 0)
        z, ladj, inside, xi, ratio = _curve(x, inner, at)
        ctx.frame = frame
        ctx.save_for_backward(inside, xi, *at, *ratio, *place)
        return z, ladj

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gz: Tensor, gl: Tensor) -> tuple[Tensor, Tensor, None]:
        inside, xi, *saved = ctx.saved_tensors
        at, ratio, place = Bin(*saved[:3]), Ratio(*saved[3:11]), Place(*saved[11:])
        gx, pieces = _gradient(gz, gl, inside, xi, at, ratio)
        return gx, spread(pieces, at, place, ctx.frame), None


@final
class _CompiledCurve(torch.autograd.Function):
    """The same for a compiler, which fuses it into one pass: to compute again is cheaper than to keep."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, parameters: Tensor, frame: Frame) -> tuple[Tensor, Tensor]:
        inner = x.clamp(-frame.tail, frame.tail)
        at, _ = locate_stepwise(inner, parameters, frame, 0)
        ctx.frame = frame
        ctx.save_for_backward(x, parameters)
        return _curve(x, inner, at)[:2]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gz: Tensor, gl: Tensor) -> tuple[Tensor, Tensor, None]:
        x, parameters = ctx.saved_tensors
        inner = x.clamp(-ctx.frame.tail, ctx.frame.tail)
        at, place = locate_stepwise(inner, parameters, ctx.frame, 0)
        _, _, inside, xi, ratio = _curve(x, inner, at)
        gx, pieces = _gradient(gz, gl, inside, xi, at, ratio)
        return gx, spread_stepwise(pieces, at, place, ctx.frame), None


def _curve(x: Tensor, inner: Tensor, at: Bin) -> tuple[Tensor, Tensor, Tensor, Tensor, Ratio]:
    """z, log dz/dx, whether x is inside (1 or 0), xi and the terms. At the ends z = x: the tails go on from there."""
    xi = ((inner - at.start[:, 0]) / at.size[:, 0]).clamp(0, 1)
    ratio = _ratio(xi, at)
    inside = torch.eq(x, inner).to(x.dtype)
    z = torch.addcmul(at.start[:, 1], at.size[:, 1], ratio.r) + (x - inner)  # (1)
    return z, ratio.steep.log() * inside, inside, xi, ratio


def _gradient(gz: Tensor, gl: Tensor, inside: Tensor, xi: Tensor, at: Bin, of: Ratio) -> tuple[Tensor, Bin]:
    """d/dx of a loss, and d/d(each number of the bin), from its d/dz and d/dladj: (1) and (2) differentiated."""
    beyond = gz * (1 - inside)
    gz, gl = gz - beyond, gl * inside
    (width, height), (before, after) = at.size.unbind(1), at.slope.unbind(1)
    lean, square = of.rest - xi, xi * xi
    hook = gz * height * of.over
    upon, bent = gl / of.A, torch.add(gl, gl) * of.over
    pull = torch.addcmul(bent, hook, of.r)
    rise = torch.addcmul(after * xi, of.s, lean).addcmul(before, of.rest, value=-1)  # half of dA/dxi
    gx = torch.addcmul((rise * upon).mul(2), bent * of.c, lean, value=-1)
    gx = torch.addcmul(gx / width, gz, of.steep)
    gs = torch.addcmul(gl / of.s, upon, of.t).mul(2).addcmul(hook, square)
    gs = gs.sub(pull).addcmul(pull, of.t, value=2) / width
    starts = torch.stack((-gx, gz), 1)
    sizes = torch.stack((torch.addcmul(xi * gx, gs, of.s).neg(), torch.addcmul(gs, gz, of.r)), 1)
    low = torch.addcmul(of.t * (hook - pull), upon, of.rest * of.rest)
    high = torch.addcmul(upon * square, of.t, pull, value=-1)
    return gx + beyond, Bin(starts, sizes, torch.stack((low, high), 1))


def _solve(z: Tensor, parameters: Tensor, frame: Frame) -> tuple[Tensor, Tensor]:
    """x and log dx/dz: the bin, the root of (3) in it, and by bisection where the formula did not find one."""
    inner = z.clamp(-frame.tail, frame.tail)
    find = locate_stepwise if torch.compiler.is_compiling() else locate
    at, _ = find(inner, parameters, frame, 1)
    height = at.size[:, 1]
    y = torch.minimum((inner - at.start[:, 1]).clamp(min=0), height)
    xi = _closed(y, at)
    ratio = _ratio(xi, at)
    if not torch.compiler.is_compiling() and not bool(((ratio.r * height - y).abs() <= NEAR * height).all()):
        xi = _bisected(y, at)
        ratio = _ratio(xi, at)
    x = torch.addcmul(at.start[:, 0], at.size[:, 0], xi) + (z - inner)
    return x, -ratio.steep.log() * torch.eq(z, inner).to(z.dtype)


def _closed(y: Tensor, at: Bin) -> Tensor:
    """xi by the formula for (3) that never subtracts equals, then polished by a step of Newton's."""
    (width, height), (before, after) = at.size.unbind(1), at.slope.unbind(1)
    s = height / width
    bent = y * (before + after - 2 * s)
    a, b = height * (s - before) + bent, height * before - bent
    root = (b * b + 4 * a * s * y).clamp(min=0).sqrt()
    tiny = torch.finfo(y.dtype).tiny
    xi = torch.where(b > 0, 2 * s * y / (b + root).clamp(min=tiny), (root - b) / (2 * a).clamp(min=tiny)).clamp(0, 1)
    ratio = _ratio(xi, at)
    return (xi - (ratio.r * height - y) / (width * ratio.steep)).clamp(0, 1)


def _bisected(y: Tensor, at: Bin) -> Tensor:
    """xi with h r(xi) = y, however rounding treats the closed form: no formula, only that r rises."""
    (width, height), none = at.size.unbind(1), torch.zeros_like(y)

    def beyond(xi: Tensor) -> tuple[Tensor, Tensor]:
        ratio = _ratio(xi, at)
        return ratio.r * height - y, ratio.steep * width

    return rising_root(beyond, none, none + 1)
