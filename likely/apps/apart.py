r"""How far rows that a model drew lie from held-out ones, row by row, so that two models can be compared in pairs.

    g(r) = log(1 + r^2 / e^2),   e: how far neighbours among the held-out rows are apart                            (1)
    h_ij = g(|x_i - y_j|) + g(|y_i - x_j|) - g(|x_i - x_j|) - g(|y_i - y_j|)                                        (2)
    D    = mean of h_ij over i != j                                                                                 (3)
    d_i  = n D - (n - 1) D_-i,   D_-i: (3) without row i                                                            (4)

D is 0 on average where the two laws are the same, and above otherwise. The pseudo-values d_i have the mean D, and their
spread over sqrt(n) is its standard error; the difference of two models' d_i, over the same held-out rows, is a paired
one. Energy statistics (Székely & Rizzo, 2013); The jackknife (Efron, 1982)
"""

import torch
from torch import Tensor

from likely.data import Rows, Table
from likely.metrics.features import codes, features
from likely.training.apart import neighbourly

FEWEST, MOST = 8, 500  # rows a side


def apart(held: Rows, drawn: Rows) -> Tensor:
    """(4), one a held-out row (float64): `drawn` are as many rows as `held`."""
    a, b = features(held, drawn) if isinstance(held, Table) else codes(held, drawn)
    x, y = torch.from_numpy(a).double().flatten(1), torch.from_numpy(b).double().flatten(1)
    near = neighbourly(x)
    across = _kernel(x, y, near)
    return pseudo(across + across.T - _kernel(x, x, near) - _kernel(y, y, near))  # (2)


def pseudo(h: Tensor) -> Tensor:
    """(4) of the pairs (n, n)."""
    n = len(h)
    each = h.fill_diagonal_(0.0).sum(1)
    total = each.sum()
    without = (total - 2 * each) / ((n - 1) * (n - 2))
    return n * total / (n * (n - 1)) - (n - 1) * without  # (3), (4)


def _kernel(a: Tensor, b: Tensor, near: float) -> Tensor:
    return torch.cdist(a, b).square().div_(near).log1p_()  # (1)
