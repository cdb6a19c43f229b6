r"""The law of a family's codes, learned by another family beside it or after it.

    z = encode(x, c),   z ~ p(z | c)                                                                                (1)
    x ~ law(decode(z, c))                                                                                           (2)

A law that learns by gradient takes one more turn a round, on codes that are cut off from the encoder; one that counts
is fitted in the end, when codes stand still.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, final

import torch
from torch import Tensor, nn

from likely.contracts import (
    Concludes,
    Counted,
    Density,
    Evidence,
    Family,
    Filled,
    Lifted,
    Model,
    Player,
    Prepared,
    Space,
    Trained,
    Turn,
)
from likely.distributions.resampled import Said
from likely.errors import CannotAnswer, FieldError
from likely.particles.annealing import Grouped
from likely.particles.clamped import Laws, clamped
from likely.particles.population import Population
from likely.particles.reference import log_normal
from likely.rng import Rng
from likely.spaces import Image, Real, Series, Vector, Wave

NAMED = "prior: {}"  # a player of the law, beside the family's own
PICKED = 1 << 27  # a fork of the noise
CHUNK = 8192  # codes that are counted at a time


@final
class CodePrior(nn.Module):
    """p(z | c): the model that `family` builds over the space of codes."""

    def __init__(self, family: Family[Any], codes: Space, condition: Space | None = None) -> None:
        super().__init__()
        _check(family, codes)
        self.family, self.codes, self.condition = family, codes, condition
        self.model: Model = family.build(codes, condition)
        self.laws = Laws()

    @property
    def of_reals(self) -> bool:
        """Whether codes are reals, and no choices."""
        return _real(self.codes)

    # What it answers -------------------------------------------------------------------------------------------------

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        """n codes; with a condition, code i is drawn given c[i]."""
        return self.model.sample(n, c, rng=rng)  # (1)

    def log_prob(self, codes: Tensor, c: Tensor | None = None) -> Tensor:
        """log p(z | c), one value a row, where the law is exact."""
        if not isinstance(self.model, Density):
            what = f"{type(self.family).__name__}, the law of codes, has no exact density"
            raise CannotAnswer(what, expected="a law of codes that has, such as GaussianMixture or RealNVP")
        return self.model.log_prob(codes, c)

    def filled(
        self, said: Callable[[Tensor, Tensor | None], Said], x: Tensor, known: Tensor, c: Tensor | None, *,
        particles: int, rng: Rng,
    ) -> Filled:  # fmt: skip
        """Codes drawn given the known cells of their rows: by chains where the law is exact, else some of its draws."""
        free = torch.zeros(len(x), *self.codes.shape, dtype=torch.bool, device=x.device)
        given = lambda rows: None if c is None else c[rows]  # noqa: E731
        likely = lambda z, rows: said(z, given(rows)).log_known(x[rows], known[rows])  # noqa: E731
        if not isinstance(self.model, Density) or not self.of_reals:
            return self._picked(likely, x, c, particles, rng)
        laws, which = self.laws.of(self.model, len(x), c)

        def density(z: Tensor, rows: Tensor) -> Tensor:
            with torch.no_grad():  # a law that counts has no slope: that of its normal law shows the way
                told = self.log_prob(z.detach(), given(rows))
            normal = log_normal(z, laws, which[rows])
            return told + normal - normal.detach() + likely(z, rows)

        return clamped(density, laws, which, free.to(x.dtype), Evidence(free), particles=particles, rng=rng)

    def _picked(
        self, likely: Callable[[Tensor, Tensor], Tensor], x: Tensor, c: Tensor | None, particles: int, rng: Rng
    ) -> Filled:
        """One of so many draws of the law, by how likely each makes what is known."""
        rows = torch.arange(len(x), device=x.device).repeat_interleave(particles)
        z = self.sample(len(rows), None if c is None else c[rows], rng=Grouped(rng, particles)).to(x.dtype)
        folk = Population(len(x), particles, device=x.device)
        folk.weigh(likely(z, rows))
        return Filled(z[folk.flat(folk.one(rng=rng.fork(PICKED)))], folk.share, folk.log_evidence)

    # How it learns ---------------------------------------------------------------------------------------------------

    def players(self) -> dict[str, Player]:
        """The law's own, where it learns by gradient; it follows an encoder that moves."""
        found = self.model.players() if isinstance(self.model, Trained) else {}
        return {NAMED.format(name): replace(player, follows=True) for name, player in found.items()}

    def turns(self, codes: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        """The law's turns of a round on codes that it cannot move; none where it counts."""
        if isinstance(self.model, Trained):
            for turn in self.model.turns(codes.detach(), c, rng=rng):
                yield replace(turn, player=NAMED.format(turn.player))

    @torch.no_grad()
    def prepare(self, codes: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        """A law that learns by gradient may have to see codes first, those of an encoder that has not learned yet."""
        if isinstance(self.model, Trained) and isinstance(self.model, Prepared):
            self.model.prepare(*_usable(codes, c), rng=rng)

    @torch.no_grad()
    def conclude(self, codes: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        """A law that counts is fitted to these codes from the start, whatever it was fitted to before."""
        codes, c = _usable(codes, c)
        if not isinstance(self.model, Trained):
            self.model = self._anew(codes).train()  # one that is not in training takes no further pass
            _fit(self.model, codes, c, rng)
        if isinstance(self.model, Concludes):
            self.model.conclude(codes, c, rng=rng)
        self.model.eval()

    def _anew(self, like: Tensor) -> Model:
        """The law before it has seen anything, where the codes are and as precise."""
        model = self.family.build(self.codes, self.condition).to(like.device)
        return model.double() if like.dtype == torch.float64 else model


def _fit(model: Model, codes: Tensor, c: Tensor | None, rng: Rng) -> None:
    if isinstance(model, Prepared):
        model.prepare(codes, c, rng=rng)
    while isinstance(model, Counted) and _passed(model, codes, c):
        pass


def _passed(model: Counted, codes: Tensor, c: Tensor | None) -> bool:
    """One pass over the codes; whether another is asked for."""
    for part in torch.arange(len(codes), device=codes.device).split(CHUNK):
        model.observe(codes[part], None if c is None else c[part])
    return model.finish()


def _usable(codes: Tensor, c: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """The rows whose code is of finite numbers; where there is none, zeros."""
    if not codes.is_floating_point():
        return codes, c
    finite = torch.isfinite(codes).flatten(1).all(1)
    if not bool(finite.any()):
        return torch.zeros_like(codes), c
    return codes[finite], None if c is None else c[finite]


def _check(family: Family[Any], codes: Space) -> None:
    """Codes that are choices are not lifted to reals on their way to their law."""
    pictures = family.pictures if isinstance(codes, Image | Series | Wave) else None
    wanted, name = pictures or family.lifted, type(family).__name__
    if wanted is not Lifted.NOT and not _real(codes):
        raise FieldError(f"{name} is a law of reals, and these codes are choices",
                         expected="a family of choices as they are, such as MaskedDiffusion or MADE")  # fmt: skip


def _real(codes: Space) -> bool:
    match codes:
        case Vector():
            return all(isinstance(column, Real) and not column.atoms and not column.missing for column in codes.columns)
        case Image() | Series() | Wave():
            return codes.levels is None
    return False
