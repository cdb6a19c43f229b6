r"""Chow-Liu trees: of all trees, the one under which the data are most likely, from counts of pairs.

    N I_ij = sum_ab N_ij(a, b) log N_ij(a, b) N_ij / (N_i(a) N_j(b))                          (1)
    w_ij   = sum_k N_k I_ij|k - penalty (S_i - 1) (S_j - 1)                                   (2)
    tree   = argmax over forests of the sum of w_ij along its edges                           (3)

Without penalty (3) is the tree of greatest likelihood. I is larger than 0 for independent columns too, on average by
half a nat for each parameter of the edge, so an edge has to earn its parameters; what does not is left out.
Approximating Discrete Probability Distributions with Dependence Trees (Chow & Liu, 1968)
"""

import math
from typing import final

import torch
from torch import Tensor, nn

MOST_PAIRS = 1 << 25  # pairs of states that are counted: 256 MB
EXACT = 1 << 24  # rows of weight 1 that float32 counts exactly


def affordable(sizes: Tensor, classes: int) -> int:
    """How many states of a column can be told apart while all pairs are counted; 1 where not even two can."""
    groups = 1
    while groups < int(sizes.max()) and classes * int(sizes.clamp(max=groups + 1).sum()) ** 2 <= MOST_PAIRS:
        groups += 1
    return groups


@final
class Pairs(nn.Module):
    """How often two columns are in two (groups of) states together, in each class."""

    seen: Tensor  # (K, C, C); empty once the tree is known
    group: Tensor  # (F,) the group of every column's every state
    sizes: Tensor  # (D,) states of each column
    coarse: Tensor  # (D,) groups of each column

    def __init__(self, classes: int, sizes: Tensor) -> None:
        super().__init__()
        coarse = sizes.clamp(max=affordable(sizes, classes))
        column = torch.repeat_interleave(torch.arange(len(sizes)), sizes)
        place = torch.arange(len(column)) - (sizes.cumsum(0) - sizes)[column]
        self.register_buffer("sizes", sizes, persistent=False)
        self.register_buffer("coarse", coarse, persistent=False)
        self.register_buffer("group", place * coarse[column] // sizes[column])
        width = int(coarse.sum())
        self.register_buffer("seen", torch.zeros(classes, width, width, dtype=torch.float64))

    def prepare(self, state: Tensor) -> None:
        """Where a column has more states than groups, neighbours are grouped so that groups are about as frequent."""
        start = (self.sizes.cumsum(0) - self.sizes).tolist()
        for d in (self.coarse < self.sizes).nonzero()[:, 0].tolist():
            size, groups = int(self.sizes[d]), int(self.coarse[d])
            often = torch.bincount(state[state[:, d] >= 0, d], minlength=size).double() + 1e-6
            middle = (often.cumsum(0) - often / 2) / often.sum()
            self.group[start[d] : start[d] + size] = (middle * groups).long().clamp(max=groups - 1)

    def observe(self, state: Tensor, k: Tensor, w: Tensor) -> None:
        """Add rows of states (B, D) with weights; a state of -1 pairs with nothing."""
        dtype = torch.float32 if len(state) < EXACT and bool((w == 1).all()) else torch.float64
        place = (self.coarse.cumsum(0) - self.coarse) + self.group[(self.sizes.cumsum(0) - self.sizes) + state.clamp(0)]
        told = torch.zeros(len(state), self.seen.shape[1], dtype=dtype, device=state.device)
        told.scatter_(1, place, (state >= 0).to(dtype))
        for label in k.unique().tolist():
            rows = told[k == label]
            self.seen[label] += rows.T @ (rows * w[k == label, None].to(dtype))

    def information(self) -> tuple[Tensor, Tensor]:
        """N I_ij of each class (K, D, D) in nats (1), and the parameters that an edge costs there."""
        column = torch.repeat_interleave(torch.arange(len(self.coarse), device=self.seen.device), self.coarse)
        member = torch.nn.functional.one_hot(column, len(self.coarse)).to(self.seen)  # (C, D)
        told, cost = [], []
        for seen in self.seen:
            rows = seen @ member  # (C, D): N of state a of column i, among rows that tell column j
            joint, margin = member.T @ torch.xlogy(seen, seen) @ member, member.T @ torch.xlogy(rows, rows)
            both = member.T @ rows
            told.append(joint - margin - margin.T + torch.xlogy(both, both))  # (1)
            free = (member.T @ (seen.diagonal() > 0).to(seen) - 1).clamp(min=0)
            cost.append(free[:, None] * free)
        return torch.stack(told), torch.stack(cost)

    def trees(self, penalty: float, *, shared: bool) -> Tensor:
        """The parent of each column in each class (K, D), -1 where it has none."""
        told, cost = self.information()
        worth = told - penalty * cost  # (2)
        found = [forest(worth.sum(0))] * len(worth) if shared else [forest(each) for each in worth]
        return torch.stack(found).to(worth.device)


def forest(worth: Tensor) -> Tensor:
    """The parents (D,) in the best forest (3), by Prim's way; each tree hangs from its column of greatest worth."""
    worth = worth.cpu()
    best, nearest = worth[0].clone(), torch.zeros(len(worth), dtype=torch.int64)
    joined = torch.zeros(len(worth), dtype=torch.bool)
    joined[0] = True
    found: list[tuple[int, int]] = []
    for _ in range(len(worth) - 1):
        new = int(best.masked_fill(joined, -math.inf).argmax())
        if best[new] > 0:
            found.append((int(nearest[new]), new))
        joined[new] = True
        closer = worth[new] > best
        best, nearest = torch.where(closer, worth[new], best), torch.where(closer, new, nearest)
    return _hung(found, worth)


def _hung(edges: list[tuple[int, int]], worth: Tensor) -> Tensor:
    """The parents when every tree hangs from its hub."""
    near: dict[int, list[int]] = {d: [] for d in range(len(worth))}
    for a, b in edges:
        near[a].append(b)
        near[b].append(a)
    pull = {d: float(worth[d, near[d]].sum()) if near[d] else 0.0 for d in near}
    parents, left = torch.full((len(worth),), -1), set(near)
    for root in sorted(near, key=lambda d: (-pull[d], d)):
        queue = [root] if root in left else []
        while queue:
            a = queue.pop(0)
            left.discard(a)
            for b in near[a]:
                if b in left:
                    parents[b] = a
                    queue.append(b)
    return parents
