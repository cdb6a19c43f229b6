r"""Unknown reals of a law that is known up to its normaliser: particles from a normal law to p(unknown | known).

    x = T(w),   w ~ N(0, I),   g the law of T(w), a normal law's given what is known          particles/reference    (1)
    p_b(w) ~ N(w; 0, I) e^{b f(w)},   f(w) = log p~(T(w)) - log g(T(w)),   from b = 0 to 1    particles/metropolis   (2)
    weighed, drawn anew, moved on the way; E[weights] = the integral of p~ over what is known  particles/tempered    (3)

At b = 1 x has the law p~ given what is known of it. Of a linear flow (1) is that law already.
"""

from collections.abc import Callable
from typing import final

import torch
from torch import Tensor

from likely.contracts import Evidence, Filled, Model
from likely.distributions.remembered import Remembered, alike
from likely.particles.metropolis import Tilted, first_step
from likely.particles.parts import in_parts
from likely.particles.reference import Bounded, Moments, Reference, moments
from likely.particles.tempered import FAINTEST, tempered
from likely.rng import Keyed, Rng

DRAWS = 1024  # of a model, by which the normal law is found
CELLS, SQUARES = 1 << 19, 1 << 24  # numbers of particles, and of the matrices of (1), that are held at a time

SEED = 0  # of those draws: they are one property of the model
LogDensity = Callable[[Tensor, Tensor], Tensor]  # rows (N, *shape), and which they are of all (N,) -> log p~ (N,)


@final
class Laws:
    """The normal laws that a model's draws have, given each condition: worked out once for its weights."""

    def __init__(self) -> None:
        self._known = Remembered()

    def of(self, model: Model, rows: int, c: Tensor | None) -> tuple[list[Moments], Tensor]:
        """The laws that rows with these conditions need, and which each needs (B,)."""
        which, laws = torch.zeros(rows, dtype=torch.int64), []
        for at, given in alike(c, rows):
            which[at.cpu()] = len(laws)
            laws.append(moments(self._draws(model, given)))
        return laws, which if c is None else which.to(c.device)

    def _draws(self, model: Model, given: Tensor | None) -> Tensor:
        key = b"" if given is None else given.cpu().numpy().tobytes()
        told = None if given is None else given.expand(DRAWS, *given.shape[1:])
        return self._known.of(model, key, lambda: model.sample(DRAWS, told, rng=Keyed(SEED)).flatten(1))


def clamped(
    log_density: LogDensity, laws: list[Moments], which: Tensor, x: Tensor, evidence: Evidence, *,
    particles: int, rng: Rng,
) -> Filled:  # fmt: skip
    """x (B, *shape) with all that is not known drawn; `which` of the laws (B,) goes with each row."""
    shape, known = x.shape[1:], bounded(x, evidence)
    cells = max(1, x[0].numel())

    def fill(at: slice, own: Rng) -> Filled:
        reference = Reference(laws, which[at], Bounded(*(part[at] for part in known)), particles)
        rows = torch.arange(at.start or 0, at.stop, device=x.device).repeat_interleave(particles)

        def height(w: Tensor) -> Tensor:
            u, log_g = reference(w)
            return _possible(log_density(u.unflatten(1, shape), rows) - log_g).to(w.dtype)  # (2)

        step = torch.full((len(rows),), first_step(cells), device=x.device)
        way = Tilted(height, x.new_empty(len(rows), cells), step=step, held=reference.held)
        found = tempered(way, len(which[at]), particles, rng=own, device=x.device)
        drawn = Reference(laws, which[at], Bounded(*(part[at] for part in known)), 1)(found.rows.z)[0]
        kept = torch.where(evidence.known[at], x[at], drawn.unflatten(1, shape).to(x.dtype))
        return Filled(kept, found.share, found.log_evidence)

    return in_parts(len(x), min(CELLS // (particles * cells), SQUARES // cells**2), fill, rng=rng)


def bounded(x: Tensor, evidence: Evidence) -> Bounded:
    """(B, d) of each: what evidence says of rows of reals."""
    x, known = x.flatten(1), evidence.known.flatten(1)
    ends = zip((evidence.low, evidence.high), (-torch.inf, torch.inf), strict=True)
    low, high = (torch.full_like(x, far) if end is None else end.flatten(1) for end, far in ends)
    low, high = torch.where(known, x, low), torch.where(known, x, high)
    inside = torch.where(torch.isfinite(x), x, 0.0).maximum(low).minimum(high)
    return Bounded(low, high, inside)


def _possible(height: Tensor) -> Tensor:
    """What is no number cannot be; it stays finite, so that none of it, at b = 0, is nothing."""
    return torch.where(torch.isnan(height), FAINTEST, height).clamp(min=FAINTEST)
