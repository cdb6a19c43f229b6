r"""Mixtures of normals over codes: with parameters of their own, or as the posterior of learned rows.

    p(z) = sum_k w_k N(z; m_k, e^{2 l_k})                                                                            (1)
    VampPrior:   p(z) = sum_k w_k q(z | u_k, c_k),   u_k learned, started from training rows and their conditions    (2)

A mean of all posteriors is the prior that makes the bound highest; (2) is one over few rows.
VAE with a VampPrior (Tomczak & Welling, 2018), arXiv:1705.07120
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from likely.contracts import Space
from likely.distributions import log_normal
from likely.errors import FieldError
from likely.rng import Rng
from likely.spaces import Category, Column, Count, Real, Tokens, Vector, absent, levels_of
from likely.variational.posterior import WIDEST, GaussianInference, Inference, mean_log_std
from likely.variational.prior import Above, CodeLaw, Known, Prior, nothing_above


@final
@dataclass(frozen=True, kw_only=True)
class MixturePrior(Prior):
    """A learned mixture of normals: codes may lie in clusters."""

    components: int = 32  # clusters of codes at most; more follow finer structure and cost time

    def __post_init__(self) -> None:
        _check_components(self)

    def law(self, latent: int, inference: Inference) -> CodeLaw:
        return Mixture(latent, Own(self.components, latent))


@final
@dataclass(frozen=True, kw_only=True)
class VampPrior(Prior):
    """The mean posterior of learned pseudo-rows: the prior moves with the encoder."""

    components: int = 64  # pseudo-rows; more follow the data's codes closer, and each is encoded in every step

    def __post_init__(self) -> None:
        _check_components(self)

    def law(self, latent: int, inference: Inference) -> CodeLaw:
        if not isinstance(inference, GaussianInference):
            raise FieldError("a VampPrior beside a FlowPosterior: the density of such posteriors at other rows' codes "
                             "is known one number after another only", expected="one of the two",
                             remedy="prior=MixturePrior(), or leave the posterior out")  # fmt: skip
        return Mixture(latent, PseudoRows(self.components, inference))


class Source(nn.Module, ABC):
    """Where the components of a mixture come from."""

    logit: Tensor  # (K,) of the weights

    @abstractmethod
    def forward(self, inference: Inference) -> tuple[Tensor, Tensor]:
        """Means and log standard deviations (K, latent)."""

    @abstractmethod
    def prepare(self, x: Tensor, c: Tensor | None, *, rng: Rng) -> None:
        """Shown a sample of the data before the first step."""


@final
class Own(Source):
    """Parameters."""

    def __init__(self, components: int, latent: int) -> None:
        super().__init__()
        self.logit = nn.Parameter(torch.zeros(components))
        self.mean, self.raw = (
            nn.Parameter(torch.randn(components, latent)),
            nn.Parameter(torch.zeros(components, latent)),
        )

    def forward(self, inference: Inference) -> tuple[Tensor, Tensor]:
        return self.mean, WIDEST * torch.tanh(self.raw / WIDEST)

    def prepare(self, x: Tensor, c: Tensor | None, *, rng: Rng) -> None:
        """They start apart from each other and near 0, as codes do."""


@final
class PseudoRows(Source):
    """Rows u_k and conditions c_k: a training row's cells, of which those that are real or levels are moved."""

    rows: Tensor  # (K, *space.shape): where they start from
    given: Tensor  # (K, *condition.shape)
    moving: Tensor  # places of the first dimension whose cells can be moved

    def __init__(self, components: int, inference: GaussianInference) -> None:
        super().__init__()
        self.logit = nn.Parameter(torch.zeros(components))
        space, condition = inference.space, inference.condition
        self.span = float((levels_of(space) or 2) - 1)  # of levels; a standardised real has about one
        self.register_buffer("rows", _scattered(space, components))
        self.register_buffer("given", absent(_scattered(condition, components)))
        moving = _moving(space)
        self.register_buffer("moving", torch.tensor(moving, dtype=torch.int64), persistent=False)
        shape = (components, len(moving), *space.shape[1:])
        self.shift = nn.Parameter(torch.zeros(shape)) if moving else None

    def forward(self, inference: Inference) -> tuple[Tensor, Tensor]:
        c = None if inference.condition is None else self.given
        return mean_log_std(inference(self.placed(), c))  # (2)

    def placed(self) -> Tensor:
        """The pseudo-rows where they are now; a missing cell stays missing."""
        if self.shift is None:
            return self.rows
        return self.rows.index_add(1, self.moving, self.span * self.shift)

    @torch.no_grad()
    def prepare(self, x: Tensor, c: Tensor | None, *, rng: Rng) -> None:
        """Different rows of the sample; all of them again where there are too few."""
        chosen = rng.uniform((len(x),), like=torch.empty(0)).argsort().to(x.device)
        chosen = chosen.repeat(-(-len(self.rows) // len(x)))[: len(self.rows)]
        self.rows.copy_(x[chosen])
        if c is not None:
            self.given.copy_(c[chosen])


@final
class Mixture(CodeLaw):
    """A mixture over the components of a source."""

    def __init__(self, latent: int, source: Source) -> None:
        super().__init__()
        self.source = source
        self.held = len(source.logit) * latent

    def known(self, inference: Inference) -> Known:
        return (self.source.logit.log_softmax(0), *self.source(inference))

    def forward(self, z: Tensor, noise: Tensor, known: Known) -> Tensor:
        log_weight, mean, log_std = known
        return torch.logsumexp(log_weight + log_normal(z[:, :, None], mean, log_std).sum(3), 2)  # (1)

    def cells(self, z: Tensor, noise: Tensor, known: Known) -> Tensor:
        """A number by itself is a mixture too."""
        log_weight, mean, log_std = known
        return torch.logsumexp(log_weight[:, None] + log_normal(z[:, :, None], mean, log_std), 2)

    def above(self, z: Tensor, noise: Tensor) -> Above:
        return nothing_above(z)

    def sample(self, n: int, known: Known, *, like: Tensor, rng: Rng) -> Tensor:
        log_weight, mean, log_std = known
        k = rng.categorical(log_weight.expand(n, -1))
        return mean[k] + log_std[k].exp() * rng.normal((n, mean.shape[1]), like=like)

    def prepare(self, x: Tensor, c: Tensor | None, *, rng: Rng) -> None:
        self.source.prepare(x, c, rng=rng)


def _moving(space: Space) -> list[int]:
    """Places of the first dimension whose cells can be moved by small steps."""
    match space:
        case Tokens():
            return []
        case Vector(columns=columns):
            return [place for place, column in enumerate(columns) if isinstance(column, Real)]
    return list(range(space.shape[0]))


def _scattered(space: Space | None, rows: int) -> Tensor:
    """Some rows of a space, all different: what a model that was shown no data starts from."""
    match space:
        case None:
            return torch.zeros(rows, 0)
        case Tokens():
            return torch.randint(space.vocabulary, (rows, *space.shape))
        case Vector(columns=columns):
            return torch.stack([_cells(column, rows) for column in columns], 1)
    levels = levels_of(space)
    return torch.randn(rows, *space.shape) if levels is None else (levels - 1) * torch.rand(rows, *space.shape)


def _cells(column: Column, rows: int) -> Tensor:
    match column:
        case Category(k=k):
            return torch.randint(k, (rows,)).float()
        case Count():
            return torch.randint(4, (rows,)).float()
    return torch.randn(rows)


def _check_components(prior: MixturePrior | VampPrior) -> None:
    if prior.components < 1:
        raise FieldError(f"{type(prior).__name__} has {prior.components} components", expected="at least 1")
