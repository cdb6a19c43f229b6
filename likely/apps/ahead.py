"""How a model goes on from a start: moment by moment where it draws through time, else as it fills in what is unknown.

A model of windows that completes is given a window whose first moments are known and whose others are not; of these,
cells may be known as well (a column whose future is set). Beyond a window's end the next one begins with its last half.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, final

import torch
from torch import Tensor

from likely.codecs import Lift
from likely.contracts import Completes, Continues, Fills, Sharpness
from likely.diffusion import Descends
from likely.distributions import PLAIN
from likely.errors import CannotAnswer
from likely.filling import Filler, Filling, filled
from likely.fitted import Fitted
from likely.promises import promised
from likely.rng import Keyed
from likely.scoring import placed


@final
@dataclass(frozen=True)
class Goer:
    """A model and the way in which it goes on."""

    model: Continues | Filler
    lift: Lift
    most: int  # moments of a window
    sharpness: Sharpness
    how: Filling

    @classmethod
    def of(cls, fitted: Fitted[Any], most: int, *, partly: bool, sharpness: Sharpness, how: Filling) -> "Goer":
        """Of a model of windows of `most` moments, where it can.

        `partly`: a moment is known in part, which only what completes can be given.
        """
        ways = (Completes, Fills, Descends) if partly else (Continues, Completes, Fills, Descends)
        model = promised(fitted.model, fitted.name, *ways)
        if sharpness != PLAIN and (partly or not isinstance(model, Continues)):
            raise CannotAnswer(f"{fitted.name} does not draw a future moment by moment: its draws cannot be sharpened",
                               expected="a temperature of 1")  # fmt: skip
        return cls(model, fitted.lift, most, sharpness, how)

    @property
    def through_time(self) -> bool:
        return isinstance(self.model, Continues)

    def word(self, *, partly: bool) -> str:
        """How good the draws are."""
        through = isinstance(self.model, Continues) and not partly
        return "exact" if through else self.how.word(_filler(self.model), self.lift)

    def ahead(
        self, start: Tensor, fixed: Tensor | None, steps: int, c: Tensor | None, numbers: Tensor
    ) -> tuple[Tensor, float | None]:
        """Cells (B, C, steps) that follow a start (B, C, k), and the particles' share; `fixed` says which are known."""
        if fixed is None and isinstance(self.model, Continues):
            moments = _drawn(self.model, self.most, start, c, steps, self.sharpness, Keyed(self.how.seed, rows=numbers))
            return torch.stack([*moments], -1).cpu(), None
        free = start.new_full((*start.shape[:2], steps), torch.nan) if fixed is None else fixed
        return self._filled(start, free, c, numbers)

    def _filled(
        self, start: Tensor, free: Tensor, c: Tensor | None, numbers: Tensor
    ) -> tuple[Tensor, float | None]:  # from window to window
        known, parts, shares, steps = start, [], [], free.shape[-1]
        while left := steps - sum(part.shape[-1] for part in parts):
            past = known[..., known.shape[-1] - kept(known.shape[-1], self.most, left) :]
            here = slice(past.shape[-1], min(self.most, past.shape[-1] + left))
            x = past.new_full((*past.shape[:2], self.most), torch.nan)
            x[..., : here.start], x[..., here] = past, free[..., steps - left : steps - left + here.stop - here.start]
            window = Keyed(self.how.seed).fork(len(parts)).seed if parts else self.how.seed
            told = replace(self.how, seed=window)
            whole, share = filled(_filler(self.model), self.lift, x, ~x.isnan(), c, told, numbers)
            parts.append(whole[..., here])
            shares.append(share)
            known = torch.cat([past, parts[-1]], -1)
        each = [share for share in shares if share is not None]
        return torch.cat(parts, -1), min(each) if each else None


def kept(known: int, most: int, left: int) -> int:
    """How many of the last moments a window of `most` begins with, where `left` are to follow."""
    return min(known, max(most - left, most // 2))


def _filler(model: Continues | Filler) -> Filler:
    assert isinstance(model, Completes | Fills | Descends)
    return model


def _drawn(
    model: Continues, most: int, start: Tensor, c: Tensor | None, steps: int, sharpness: Sharpness, rng: Keyed
) -> Iterator[Tensor]:
    """Moments (B, C) that follow starts (B, C, k), from window to window of `most`."""
    known, window, left = placed(start, model), 0, steps
    given = None if c is None else placed(c, model)
    while left:
        known = known[..., known.shape[-1] - kept(known.shape[-1], most, left) :]
        drawn = []
        for moment in model.continued(known, given, sharpness=sharpness, rng=rng.fork(window) if window else rng):
            drawn.append(moment)
            yield moment
            if (left := left - 1) == 0:
                return
        known, window = torch.cat([known, torch.stack(drawn, -1)], -1), window + 1
