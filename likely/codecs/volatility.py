r"""Changes told over the spread of those before them, and bent until each is normal: calm and stormy times are alike.

    s_t^2 = (a + sum_{k=1..m} x_{t-k}^2) / (a + m),   a = m / 10                                        (1)
    z_t = f(x_t / s_t),   f increasing, one a channel                                                   (2)
    log|dz/dx| = sum_t log f'(x_t / s_t) - log s_t      triangular: s_t knows what came before alone    (3)

x are changes over their spread in all that was learned, so that a in (1) is that many changes of the usual size: what
stood still has a spread above 0.

Autoregressive Conditional Heteroscedasticity (Engle, 1982)
"""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from likely.codecs import shape
from likely.codecs.monotone import Monotone, monotone_from
from likely.codecs.parts import Part

Array = np.ndarray[Any, Any]
USUAL = 0.1  # changes of the usual size beside each that is remembered
LONGEST = 2**16


@final
@dataclass(frozen=True)
class Volatility:
    """(1) and (2), of paths (N, m + T, D) whose first m changes came before."""

    memory: int
    bends: tuple[Monotone, ...]

    @classmethod
    def fit(cls, path: Array, memory: int) -> "Volatility":
        """Each channel's f through the quantiles of what was learned."""
        calm = path[:, memory:] / cls(memory, ()).spread(path)
        return cls(memory, tuple(shape.quantile(calm[..., place].ravel()) for place in range(path.shape[2])))

    def spread(self, path: Array) -> Array:
        """s_t at every moment but the first m: (N, T, D)."""
        steps, a = path.shape[1] - self.memory, USUAL * self.memory
        total = np.full((len(path), steps, path.shape[2]), a)
        for k in range(self.memory):
            total += path[:, k : k + steps] ** 2
        return np.sqrt(total / (a + self.memory))  # (1)

    def forward(self, path: Array) -> tuple[Array, Array]:
        """(z, log|dz/dx|): (N, T, D) and (N,)."""
        spread = self.spread(path)
        each = [bend.forward((path[:, self.memory :] / spread)[..., place]) for place, bend in enumerate(self.bends)]
        z, slope = (np.stack(part, -1) for part in zip(*each, strict=True))  # (2)
        return z, (slope - np.log(spread)).sum((1, 2))  # (3)

    def inverse(self, z: Array, before: Array) -> Array:
        """x that follow m changes (N, m, D), moment by moment."""
        calm = np.stack([bend.inverse(z[..., place]) for place, bend in enumerate(self.bends)], -1)
        path = np.concatenate([before, np.zeros_like(calm)], 1)
        for t in range(z.shape[1]):
            past = path[:, t : t + self.memory + 1]  # and the place of this moment
            path[:, t + self.memory] = calm[:, t] * self.spread(past)[:, 0]
        return path[:, self.memory :]

    def parts(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"memory": self.memory, "bends": [bend.parts() for bend in self.bends]}

    @classmethod
    def from_parts(cls, part: Part, channels: int) -> "Volatility":
        """What a part describes."""
        part.only("memory", "bends")
        bends = tuple(monotone_from(each) for each in part.list_of_parts("bends"))
        if len(bends) != channels:
            part.refuse("bends", "one a channel")
        return cls(part.integer("memory", 1, LONGEST), bends)
