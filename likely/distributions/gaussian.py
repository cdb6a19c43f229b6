r"""Mixtures of Gaussians with missing cells, as exponential families: every step is a few matrix products.

With y = x - centre and its features phi(y), component t's density is log-linear, and what learning needs are sums:

    log N(y_o; mu_t, C_t) = phi(y_o) . eta_t,      S_t = sum_i r_it E[phi(y_i) | y_io, t]                    (1)

    dense         phi = (1, y, y_i y_j for i <= j),   P = C_oo^-1,
                  eta = (1/2 log|P| - 1/2 mu' P mu - |o|/2 log 2 pi,  P mu,  -P_ij (i < j), -P_ii / 2)       (2)
    independent   phi = (1, o, y, y^2): sums over the known cells o alone                                    (3)

Rows that know the cells o and not the others follow, in component t,

    E[y | y_o] = a + A y_o,   A = C_.o P,   a = mu - A mu_o,       Cov = C - A C_o.                           (4)

A depends on the pattern o and not on the row, so that the expected statistics of all rows of a pattern follow from its
plain sums. Supervised learning from incomplete data via an EM approach (Ghahramani & Jordan, 1994)
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import NamedTuple, final

import torch
from torch import Tensor

from likely.distributions.counted import LOG_2PI, ratio
from likely.distributions.pattern import Group, groups

MOST_CELLS = 1 << 22  # of the matrices of one stack of patterns
WIDE = 64  # columns beyond which the pairs of a row are not written out
FEW = 3  # components for which they are not either
LEAST = -80.0  # exponents are clamped here: exp is slow where it underflows


class Gaussians(NamedTuple):
    """T Gaussians over D columns, or several such sets."""

    mean: Tensor  # (..., T, D)
    covariance: Tensor  # (..., T, D, D), or (..., T, D) where columns are independent

    def stacked(self) -> "Gaussians":
        """One set, for any number of patterns."""
        return Gaussians(self.mean[None], self.covariance[None])


def root_of(covariance: Tensor) -> Tensor:
    """The Cholesky factor; a matrix that rounding left indefinite is helped by as little as will do."""
    root, failed = torch.linalg.cholesky_ex(covariance)
    size = covariance.diagonal(dim1=-2, dim2=-1).abs().mean(-1, keepdim=True).clamp(min=1e-300)
    for power in range(-13, 3):
        if not bool(failed.any()):
            break
        added = torch.where(failed[..., None] > 0, 10.0**power * size, 0.0).expand(*covariance.shape[:-1])
        root, failed = torch.linalg.cholesky_ex(covariance + torch.diag_embed(added))
    return root


class Features(ABC):
    """phi of the rows of G patterns, n each."""

    @abstractmethod
    def log_joint(self, eta: Tensor) -> Tensor:
        """phi . eta for eta (G, T, F): (G, T, n)."""

    @abstractmethod
    def sums(self, share: Tensor) -> Tensor:
        """The features' sums weighted by shares (G, T, n): (G, T, F)."""


@final
class Written(Features):
    """Features written out, one a row, so that every product runs along memory."""

    def __init__(self, phi: Tensor) -> None:
        self.phi = phi  # (G, F, n)

    def log_joint(self, eta: Tensor) -> Tensor:
        return eta @ self.phi

    def sums(self, share: Tensor) -> Tensor:
        return (self.phi @ share.mT).mT  # the long side first: half the time


@final
class Implied(Features):
    """The pairs' features of rows y (G, n, D), too many to be written out: one product of matrices a component."""

    def __init__(self, y: Tensor) -> None:
        self.y, self.pairs = y, torch.triu_indices(y.shape[2], y.shape[2], device=y.device)

    def log_joint(self, eta: Tensor) -> Tensor:
        width = self.y.shape[2]
        joint = torch.baddbmm(eta[:, :, :1], eta[:, :, 1 : 1 + width], self.y.mT)
        i, j = self.pairs
        for t in range(eta.shape[1]):
            upper = eta.new_zeros(len(eta), width, width)
            upper[:, i, j] = eta[:, t, 1 + width :]
            joint[:, t] += ((self.y @ upper) * self.y).sum(2)
        return joint

    def sums(self, share: Tensor) -> Tensor:
        i, j = self.pairs
        second = [((part[..., None] * self.y).mT @ self.y)[:, i, j] for part in share.unbind(1)]
        return torch.cat([share.sum(2, keepdim=True), share @ self.y, torch.stack(second, 1)], 2)


