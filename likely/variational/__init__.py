"""Variational parts that families take as objects: posteriors q(z | x) and priors p(z) of codes."""

from likely.variational.flow_posterior import FlowPosterior
from likely.variational.hierarchical import Hierarchical
from likely.variational.likelihood import Likelihood
from likely.variational.mixture import MixturePrior, VampPrior
from likely.variational.posterior import GaussianPosterior, Inference, Posterior
from likely.variational.prior import CodeLaw, Prior, StandardPrior

__all__ = [
    "CodeLaw",
    "FlowPosterior",
    "GaussianPosterior",
    "Hierarchical",
    "Inference",
    "Likelihood",
    "MixturePrior",
    "Posterior",
    "Prior",
    "StandardPrior",
    "VampPrior",
]
