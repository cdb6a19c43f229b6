r"""Pictures as how much of each kind of patch is in each quarter: what axes that tell a picture's layout do not show.

    h = (max(0, w_k * x), max(0, -w_k * x)) averaged over a quarter,   w_k: a whitened training patch of length 1    (1)

An Analysis of Single-Layer Networks in Unsupervised Feature Learning (Coates, Ng & Lee, 2011)
"""

from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor

SIDE, STRIDE, KINDS = 6, 2, 64  # of a patch, in pixels; steps between patches; kinds of patch
PICTURES, PATCHES = 200, 10_000  # of training, that the kinds are taken from, at most
FLAT, FAINT = 0.1, 0.1  # share of the usual contrast below which a patch shows nothing; added to every variance


@final
class Patches:
    """(B, C, H, W) -> (B, 8 KINDS)."""

    def __init__(self, seen: Tensor) -> None:
        patches = F.unfold(seen[_even(len(seen), PICTURES)], SIDE, stride=STRIDE).transpose(1, 2).flatten(0, 1)
        patches = patches - patches.mean(1, keepdim=True)
        contrast = patches.std(1)
        patches = patches[contrast >= FLAT * contrast.mean()]
        patches = patches[_even(len(patches), PATCHES)]
        patches = patches / (patches.std(1, keepdim=True) + FLAT * contrast.mean()).clamp(min=1e-6)
        values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
        kinds = patches[_even(len(patches), KINDS)] @ (vectors * (values.clamp(min=0) + FAINT).rsqrt()) @ vectors.T
        self.kinds = F.normalize(kinds - kinds.mean(1, keepdim=True)).view(-1, seen.shape[1], SIDE, SIDE)

    def __call__(self, x: Tensor) -> Tensor:
        h = F.conv2d(x, self.kinds, stride=STRIDE)
        return F.adaptive_avg_pool2d(torch.cat([h.relu(), h.neg_().relu_()], 1), 2).flatten(1)  # (1)


def _even(of: int, most: int) -> Tensor:
    """At most so many places, evenly spread."""
    return torch.linspace(0, of - 1, min(of, most), dtype=torch.float64).round().long()
