r"""What a covariance may be held to: the M-step of Gaussians, given the rows' expected scatter.

Of N_t rows with scatter S_t about their mean, component t's log-likelihood is, up to a constant,

    -N_t / 2 (log|C_t| + tr(C_t^-1 S_t))                                                      (1)

    Full       C = S                                      Tied        C = sum_t N_t S_t / sum_t N_t          (2)
    Diagonal   C = diag S                                 Spherical   C = I tr S / D                         (3)
    Factors    C = W W' + Psi: for any Psi, with Psi^-1/2 S Psi^-1/2 = U L U' (L descending, q columns kept),
               W = Psi^1/2 U (L - 1)_+^1/2,   then   Psi = diag(S - W W'),   until (1) stands still          (4)
    isotropic  W = U (L - s^2)^1/2 with S = U L U',   s^2 = the mean of the other eigenvalues                 (5)

(5) is exact: Probabilistic Principal Component Analysis (Tipping & Bishop, 1999)
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from torch import Tensor

from likely.errors import FieldError

ROUNDS = 200  # of (4), at most
LONGEST = 1.0  # step of the logarithm of a noise variance
STILL = 1e-10  # nats a row that a round of (4) must gain
NEARLY = 1e-6  # the same within EM, whose next step begins anew
LEAST = 1e-9  # Psi is at least this share of the variance: a column may be one of the factors (Heywood)


class Covariance(ABC):
    """The shape that the covariances of all components have."""

    dense: ClassVar[bool] = True  # columns may depend on each other within a component

    @abstractmethod
    def fitted(self, weight: Tensor, scatter: Tensor) -> Tensor:
        """The most likely covariances for scatters (T, D, D) of weights (T, 1); (T, D) for both where not dense."""

    @abstractmethod
    def free(self, components: int, columns: int) -> int:
        """How many free numbers the covariances of these many components have."""


@final
@dataclass(frozen=True)
class Full(Covariance):
    """Each component its own ellipsoid."""

    def fitted(self, weight: Tensor, scatter: Tensor) -> Tensor:
        return scatter  # (2) left

    def free(self, components: int, columns: int) -> int:
        return components * columns * (columns + 1) // 2


@final
@dataclass(frozen=True)
class Tied(Covariance):
    """One ellipsoid for all components."""

    def fitted(self, weight: Tensor, scatter: Tensor) -> Tensor:
        share = _shares(weight, 0)[:, :, None]
        return (share * scatter).sum(0, keepdim=True).expand_as(scatter).clone()  # (2) right

    def free(self, components: int, columns: int) -> int:
        return columns * (columns + 1) // 2


@final
@dataclass(frozen=True)
class Diagonal(Covariance):
    """Columns independent within a component."""

    dense: ClassVar[bool] = False

    def fitted(self, weight: Tensor, scatter: Tensor) -> Tensor:
        return scatter  # (3) left

    def free(self, components: int, columns: int) -> int:
        return components * columns


@final
@dataclass(frozen=True)
class Spherical(Covariance):
    """Round components: one variance each."""

    dense: ClassVar[bool] = False

    def fitted(self, weight: Tensor, scatter: Tensor) -> Tensor:
        return (_shares(weight, 1) * scatter).sum(1, keepdim=True).expand_as(scatter).clone()  # (3) right

    def free(self, components: int, columns: int) -> int:
        return components


@final
@dataclass(frozen=True)
class Factors(Covariance):
    """A few directions and noise about them: for many columns, where a full covariance has too many numbers."""

    rank: int = 4  # how many directions: more follows the data closer and needs more rows
    isotropic: bool = False  # one noise variance for all columns (probabilistic PCA), else one each

    def __post_init__(self) -> None:
        if self.rank < 0:
            raise FieldError(f"Factors.rank cannot be {self.rank}", expected="0 (independent columns) or more")

    def fitted(self, weight: Tensor, scatter: Tensor) -> Tensor:
        loading, noise = self.split(scatter, NEARLY)
        return loading @ loading.mT + torch.diag_embed(noise)

    def free(self, components: int, columns: int) -> int:
        q = min(self.rank, columns)
        return components * (columns * q - q * (q - 1) // 2 + (1 if self.isotropic else columns))

    def split(self, scatter: Tensor, still: float = STILL) -> tuple[Tensor, Tensor]:
        """W (T, D, rank) and the diagonal of Psi (T, D) of the most likely covariances."""
        spare = max(0, self.rank - scatter.shape[-1])
        loading, noise = _isotropic(scatter, self.rank) if self.isotropic else _factors(scatter, self.rank, still)
        return torch.nn.functional.pad(loading, (0, spare)), noise


def _shares(weight: Tensor, along: int) -> Tensor:
    """Weights that add up to 1; equal ones where there are none."""
    whole = weight.sum(along, keepdim=True)
    return torch.where(whole > 0, weight / whole.clamp(min=1e-300), 1 / max(1, weight.shape[along]))


def _leading(matrix: Tensor, q: int) -> tuple[Tensor, Tensor, Tensor]:
    """The q largest eigenvalues (T, q), descending, their vectors (T, D, q), and the other eigenvalues."""
    values, vectors = torch.linalg.eigh(matrix)
    kept = min(q, values.shape[-1])
    cut = values.shape[-1] - kept
    return values[..., cut:].flip(-1), vectors[..., cut:].flip(-1), values[..., :cut]


def _isotropic(scatter: Tensor, q: int) -> tuple[Tensor, Tensor]:
    variance = scatter.diagonal(dim1=-2, dim2=-1)
    if not variance.shape[-1]:
        return scatter, variance
    values, vectors, rest = _leading(scatter, q)
    noise = rest.mean(-1, keepdim=True) if rest.shape[-1] else torch.zeros_like(variance[..., :1])
    noise = noise.maximum(LEAST * variance.mean(-1, keepdim=True))
    loading = vectors * (values - noise).clamp(min=0).sqrt()[..., None, :]  # (5)
    return loading, noise.expand_as(variance).clone()


class _Tried(NamedTuple):
    """The best loadings for some noise."""

    noise: Tensor  # (T, D)
    loading: Tensor  # (T, D, q)
    told: Tensor  # (T,): (1) a row
    step: Tensor  # (T, D): Newton's, on the noise's logarithm


def _factors(scatter: Tensor, q: int, still: float) -> tuple[Tensor, Tensor]:
    """(4) by Newton's steps (Joreskog, 1967), and by (4) itself where they do not climb."""
    variance = scatter.diagonal(dim1=-2, dim2=-1)
    if not variance.shape[-1]:
        return scatter, variance
    variance = variance.maximum((1e-12 * variance.mean(-1, keepdim=True)).clamp(min=1e-200))
    best = _tried(scatter, 0.5 * variance, q)
    for _ in range(ROUNDS):
        bold = _tried(scatter, (best.noise * (-best.step).exp()).clamp(LEAST * variance, variance), q)
        if bool((bold.told <= best.told).any()):
            plain = (variance - best.loading.square().sum(-1)).maximum(LEAST * variance)
            bold = _better(_tried(scatter, plain, q), bold)
        gained, best = bold.told - best.told, _better(bold, best)
        if bool((gained <= still).all()):
            break
    return best.loading, best.noise


