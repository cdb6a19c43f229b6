r"""What each number of a code is used for.

    rate_d = E log q(z_d | x) - E log p(z_d),   log q by its mean and spread, log p by draws                         (1)

p(z_d) is the prior of the number by itself, or given the level above; for two normals (1) is known without draws. The
numbers of the level above come after the code's own.
"""

import torch
from torch import Tensor

from likely.contracts import Used
from likely.distributions import kl_standard_cells
from likely.distributions.normal import HALF_LOG_2PI
from likely.variational.posterior import GaussianInference, Inference
from likely.variational.prior import CodeLaw, Known, Standard


def closed(posterior: Inference, prior: CodeLaw) -> bool:
    """Whether the divergence between the two is known without draws."""
    return isinstance(prior, Standard) and isinstance(posterior, GaussianInference)


def used(posterior: Inference, prior: CodeLaw, told: Tensor, eps: Tensor, known: Known, free: float) -> Used:
    """From what the posterior says of rows (B, ...), with noise (B, S, latent + the prior's)."""
    own, noise = eps[..., : posterior.latent], eps[..., posterior.latent :]
    z, _ = posterior.draw(told, own)
    mean, log_std, error = posterior.moments(told, z)
    if closed(posterior, prior):
        rate = kl_standard_cells(mean, log_std)
    else:
        rate = -log_std - HALF_LOG_2PI - 0.5 - prior.cells(z, noise, known).mean(1)  # (1)
    above, draws = prior.above(z, noise), eps.shape[1]
    centre = above.mean.mean(1, keepdim=True)
    apart = (above.mean - centre).square().sum(1) / (draws * (draws - 1))
    return Used(
        mean=torch.cat([mean, centre[:, 0]], 1),
        noise=torch.cat([error, apart], 1),
        rate=torch.cat([rate, above.rate.mean(1)], 1),
        free=free,
    )
