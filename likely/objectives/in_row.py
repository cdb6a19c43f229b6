r"""Codes in a row, each given all before it: scores, what is learned from, and draws.

    log p(x | c) = sum_t log p(x_t | x_{<t}, c)                                                                      (1)
    p(x_t | x_{<t}, c) = softmax(what the network says of place t)                                                   (2)

Rows longer than the network's window are learned in stretches of a window, drawn anew for every batch: a row's length
over the stretch's times what (1) adds up to there stands for the row. Stretches begin up to a window before the row and
are moved into it, so that its two ends are seen as often as its middle.
"""

from collections.abc import Callable, Iterator
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.codes import Codes
from likely.contracts import Filled, Sharpness
from likely.distributions import PLAIN, precise, sharpened
from likely.distributions.columnwise import Dealt
from likely.particles.along import Course, later, walked
from likely.particles.parts import in_parts
from likely.rng import Rng

AT_ONCE = 1 << 15  # codes that are scored at one time: bounds memory
HELD = 1 << 26  # numbers that are kept of earlier codes at one time, in at most so many rows:
TOGETHER = 256
EVEN = 32  # rows of a batch that have ended are cut to a multiple of this


@final
class InRow(nn.Module):
    """Rows of codes (B, T), -1 where nothing is said of a place."""

    def __init__(self, codes: Codes) -> None:
        super().__init__()
        self.codes = codes

    def forward(self, row: Tensor, c: Tensor | None = None, first: Tensor | None = None) -> Tensor:
        """(1) of rows (B, T + 1) that begin with the code before the first; `first` is its place, where not 0."""
        logits = precise(self.codes(row[:, :-1].clamp(min=0), c, first)).flatten(0, 1)
        told = F.cross_entropy(logits, row[:, 1:].flatten(), ignore_index=-1, reduction="none")  # (2)
        return -told.view(len(row), -1).sum(1)

    def log_prob(self, x: Tensor, c: Tensor | None) -> Tensor:
        """(B,)"""
        row = self._begun(x)
        parts = [self(row[at], part(c, at)) for at in blocks(len(row), max(1, AT_ONCE // row.shape[1]))]
        return torch.cat(parts) if parts else self.codes.head.weight.new_zeros(0)

    def loss(self, x: Tensor, c: Tensor | None, rng: Rng) -> Callable[[], Tensor]:
        """-(1), the mean over the rows."""
        row, window = self._begun(x), self.codes.network.window
        if x.shape[1] <= window:
            return lambda: -self(row, c).mean()
        length = (x >= 0).sum(1, keepdim=True)
        level = rng.uniform((len(row), 1), like=torch.empty(0, dtype=torch.float64, device=row.device))
        first = (level * (length + window) - window).long().clamp(min=0).minimum((length - window).clamp(min=0))
        stretch = row.gather(1, first + torch.arange(window + 1, device=row.device))
        times = (length / length.clamp(min=1, max=window))[:, 0]
        return lambda: -(times * self(stretch, c, first)).mean()

    def _begun(self, x: Tensor) -> Tensor:
        return F.pad(x, (1, 0), value=self.codes.begin)

    # Draws

    def levels(self, rows: int, length: int, rng: Rng) -> Tensor:
        """A uniform for every place."""
        return rng.uniform((rows, length), like=self.codes.head.weight)

    def drawn(self, levels: Tensor, c: Tensor | None, sharpness: Sharpness, *, end: int | None = None) -> Tensor:
        """(B, T) codes; past the end, which is one of them, anything."""
        network = self.codes.network
        held = HELD // (2 * network.width * len(network.blocks) * network.window)
        drawn = levels.new_zeros(levels.shape, dtype=torch.int64)
        for rows in blocks(len(levels), max(1, min(TOGETHER, held))):
            nothing, ended = drawn[rows, :0], torch.zeros_like(drawn[rows, 0], dtype=torch.bool)
            for place, code in enumerate(self.following(nothing, part(c, rows), levels[rows], sharpness)):
                drawn[rows, place], ended = code, ended | (code == end)
                if end is not None and ended.all():
                    break
        return drawn

    @torch.no_grad()
    def filled(
        self, x: Tensor, known: Tensor, c: Tensor | None, *, end: int | None = None, particles: int, rng: Rng
    ) -> Filled:
        """Codes (B, T) with those that are not known drawn, by particles; -1 from the `end` on."""
        network = self.codes.network
        held = 2 * particles * network.width * len(network.blocks) * network.window

        def fill(at: slice, own: Rng) -> Filled:
            course = CodesCourse(self.codes, x[at], known[at], part(c, at), end)
            found = walked(course, ~known[at], known[at] | course.goes_on, (1,), particles=particles, rng=own)
            return Filled(torch.where(known[at], x[at], course.drawn), found.share, found.log_evidence)

        return in_parts(len(x), HELD // held, fill, rng=rng)

    @torch.no_grad()
    def following(
        self, start: Tensor, c: Tensor | None, levels: Tensor, sharpness: Sharpness, among: Tensor | None = None
    ) -> Iterator[Tensor]:
        """What follows the first codes (B, k), one place (B,) after another: as many as there are levels (B, m).

        The first may have to be `among` some (B, V), the first V of all codes.
        """
        if not levels.shape[1]:
            return
        steps, dealt = self.codes.by_code(len(start), c), Dealt(levels)
        logits = steps.first(start)
        if among is not None:
            logits = logits.masked_fill(~F.pad(among, (0, logits.shape[1] - among.shape[1])), -torch.inf)
        for left in range(levels.shape[1], 0, -1):
            logits = precise(logits)
            code = dealt.categorical(logits if sharpness == PLAIN else sharpened(logits, sharpness))
            yield code
            if left > 1:
                logits = steps.next(code)

    def until_end(
        self, end: int, start: Tensor, c: Tensor | None, levels: Tensor, sharpness: Sharpness, among: Tensor | None
    ) -> Iterator[Tensor]:
        """`following`, -1 from a row's end on, which may be in its start; all is over when all have ended."""
        ended = (start < 0).any(1)
        for code in self.following(start.clamp(min=0), c, levels, sharpness, among):
            ended = ended | (code == end)
            yield torch.where(ended, -1, code)
            if ended.all():
                return


@final
class CodesCourse(Course):
    """Codes in their order; those from the `end` on are -1, and a free one may be one of them."""

    def __init__(self, codes: Codes, x: Tensor, known: Tensor, c: Tensor | None, end: int | None) -> None:
        self.steps, self.x, self.known, self.end = codes.by_code(len(x), c), x, known, end
        self.logits, self.drawn = self.steps.first(x[:, :0]), x[:, :0]
        self.over = torch.zeros_like(known[:, 0])
        self.goes_on = later(known & (x >= 0)) & (end is not None)

    def step(self, noise: Tensor) -> Tensor:
        logits, at = precise(self.logits).log_softmax(1), self.drawn.shape[1]
        x, known = self.x[:, at], self.known[:, at]
        meant = x if self.end is None else torch.where(x < 0, self.end, x)
        allowed = logits if self.end is None else self._going_on(logits, self.goes_on[:, at])
        code = torch.where(known, meant, Dealt(noise).categorical(allowed))
        told = logits.gather(1, code.clamp(min=0)[:, None])[:, 0].masked_fill(code < 0, -torch.inf)
        late = torch.where(x < 0, 0.0, -torch.inf)
        weights = torch.where(known, torch.where(self.over, late, told), allowed.logsumexp(1))
        self.over = self.over | (code == self.end) if self.end is not None else self.over
        self.drawn = torch.cat([self.drawn, torch.where(self.over, -1, code)[:, None]], 1)
        if self.drawn.shape[1] < self.x.shape[1]:
            self.logits = self.steps.next(code.clamp(min=0))
        return weights

    def pick(self, rows: Tensor) -> None:
        self.steps.pick(rows)
        self.x, self.known, self.logits = self.x[rows], self.known[rows], self.logits[rows]
        self.drawn, self.over, self.goes_on = self.drawn[rows], self.over[rows], self.goes_on[rows]

    def _going_on(self, logits: Tensor, goes_on: Tensor) -> Tensor:
        """No end where a code is known to come."""
        ending = torch.arange(logits.shape[1], device=logits.device) == self.end
        return logits.masked_fill(goes_on[:, None] & ending, -torch.inf)


def part(c: Tensor | None, rows: slice) -> Tensor | None:
    """The condition of some rows."""
    return None if c is None else c[rows]


def ended(x: Tensor, end: int) -> Tensor:
    """(B, T') codes, then the end, then -1, from codes below it (B, T), -1 past each row's end; cut where all end."""
    there = so_far(x >= 0)
    length, place = there.sum(1, keepdim=True), torch.arange(x.shape[1], device=x.device)
    events = torch.where(there, x.clamp(max=end - 1), torch.where(place == length, end, -1))
    return events[:, : EVEN * (max(length.flatten().tolist(), default=0) // EVEN + 1)]


def so_far(true: Tensor) -> Tensor:
    """Where all has been true so far."""
    return true.long().cumprod(1).bool()


def blocks(rows: int, size: int) -> list[slice]:
    """Rows, so many at a time."""
    return [slice(at, at + size) for at in range(0, rows, size)]
