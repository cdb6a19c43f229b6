"""Unknown cells drawn given the known ones, a batch at a time: exactly where a model can, else by particles.

A denoiser sees cells lifted to reals. What is known of a cell is then between which reals it lies, and particles come
down from noise to reals that all stand for the known cells; a free cell is drawn given that it is not missing. A model
that completes reals exactly is told reals that known cells may stand for; of several such, its evidence keeps one.

Draws are given the condition. One that a table does not say was drawn before: given what is known of the row only
where a model `Completes`.
"""

import math
from dataclasses import dataclass, replace
from typing import Any, TypeGuard, final

import numpy as np
import torch
from torch import Tensor

from likely.codecs import ImageCodec, Lift
from likely.contracts import AnyOrder, Completes, Evidence, Filled, Fills
from likely.data import Images
from likely.diffusion import Descends, Informed, Reconstruction, Twisted, Within, filled_in
from likely.distributions.resampled import effective_share
from likely.errors import CannotAnswer, FieldError
from likely.rng import Keyed
from likely.scoring import BATCH, batches, first_weight, placed

ORDERS = 8  # that are compared, where a model answers in any
NOISES = 32  # draws of the noise under the known cells of each row, where nothing else is asked
CELLS = 1 << 18  # lifted cells that a denoiser is asked for together

Filler = Completes | Fills | Descends


@final
@dataclass(frozen=True)
class Filling:
    """How unknown cells are asked for."""

    particles: int | None = None  # of each row; none: as many as the model has by itself (a VAE 128 codes)
    by: Reconstruction | None = None  # a denoiser's way to rows that agree; none: as it learned, or twisted particles
    seed: int = 0
    exact: bool = False  # refuse whatever is less than exact, or exact in one of a model's orders

    def __post_init__(self) -> None:
        if self.particles is not None and self.particles < 1:
            raise FieldError(f"{self.particles} particles were asked for", expected="at least 1")
        if self.particles is not None and self.by is not None:
            raise FieldError("particles and a way to complete were both asked for", expected="one of them",
                             remedy=f"Twisted(particles={self.particles}), which is a way")  # fmt: skip

    def shows(self, model: Filler) -> TypeGuard[Informed]:
        """Whether the model is shown what is known, as it learned, and draws the rest in one walk."""
        return isinstance(model, Informed) and self.particles is None and self.by is None

    def reconstruction(self) -> Reconstruction:
        """A denoiser's way."""
        return self.by or (Twisted() if self.particles is None else Twisted(particles=self.particles))

    def word(self, model: Filler, lift: Lift | None = None) -> str:
        """How good the draws are; the noise of a lift is drawn by particles, even where a model is exact."""
        if self.shows(model):
            return "model-exact"
        if not isinstance(model, Completes | Fills):
            return self.reconstruction().word
        if self.by is not None:
            raise CannotAnswer(f"{type(model).__name__.removesuffix('Model')} completes in a way of its own",
                               expected=f"{type(self.by).__name__} for a model that denoises")  # fmt: skip
        if not isinstance(model, Completes):
            return model.word
        if lift is not None and not lift.plain:
            return "asymptotic"
        return "model-exact" if isinstance(model, AnyOrder) else "exact"


def inpainted(
    model: Filler, lift: Lift, codec: ImageCodec, images: Images, unknown: "np.ndarray[Any, Any]",
    c: Tensor | None, how: Filling,
) -> tuple[Images, float | None]:  # fmt: skip
    """Pictures with their unknown pixels drawn; what is said of them stays."""
    known = ~torch.from_numpy(unknown.transpose(0, 3, 1, 2).copy())
    cells, share = filled(model, lift, codec.encode(images).x, known, c, how)
    return replace(codec.decode(cells), about=images.about, names=images.names), share


def filled(
    model: Filler, lift: Lift, x: Tensor, known: Tensor, c: Tensor | None, how: Filling = Filling(),
    rows: Tensor | None = None,
) -> tuple[Tensor, float | None]:  # fmt: skip
    """The cells with what is unknown drawn; and the particles' mean share, over rows where they had something to draw.

    The noise of row i is its own, or that of row `rows[i]`.
    """
    told = filled_rows(model, lift, x, known, c, how, rows)
    return told.x, share_of(told, known)


def share_of(told: Filled, known: Tensor) -> float | None:
    """The particles' mean share, over rows where they had something to draw; None where there are none."""
    share = told.share[~known.flatten(1).all(1)].double()
    return None if share.isnan().any() else float(share.mean()) if len(share) else 1.0


