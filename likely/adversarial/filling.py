r"""Codes of a generator that make what is known of rows, by a tolerance: a generator itself leaves none.

    p(z | x_o) ~ p(z) prod_{j known} N(x_j; G(z)_j, s^2),   between bounds the mass that lies there                  (1)
    particles from p(z) to (1) by tempered Langevin moves; kinds, which no slope moves, are those they began with    (2)
    what is unknown is what the drawn code makes of it                                                               (3)

It is a heuristic: as s falls (1) goes to the codes that make x_o exactly, of which there may be none, and a larger s
lets draws disagree with what is known. Both are told by how far (3) is off on what is known.

Semantic Image Inpainting with Deep Generative Models (Yeh et al., 2017), arXiv:1607.07539, whose search this is, drawn
from instead of descended
"""

from collections.abc import Callable

import torch
from torch import Tensor

from likely.adversarial.noise import Noise
from likely.contracts import Evidence, Filled
from likely.diffusion import Within
from likely.particles.annealing import Grouped
from likely.particles.clamped import bounded
from likely.particles.metropolis import Tilted, first_step
from likely.particles.parts import in_parts
from likely.particles.tempered import Tempered, tempered
from likely.rng import Rng

TOLERANCE = 0.1  # s, in cells whose spread is about one
CELLS = 1 << 19  # that particles make at a time
BEGIN = 1 << 26  # a fork of the noise

Likely = Callable[[Tensor, Tensor], Tensor]  # codes (N, D), and which rows they are of (N,) -> log-weights (N,)


def filled(
    make: Callable[[Tensor, Tensor], Tensor], noise: Noise, x: Tensor, evidence: Evidence, *,
    particles: int, rng: Rng,
) -> Filled:  # fmt: skip
    """x with what is not known made of a code; `make` takes codes (N, D) and which rows they are of (N,)."""
    flat = bounded(x, evidence)
    low, high, near = (part.view(x.shape) for part in flat)
    spread = torch.full((), TOLERANCE, dtype=x.dtype, device=x.device)

    def likely(z: Tensor, rows: Tensor) -> Tensor:
        return Within(low[rows], high[rows], near[rows]).log_prob(make(z, rows), spread).to(z.dtype)  # (1)

    def fill(at: slice, own: Rng) -> Filled:
        rows = torch.arange(at.start or 0, at.stop, device=x.device)
        found = sought(likely, noise, rows, x, particles=particles, rng=own)
        kept = torch.where(evidence.known[at], x[at], make(found.rows, rows).to(x.dtype))  # (3)
        return Filled(kept, found.share)

    return in_parts(len(x), CELLS // (particles * max(1, x[0].numel())), fill, rng=rng)


def sought(
    likely: Likely, noise: Noise, rows: Tensor, like: Tensor, *,
    particles: int, rng: Rng, more: Tensor | None = None,
) -> Tempered[Tensor]:  # fmt: skip
    """A code of each row by (2), with `more` numbers of every particle (N, ...) that stay as they are."""
    count, each = len(rows) * particles, rows.repeat_interleave(particles)
    begin = noise.draw(count, Grouped(rng.fork(BEGIN), particles), like)
    begin = begin if more is None else torch.cat([begin, more.to(begin.dtype)], 1)
    held = torch.arange(begin.shape[1], device=like.device) >= noise.latent
    step = torch.full((count,), first_step(max(1, noise.latent)), device=like.device)
    way = Tilted(lambda z: likely(z, each), begin, step=step, held=held.expand_as(begin), begin=begin)
    found = tempered(way, len(rows), particles, rng=rng, device=like.device)
    return Tempered(found.rows.z, found.share, found.log_evidence)
