r"""Unknown cells of a latent model, drawn by sampling-importance-resampling.

    z_j ~ q(z | x_o),   w_j = p(x_o, u there | z_j) p(z_j) / q(z_j | x_o),   j = 1 .. k                              (1)
    x_u ~ p(x_u | z_J, u there),   P(J = j) = w_j / sum_i w_i                                                        (2)
    E[(1/k) sum_j w_j] = p(x_o, u there);   effective share (sum_j w_j)^2 / (k sum_j w_j^2)                          (3)

o are the known cells and u those to be drawn, given that they are there. As k grows (2) is a draw from p(x_u | x_o):
where q is the exact posterior one particle is enough, and the share says how far from it q is.

MIWAE (Mattei & Frellsen, 2019), arXiv:1812.02633
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from likely.contracts import Evidence, Filled, log_mean_exp
from likely.distributions.law import Law, MayMiss
from likely.errors import TakesNoIntervals
from likely.rng import Rng
from likely.spaces import absent

AT_ONCE = 1 << 22  # parameters of the law that are decoded at one time


class Proposed(NamedTuple):
    """Particles of some rows."""

    z: Tensor  # (B, k, latent) draws from q(z | x, c)
    log_ratio: Tensor  # (B, k): log p(z) - log q(z | x, c)


Decoder = Callable[[Tensor, Tensor | None], Tensor]  # codes (N, latent) and conditions to parameters of the law


def asked(x: Tensor, evidence: Evidence) -> Tensor:
    """x with all that is not known missing: what the posterior may see."""
    if evidence.low is not None or evidence.high is not None:
        raise TakesNoIntervals("a latent model cannot be given intervals yet", expected="values of some cells",
                           remedy="give values, or use Circuit, BayesNet or GaussianMixture")  # fmt: skip
    return torch.where(evidence.known, x, absent(x))


def resampled(
    law: Law, decoder: Decoder, proposed: Callable[[slice], Proposed], held: int,
    x: Tensor, evidence: Evidence, c: Tensor | None, *, rng: Rng,
) -> Filled:  # fmt: skip
    """Every free cell drawn by (2), the rows' particles being proposed so many numbers `held` at a time."""
    size, codes, told = max(1, AT_ONCE // held), [], []
    for at in (slice(start, start + size) for start in range(0, len(x), size)):
        z, log_ratio = proposed(at)
        codes.append(z)
        told.append(log_ratio + log_evidence(law, decoder, z, x[at], evidence.known[at], None if c is None else c[at]))
    z, log_weights = torch.cat(codes), torch.cat(told)  # (1)
    which = rng.categorical(_possible(log_weights))
    parameters = decoder(z[torch.arange(len(z), device=z.device), which], c)
    filled = Said(law, parameters).filled(x, evidence.known, rng=rng)
    return Filled(filled, effective_share(log_weights), log_mean_exp(log_weights))  # (3)


def log_evidence(law: Law, decoder: Decoder, z: Tensor, x: Tensor, known: Tensor, c: Tensor | None) -> Tensor:
    """log p(known cells, all others there | z, c) of every particle: (B, k)."""
    particles = z.shape[1]
    parameters = decoder(z.flatten(0, 1), None if c is None else c.repeat_interleave(particles, 0))
    x, known = x.repeat_interleave(particles, 0), known.repeat_interleave(particles, 0)
    return Said(law, parameters).log_known(x, known).unflatten(0, (-1, particles))


class Said(NamedTuple):
    """What codes say of rows."""

    law: Law
    parameters: Tensor  # (N, *law.outputs)

    def log_known(self, x: Tensor, known: Tensor) -> Tensor:
        """log p(known cells, all others there) (N,)."""
        parameters, law = self.parameters, self.law
        there = law.log_present(parameters) if isinstance(law, MayMiss) else torch.zeros((), device=parameters.device)
        return torch.where(known, law.cell_log_prob(x, parameters), there).flatten(1).sum(1)

    def filled(self, x: Tensor, known: Tensor, *, rng: Rng) -> Tensor:
        """x with every cell drawn that is not known, given that it is there."""
        law = self.law
        parameters = law.present(self.parameters) if isinstance(law, MayMiss) else self.parameters
        return torch.where(known, x, law.sample(parameters, rng=rng).to(x.dtype))  # (2)


def effective_share(log_weights: Tensor) -> Tensor:
    """(3) right: (B,), from 1 / k to 1; 0 where no particle can explain what is known."""
    weight = _possible(log_weights).softmax(1)
    share = 1 / (weight.square().sum(1) * log_weights.shape[1])
    return share.masked_fill(log_weights.isneginf().all(1), 0.0)


def _possible(log_weights: Tensor) -> Tensor:
    """Where no particle can explain what is known, all weigh the same."""
    return torch.where(log_weights.isneginf().all(1, keepdim=True), 0.0, log_weights)
