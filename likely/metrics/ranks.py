r"""Simulation-based calibration: where the truth ranks among what was drawn for it.

    (t, y) ~ p,   t_1 .. t_L ~ q(t | y)   =>   the rank of t among t_1 .. t_L is uniform where q(t | y) = p(t | y)   (1)
    u = (#{t_l < t} + V (1 + #{t_l = t})) / (L + 1),   V ~ U(0, 1)                                                   (2)
    D = sup_u |F_N(u) - u|                                                                                           (3)

V takes the place of what L draws and ties leave open, so that u is uniform on (0, 1) for columns of any kind.
Validating Bayesian Inference Algorithms with Simulation-Based Calibration (Talts et al., 2018), arXiv:1804.06788
"""

# scipy's hints are narrower than what it takes
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from likely.metrics.measure import Measure, share

Array = np.ndarray[Any, Any]
LEVELS = (0.5, 0.9)  # of central intervals whose coverage is told


def ranks(truth: Array, drawn: Array, *, seed: int = 0) -> Array:
    """(2): the place of each true value (N,) among its draws (N, L)."""
    below, equal = (drawn < truth[:, None]).sum(1), (drawn == truth[:, None]).sum(1)
    within = np.random.default_rng(seed).random(len(truth)) * (1 + equal)
    return (below + within) / (drawn.shape[1] + 1)


@final
@dataclass(frozen=True)
class Uniformity:
    """Ranks that should be uniform, and how far they are from it."""

    ranks: Array  # (N,) ascending
    distance: float  # (3)
    p: float  # of a distance as large, by chance alone

    @property
    def band(self) -> float:
        """The distance that 95 in 100 sets of uniform ranks stay within."""
        from scipy.stats import kstwo

        return float(kstwo.ppf(0.95, max(len(self.ranks), 1)))

    @property
    def verdict(self) -> str:
        """In words: calibrated, or in which way not."""
        if self.p > 0.05:
            return "no sign of miscalibration"
        apart, spread = float(self.ranks.mean()) - 0.5, 12 * float(((self.ranks - 0.5) ** 2).mean())
        if abs(apart) > self.distance / 2:
            return f"draws are too {'low' if apart > 0 else 'high'}"
        return "draws are too narrow" if spread > 1 else "draws are too wide"

    def coverage(self, level: float) -> Measure:
        """The share of true values within the central interval of their draws."""
        inside = np.abs(self.ranks - 0.5) <= level / 2
        return share(f"coverage of {100 * level:g} %", inside, (len(self.ranks), 0), level)


def uniformity(found: Array) -> Uniformity:
    """(3) with the probability of a distance as large (Kolmogorov and Smirnov)."""
    from scipy.stats import kstwo

    u, size = np.sort(found), len(found)
    steps = np.arange(size + 1) / max(size, 1)
    distance = float(max(np.max(u - steps[:-1], initial=0.0), np.max(steps[1:] - u, initial=0.0)))
    return Uniformity(u, distance, float(kstwo.sf(distance, size)) if size else 1.0)
