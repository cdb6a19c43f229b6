r"""Balanced conditions: which column a generator is told of, and which of its levels.

While it learns, rarely seen levels come up more often than they are. With n_v the rows that have level v of a column,

    a column, evenly;   a level of it by q(v) ~ log(1 + n_v);   a row that has it, evenly                        (1)

Rows come in batches, which the training loop draws. Within one, (1) becomes a draw of pairs of a row i and a column d,

    P(i, d) = a(v_id) / (D sum_j a(v_jd)),    a(v) = log(1 + n_v) / n_v                                          (2)

whose levels are seen n_v a(v) ~ q(v) of the times in the mean over batches, up to the noise of the sum (levels that a
batch has not are made up for where they are there). a knows of the level alone: given what is told, rows are those of
the table, p(x | x_d = v). When it samples, levels come as often as they are, and where the generator obeys

    1/D sum_d sum_v p_d(v) p(x | x_d = v) = p(x)                                                                 (3)

Modeling Tabular Data using Conditional GAN (Xu et al., 2019), arXiv:1907.00503, section 4.3
"""

import torch
from torch import Tensor

from likely.rng import Rng


def attention(rows: Tensor) -> Tensor:
    """a of levels that so many rows have (L,)."""
    return rows.log1p() / rows.clamp(min=torch.finfo(rows.dtype).tiny)


def picked(level: Tensor, there: Tensor, attention: Tensor, n: int, *, rng: Rng) -> tuple[Tensor, Tensor]:
    """n pairs by (2): the row (n,), and the level told (n,); of rows' levels (B, D), where they are there."""
    weight = torch.where(there, attention[level], 0.0).double()
    total = weight.sum(0)
    share = torch.where(total > 0, weight / total.clamp(min=1e-300), 0.0).T.flatten().cumsum(0)
    at = rng.uniform((n,), like=share) * share[-1]
    pair = torch.searchsorted(share, at, right=True).clamp(max=len(share) - 1)  # (2)
    row, column = pair % len(level), pair // len(level)
    return row, level[row, column]