class Form(ABC):
    """How Gaussians over `width` columns are computed with; `size` is F."""

    def __init__(self, width: int) -> None:
        self.width = width

    size: int

    @abstractmethod
    def groups(self, known: Tensor, components: int, label: Tensor | None = None) -> Iterator[Group]:
        """The rows whose known cells are these (B, D), in groups that are computed with together; one label a group."""

    @abstractmethod
    def features(self, y: Tensor, known: Tensor | None, components: int) -> Features:
        """phi of the rows (G, n, D), 0 where not known; (G, n, D) says where, None: everywhere."""

    @abstractmethod
    def natural(self, law: Gaussians, known: Tensor | None) -> Tensor:
        """eta for patterns (G, D) and Gaussians (1 or G, T): (G, T, F)."""

    @abstractmethod
    def expected(self, sums: Tensor, law: Gaussians, known: Tensor | None) -> Tensor:
        """The expected sums (T, F) over all patterns, from the sums over known cells (G, T, F)."""

    @abstractmethod
    def moments(self, sums: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Weight (T, 1) or (T, D), mean (T, D) and scatter (T, D, D) or (T, D) of these sums (T, F)."""

    @abstractmethod
    def given(self, law: Gaussians, known: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Mean (G, T, n, D) and variance (G, T, 1, D) of every cell given the known ones of rows (G, n, D)."""

    @abstractmethod
    def drawn(self, law: Gaussians, known: Tensor, y: Tensor, noise: Tensor) -> Tensor:
        """Rows y (G, n, D) with their free cells drawn given the known ones, under the one Gaussian of each pattern."""


def _pattern(known: Tensor | None, like: Tensor) -> Tensor:
    """Which cells are known, as numbers (G, 1, D)."""
    return like.new_ones(1, 1, like.shape[-1]) if known is None else known[:, None].to(like.dtype)


@final
class Dense(Form):
    """Columns that depend on each other: (2)."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.size = 1 + width + width * (width + 1) // 2

    def _pairs(self, like: Tensor) -> Tensor:
        return torch.triu_indices(self.width, self.width, device=like.device)

    def groups(self, known: Tensor, components: int, label: Tensor | None = None) -> Iterator[Group]:
        return groups(known, max(1, MOST_CELLS // max(1, components * self.width**2)), label)

    def features(self, y: Tensor, known: Tensor | None, components: int) -> Features:
        if self.width > WIDE or components <= FEW:
            return Implied(y)
        phi = y.new_empty(len(y), self.size, y.shape[1])
        phi[:, 0], phi[:, 1 : 1 + self.width] = 1.0, y.mT
        rows, pairs = phi[:, 1 : 1 + self.width], phi[:, 1 + self.width :]
        lengths = range(self.width, 0, -1)
        for i, (one, products) in enumerate(zip(rows.split(1, 1), pairs.split([*lengths], 1))):
            torch.mul(one, rows[:, i:], out=products)
        return Written(phi)

    def _precision(self, law: Gaussians, known: Tensor | None) -> tuple[Tensor, Tensor]:
        """C_oo^-1 with zeros elsewhere (G, T, D, D), and log|C_oo| (G, T)."""
        o = _pattern(known, law.mean)
        inside = o[..., None] * o[..., None, :]
        root = root_of(law.covariance * inside + torch.diag_embed(1 - o))
        return torch.cholesky_inverse(root) * inside, 2 * root.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def natural(self, law: Gaussians, known: Tensor | None) -> Tensor:
        precision, log_det = self._precision(law, known)
        linear = (precision @ law.mean[..., None])[..., 0]
        cells = _pattern(known, law.mean).sum(-1)
        constant = -0.5 * (log_det + (law.mean * linear).sum(-1) + cells * LOG_2PI)
        i, j = self._pairs(linear)
        square = precision[..., i, j] * torch.where(i == j, -0.5, -1.0)
        return torch.cat([constant[..., None], linear, square], -1)  # (2)

    def _regression(self, law: Gaussians, known: Tensor) -> tuple[Tensor, Tensor]:
        """A, which leaves known cells as they are, and a of (4): (G, T, D, D) and (G, T, D)."""
        o = _pattern(known, law.mean)
        eye = torch.eye(self.width, dtype=o.dtype, device=o.device)
        A = torch.where(o[..., None] > 0, eye, law.covariance @ self._precision(law, known)[0])
        return A, (1 - o) * (law.mean - (A @ law.mean[..., None])[..., 0])

    def _rest(self, law: Gaussians, known: Tensor, A: Tensor) -> Tensor:
        """Cov of (4): (G, T, D, D)."""
        o = _pattern(known, law.mean)
        rest = law.covariance - A @ (o[..., None] * law.covariance)
        free = (1 - o)[..., None] * (1 - o)[..., None, :]
        return 0.5 * (rest + rest.mT) * free

    def expected(self, sums: Tensor, law: Gaussians, known: Tensor | None) -> Tensor:
        if known is None:
            return sums.sum(0)
        A, a = self._regression(law, known)
        weight, first, second = self._parted(sums)
        moved = (A @ first[..., None])[..., 0]
        cross = moved[..., :, None] * a[..., None, :]
        still = weight[..., None] * (a[..., :, None] * a[..., None, :] + self._rest(law, known, A))
        second = A @ second @ A.mT + cross + cross.mT + still
        i, j = self._pairs(sums)
        return torch.cat([weight, weight * a + moved, second[..., i, j]], -1).sum(0)  # (1) right

    def _parted(self, sums: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The sums of 1, of y, and of y y'."""
        weight, first, packed = sums.split([1, self.width, self.size - 1 - self.width], -1)
        second = packed.new_empty(*packed.shape[:-1], self.width, self.width)
        i, j = self._pairs(sums)
        second[..., i, j] = second[..., j, i] = packed
        return weight, first, second

    def moments(self, sums: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        weight, first, second = self._parted(sums)
        mean = ratio(first, weight)
        return weight, mean, ratio(second, weight[..., None]) - mean[:, :, None] * mean[:, None, :]

    def given(self, law: Gaussians, known: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        A, a = self._regression(law, known)
        mean = torch.einsum("gtij,gnj->gtni", A, y) + a[:, :, None]
        return mean, self._rest(law, known, A).diagonal(dim1=-2, dim2=-1).clamp(min=0)[:, :, None]

    def drawn(self, law: Gaussians, known: Tensor, y: Tensor, noise: Tensor) -> Tensor:
        """A draw of all cells, moved by what (4) makes of its distance from the known ones."""
        A, _ = self._regression(law, known)
        free = law.mean + noise @ root_of(law.covariance)[:, 0].mT
        return free + torch.where(known[:, None], y - free, 0.0) @ A[:, 0].mT


@final
class Independent(Form):
    """Columns that are independent within a component: (3)."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.size = 1 + 3 * width

    def groups(self, known: Tensor, components: int, label: Tensor | None = None) -> Iterator[Group]:
        """No pattern needs a matrix of its own: one group, or one for each row's own label."""
        rows = slice(0, len(known)) if label is None else torch.arange(len(known), device=known.device)[:, None]
        yield Group(None if label is None else known, rows, None)

    def features(self, y: Tensor, known: Tensor | None, components: int) -> Features:
        counted = torch.ones_like(y) if known is None else known.to(y.dtype)
        return Written(torch.cat([torch.ones_like(y[..., :1].sum(2, keepdim=True)), counted, y, y.square()], 2).mT)

    def natural(self, law: Gaussians, known: Tensor | None) -> Tensor:
        linear = law.mean / law.covariance
        constant = -0.5 * (law.covariance.log() + law.mean * linear + LOG_2PI)
        return torch.cat([torch.zeros_like(linear[..., :1].sum(-1, keepdim=True)), constant, linear,
                          -0.5 / law.covariance], -1)  # fmt: skip  # (3)

    def expected(self, sums: Tensor, law: Gaussians, known: Tensor | None) -> Tensor:
        return sums.sum(0)

    def moments(self, sums: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        _, weight, first, second = sums.split([1, *[self.width] * 3], -1)
        mean = ratio(first, weight)
        return weight, mean, ratio(second, weight) - mean.square()

    def given(self, law: Gaussians, known: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return law.mean[:, :, None].expand(-1, -1, y.shape[1], -1), law.covariance[:, :, None]

    def drawn(self, law: Gaussians, known: Tensor, y: Tensor, noise: Tensor) -> Tensor:
        return torch.where(known[:, None], y, law.mean + noise * law.covariance.sqrt())


def soft_(joint: Tensor, weight: Tensor | None) -> Tensor:
    """log-sums (G, n) over components of log-joints (G, T, n), which become the components' shares, times weights."""
    top = joint.amax(1, keepdim=True)
    whole = joint.sub_(top).clamp_(min=LEAST).exp_().sum(1, keepdim=True)
    joint.mul_(whole.reciprocal() if weight is None else weight[:, None] / whole)
    return (top + whole.log())[:, 0]
