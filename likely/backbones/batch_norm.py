r"""Normalisation of each channel over a batch, plain or told what is drawn.

    y = g (x - mean) / sqrt(var + eps) + b,   mean and var of a channel over rows and places of the batch           (1)
    (g, b) = (g_0, b_0) + W e,   told an embedding e of each row                                                 (2)

In training the rows of a batch depend on one another; in evaluation mean and var are running ones, and they do not. The
running ones are buffers that no loss in training reads: a loss evaluated twice is the same, and a resumed training goes
on bit for bit. They follow the raw weights; `recounted` brings them to the weights that are kept.

Batch Normalization (Ioffe & Szegedy, 2015), arXiv:1502.03167; (2): A Learned Representation for Artistic Style
(Dumoulin, Shlens & Kudlur, 2017), arXiv:1610.07629
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FOLLOWED, EPS, SPREAD = 0.1, 1e-5, 0.02  # of a batch in the running mean; below a variance; first weights
COUNTED, COUNTS = 128, 32  # rows of a batch whose statistics are counted again, and batches


@final
class BatchNorm(nn.Module):
    """(B, C, *places) -> the same, (1) or, with an embedding (B, told) of each row, (2)."""

    mean: Tensor
    variance: Tensor

    def __init__(self, channels: int, told: int = 0) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))
        self.gain = nn.Parameter(1 + SPREAD * torch.randn(channels))
        self.shift = nn.Parameter(torch.zeros(channels))
        self.told = nn.Parameter(SPREAD * torch.randn(2 * channels, told)) if told else None
        self.shown: int | None = None  # batches of a recount

    def forward(self, x: Tensor, embedding: Tensor | None = None) -> Tensor:
        if self.told is None or embedding is None:
            return self._normalised(x, self.gain, self.shift)
        own = F.linear(embedding, self.told, torch.cat([self.gain, self.shift]))  # (2)
        gain, shift = own[(..., *(None,) * (x.dim() - 2))].chunk(2, 1)
        return torch.addcmul(shift, self._normalised(x, None, None), gain)

    def _normalised(self, x: Tensor, gain: Tensor | None, shift: Tensor | None) -> Tensor:
        here = self.training and x.numel() > x.shape[1]  # one number has no spread
        return torch.batch_norm(x, gain, shift, self.mean, self.variance, here, self._share(here), EPS, False)  # (1)

    def _share(self, here: bool) -> float:
        if not here or self.shown is None:
            return FOLLOWED
        self.shown += 1
        return 1 / self.shown


def mingles(network: nn.Module) -> bool:
    """Whether what it makes of a row in training depends on the row's company."""
    return any(isinstance(module, BatchNorm) for module in network.modules())


@contextmanager
def recounted(network: nn.Module) -> Iterator[None]:
    """Within this, running statistics become the plain means over the batches shown, under the weights as they are."""
    norms = [module for module in network.modules() if isinstance(module, BatchNorm)]
    modes = [norm.training for norm in norms]
    for norm in norms:
        norm.train().shown = 0
    try:
        yield
    finally:
        for norm, mode in zip(norms, modes, strict=True):
            norm.train(mode).shown = None


def recounting(network: nn.Module, rows: int) -> Iterator[tuple[int, slice]]:
    """The batches, by number, that are to pass through a network so that it is recounted; none where nothing is."""
    starts = range(0, rows, COUNTED)[:COUNTS] if mingles(network) else ()
    with recounted(network):
        for part, start in enumerate(starts):
            yield part, slice(start, min(start + COUNTED, rows))