@torch.no_grad()
def filled_rows(
    model: Filler, lift: Lift, x: Tensor, known: Tensor, c: Tensor | None, how: Filling, rows: Tensor | None = None
) -> Filled:
    """The same row by row, with what the evidence of each is estimated to be, where that is of the cells themselves."""
    cells, shares, evidence, place = [], [], [], first_weight(model).device
    size = BATCH if isinstance(model, Completes | Fills) else _together(lift)
    for (part, given), told in zip(batches(x, c, size), known.split(size), strict=True):
        start, told = size * len(cells), told.to(place)
        rng = Keyed(how.seed, rows=start if rows is None else rows[start : start + len(part)])
        drawn = _batch(model, lift, placed(part, model), told, placed(given, model), how, rng)
        cells.append(drawn.x.cpu())
        shares.append(drawn.share.cpu())
        evidence += [drawn.log_evidence.double().cpu()] if lift.exact and drawn.log_evidence is not None else []
    whole = torch.cat(evidence) if evidence and len(evidence) == len(cells) else None
    return Filled(torch.cat(cells), torch.cat(shares), whole)


def _together(lift: Lift) -> int:
    """Rows at a time that a denoiser is asked for."""
    return max(1, min(BATCH, CELLS // math.prod(lift.space.shape)))


def _batch(
    model: Filler, lift: Lift, x: Tensor, known: Tensor, c: Tensor | None, how: Filling, rng: Keyed
) -> Filled:  # the share is NaN where there are no particles
    if isinstance(model, Completes) and not lift.plain:
        return _beneath(model, lift, x, known, c, how.particles or NOISES, rng)
    if isinstance(model, Completes):
        return Filled(model.complete(x, Evidence(known), c, rng=rng), torch.full((len(x),), torch.nan, device=x.device))
    if isinstance(model, Fills):
        return _particles(model, lift, x, known, c, how.particles or model.particles, rng)
    if how.shows(model):
        return _shown(model, lift, x, known, c, rng)
    return _reconstructed(model, lift, x, known, c, how.reconstruction(), rng)


def _beneath(
    model: Completes, lift: Lift, x: Tensor, known: Tensor, c: Tensor | None, particles: int, rng: Keyed
) -> Filled:
    """Known cells stand for intervals: reals are drawn there, evenly, and one is kept by its evidence."""
    told, noise, each = lift.mask(known), rng.fork(1), torch.arange(len(x), device=x.device)
    u = torch.stack([lift.up(x, rng=noise)[0] for _ in range(particles)], 1)
    log_weights = torch.stack([model.log_evidence(part, Evidence(told), c) for part in u.unbind(1)], 1)
    kept = u[each, rng.categorical(log_weights)]
    made = lift.settled(model.complete(kept, Evidence(told), c, rng=rng), known, lift.bounds(x, known).high)
    return Filled(torch.where(known, x, made), effective_share(log_weights))


def _particles(
    model: Fills, lift: Lift, x: Tensor, known: Tensor, c: Tensor | None, particles: int, rng: Keyed
) -> Filled:
    """By the model's own particles; of one that takes reals, a known cell says between which reals its lift lies."""
    if lift.plain:
        return model.fill(x, Evidence(known), c, particles=particles, rng=rng)
    low, high, near = lift.bounds(x, known)
    told = model.fill(near, Evidence(low == high, low, high), c, particles=particles, rng=rng)
    return replace(told, x=torch.where(known, x, lift.settled(told.x, known, high)))


def _shown(model: Informed, lift: Lift, x: Tensor, known: Tensor, c: Tensor | None, rng: Keyed) -> Filled:
    """Cells drawn by the conditional that was learned, in one walk."""
    _, _, near = lift.bounds(x, known)
    made = filled_in(model, near.to(first_weight(model)), lift.mask(known), c, rng=rng)
    return Filled(torch.where(known, x, lift.down(made)), torch.full((len(x),), torch.nan, device=x.device))


def _reconstructed(
    model: Descends, lift: Lift, x: Tensor, known: Tensor, c: Tensor | None, by: Reconstruction, rng: Keyed
) -> Filled:
    """Cells of reals that lie where they should."""
    low, high, near = lift.bounds(x, known)
    shape, like = lift.space.shape, first_weight(model)
    told = by.draw(model.denoise, Within(low, high, near), model.way, shape, len(x), c, like=like, rng=rng)
    return replace(told, x=torch.where(known, x, lift.settled(told.x, known, high)))


def disagreement(model: AnyOrder, x: Tensor, c: Tensor | None, *, seed: int) -> float:
    """How far orders disagree on rows, those of the first batch."""
    part, given = next(batches(x, c))
    with torch.no_grad():
        return float(
            model.disagreement(placed(part, model), placed(given, model), orders=ORDERS, rng=Keyed(seed)).mean()
        )
