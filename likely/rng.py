"""Randomness as an argument.

`Keyed` is counter-based: a draw is a hash of (seed, draw number, row), so row i of a sample depends on the seed and i
alone, in any order, on any number of processes and on any device; its state is two integers. `Stepped` serves
training, where the rows of a step are fixed: a torch generator seeded by (seed, step). Both are an `Rng`.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor

GOLDEN = -7046029254386353131  # 2^64 / phi as a signed integer: splitmix64's increment
MIX_1, MIX_2 = -4658895280553007687, -7723592293110705685  # splitmix64's multipliers, signed
LOW_32 = 0xFFFFFFFF


class Rng(ABC):
    """A source of noise. The first dimension of every draw is the row."""

    @abstractmethod
    def uniform(self, shape: Sequence[int], *, like: Tensor) -> Tensor:
        """Uniform in the open interval (0, 1), with the dtype and device of `like`."""

    @abstractmethod
    def fork(self, tag: int) -> "Rng":
        """An independent source, the same for the same tag; this one does not move."""

    def normal(self, shape: Sequence[int], *, like: Tensor) -> Tensor:
        """Standard normal, by inversion: one uniform each, so rows stay addressable."""
        return self.uniform(shape, like=like).mul_(2).sub_(1).erfinv_().mul_(math.sqrt(2))

    def exponential(self, shape: Sequence[int], *, like: Tensor) -> Tensor:
        return self.uniform(shape, like=like).log_().neg_()

    def bernoulli(self, p: Tensor) -> Tensor:
        """1 with probability p, else 0, in p's dtype."""
        return (self.uniform(p.shape, like=p) < p).to(p.dtype)

    def categorical(self, logits: Tensor) -> Tensor:
        """Codes (int64) over the last dimension, by inversion of the cumulative sum: one uniform each."""
        cumulative = logits.softmax(-1).cumsum(-1)
        level = self.uniform(logits.shape[:-1], like=logits)[..., None] * cumulative[..., -1:]
        return (cumulative <= level).sum(-1).clamp_(max=logits.shape[-1] - 1)

    def integers(self, high: int, shape: Sequence[int], *, like: Tensor) -> Tensor:
        """Integers 0 .. high - 1 (int64)."""
        double = torch.empty(0, dtype=torch.float64, device=like.device)
        return (self.uniform(shape, like=double) * high).long().clamp_(max=high - 1)


@final
class Keyed(Rng):
    """Noise addressed by (seed, draw number, row): bit-equal for any batching of the rows."""

    def __init__(self, seed: int, draw: int = 0, rows: int | Tensor = 0) -> None:
        self.seed, self.draw = seed, draw
        self.rows = rows  # the first row's number, or every row's own

    def at(self, rows: int | Tensor) -> "Keyed":
        """The same source seen from other rows; it counts its draws on its own."""
        return Keyed(self.seed, self.draw, rows)

    def fork(self, tag: int) -> "Keyed":
        return Keyed(_mix_int(_mix_int(self.seed) + tag + 1), 0, self.rows)

    def uniform(self, shape: Sequence[int], *, like: Tensor) -> Tensor:
        bits = self._bits(tuple(shape), wide=like.dtype == torch.float64, device=like.device)
        if like.dtype == torch.float64:
            return bits.bitwise_and_((1 << 53) - 1).double().add_(0.5).mul_(2.0**-53)
        return bits.bitwise_and_((1 << 23) - 1).to(torch.float32).add_(0.5).mul_(2.0**-23).to(like.dtype)

    def _bits(self, shape: tuple[int, ...], *, wide: bool, device: torch.device) -> Tensor:
        """Hashed integers; a narrow draw takes both halves of each 64-bit hash."""
        rows, cells = shape[0] if shape else 1, math.prod(shape[1:])
        words = cells if wide else (cells + 1) // 2
        ids = self._row_ids(rows, device)
        key = _mix_int(_mix_int(self.seed) + self.draw + 1)
        self.draw += 1
        start = _mix_(ids.mul_(GOLDEN).add_(key))  # (B,): each row's own stream
        steps = torch.arange(words, device=device).mul_(GOLDEN)
        hashed = _mix_(start[:, None] + steps)
        if wide:
            return hashed.reshape(shape)
        return hashed.reshape(-1).view(torch.int32).view(rows, 2 * words)[:, :cells].reshape(shape)

    def _row_ids(self, rows: int, device: torch.device) -> Tensor:
        if isinstance(self.rows, int):
            return torch.arange(self.rows, self.rows + rows, device=device)
        if len(self.rows) != rows:
            raise ValueError(f"drawing {rows} rows from an rng that is addressed at {len(self.rows)} rows")
        return self.rows.to(device, torch.int64, copy=True)


@final
class Stepped(Rng):
    """Noise of one training step: a torch generator seeded by (seed, step), fast and resumable."""

    def __init__(self, seed: int, step: int) -> None:
        self.seed, self.step = seed, step
        self._generators: dict[torch.device, torch.Generator] = {}

    def fork(self, tag: int) -> "Stepped":
        return Stepped(_mix_int(_mix_int(self.seed) + tag + 1), self.step)

    def uniform(self, shape: Sequence[int], *, like: Tensor) -> Tensor:
        drawn = torch.empty(tuple(shape), dtype=like.dtype, device=like.device)
        tiny = torch.finfo(like.dtype).tiny
        return drawn.uniform_(generator=self._generator(like.device)).clamp_(tiny, 1 - torch.finfo(like.dtype).eps / 2)

    def normal(self, shape: Sequence[int], *, like: Tensor) -> Tensor:
        drawn = torch.empty(tuple(shape), dtype=like.dtype, device=like.device)
        return drawn.normal_(generator=self._generator(like.device))

    def _generator(self, device: torch.device) -> torch.Generator:
        if device not in self._generators:
            seed = _mix_int(_mix_int(self.seed) + self.step + 1)
            self._generators[device] = torch.Generator(device).manual_seed(seed & (2**63 - 1))
        return self._generators[device]


def _signed(value: int) -> int:
    """An integer folded into the signed 64-bit range, as torch's arithmetic does."""
    return (value + 2**63) % 2**64 - 2**63


def _mix_int(value: int) -> int:
    """splitmix64's finaliser on one integer."""
    z = (value + GOLDEN) % 2**64
    z = (z ^ (z >> 30)) * MIX_1 % 2**64
    z = (z ^ (z >> 27)) * MIX_2 % 2**64
    return _signed(z ^ (z >> 31))


def _mix_(z: Tensor) -> Tensor:
    """splitmix64's finaliser in place; torch shifts arithmetically, so the sign's copies are masked off."""
    scratch = torch.empty_like(z)
    for shift, multiplier in ((30, MIX_1), (27, MIX_2), (31, None)):
        torch.bitwise_right_shift(z, shift, out=scratch)
        z.bitwise_xor_(scratch.bitwise_and_((1 << (64 - shift)) - 1))
        if multiplier is not None:
            z.mul_(multiplier)
    return z