def _tried(scatter: Tensor, noise: Tensor, q: int) -> _Tried:
    std = noise.sqrt()
    whitened = scatter / std[..., None] / std[..., None, :]
    values, vectors, rest = _leading(whitened, q)
    kept = values.clamp(min=1)
    loading = std[..., None] * vectors * (kept - 1).sqrt()[..., None, :]  # (4)
    told = -0.5 * (noise.log().sum(-1) + (kept.log() + values / kept).sum(-1) + rest.sum(-1))  # (1)
    factor = vectors * (values > 1)[..., None, :]
    eye = torch.eye(scatter.shape[-1], dtype=scatter.dtype, device=scatter.device)
    apart = whitened.diagonal(dim1=-2, dim2=-1) - (factor.square() * values[..., None, :]).sum(-1)
    slope = 1 - factor.square().sum(-1) - apart  # of what the factors leave
    bend = (eye - factor @ factor.mT).square() + 1e-3 * eye
    return _Tried(noise, loading, told, torch.linalg.solve(bend, slope).clamp(-LONGEST, LONGEST))


def _better(one: _Tried, other: _Tried) -> _Tried:
    """The more likely of the two, component by component."""
    wins = one.told > other.told
    return _Tried(*(torch.where(wins.reshape(-1, *[1] * (a.dim() - 1)), a, b) for a, b in zip(one, other)))
