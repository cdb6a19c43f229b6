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
from likely.contracts import Sharpness
from likely.distributions import PLAIN, precise, sharpened
from likely.distributions.columnwise import Dealt
from likely.rng import Rng

AT_ONCE = 1 << 15  # codes that are scored at one time: bounds memory
HELD = 1 << 26  # numbers that are kept of earlier codes at one time, in at most so many rows:
TOGETHER = 256


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


def part(c: Tensor | None, rows: slice) -> Tensor | None:
    """The condition of some rows."""
    return None if c is None else c[rows]


def blocks(rows: int, size: int) -> list[slice]:
    """Rows, so many at a time."""
    return [slice(at, at + size) for at in range(0, rows, size)]
