r"""Conditional tables: p(state of a column | states of its parents), counted, for every column and class.

    p_d(j)     = (N_j + a) / (N + a S)                                                        (1) all classes
    p_kd(j)    = (N_kj + a + b p_d(j)) / (N_k + a S + b)                                      (2) class k
    p_kd(j|u)  = (N_kuj + b p_kd(j)) / (N_ku + b)                                             (3) parents in states u

so that b pseudo-rows of the column itself join each row of its table: where parents say little, or were hardly ever
seen so, a table falls back on the column, and the column of a class on that of all classes.
"""

import math
from typing import NamedTuple, final

import torch
from torch import Tensor, nn

from likely.distributions.counted import ratio
from likely.distributions.elimination import Factor


class Layout(NamedTuple):
    """Where the tables lie, end to end: columns of a class beside each other, the column's own states innermost."""

    offset: Tensor  # (K, D) where each table starts
    stride: Tensor  # (K, D, M) how far apart are two states of each parent
    cells: Tensor  # (K, D) how large each table is


@final
class Tables(nn.Module):
    """Counts of every column's states beside its parents' states."""

    parents: Tensor  # (K, D, M), -1 where there is none
    seen: Tensor  # all tables, end to end
    sizes: Tensor  # (D,) states of each column

    def __init__(self, classes: int, sizes: Tensor, parents: Tensor) -> None:
        super().__init__()
        self.classes = classes
        self.register_buffer("sizes", sizes, persistent=False)
        self.rewire(parents)

    def rewire(self, parents: Tensor) -> None:
        """Other parents (K, D, M), and nothing counted yet."""
        self.register_buffer("parents", parents)
        size = int(self.layout().cells.sum())
        self.register_buffer("seen", torch.zeros(size, dtype=torch.float64, device=parents.device))

    def layout(self) -> Layout:
        """Made anew from the parents whenever it is needed."""
        wide = torch.where(self.parents >= 0, self.sizes[self.parents.clamp(min=0)], 1)  # (K, D, M)
        inner = torch.cat([self.sizes.expand(len(wide), -1)[..., None], wide.flip(2)], 2).cumprod(2)
        cells = inner[..., -1]
        offset = (cells.flatten().cumsum(0) - cells.flatten()).view_as(cells)
        return Layout(offset, inner[..., :-1].flip(2), cells)

    def places(self, state: Tensor, k: Tensor) -> Tensor:
        """The entry of each column's table at these states (B, D), -1 where a state that it needs is."""
        layout, parents = self.layout(), self.parents[k]  # (B, D, M)
        beside = state.gather(1, parents.clamp(min=0).flatten(1)).view_as(parents)
        known = (state >= 0) & ((beside >= 0) | (parents < 0)).all(2)
        steps = (torch.where(parents >= 0, beside, 0) * layout.stride[k]).sum(2)
        return torch.where(known, layout.offset[k] + steps + state, -1)

    def observe(self, state: Tensor, k: Tensor, w: Tensor) -> None:
        """Add rows of states (B, D); a table that needs a state of -1 is left out."""
        place = self.places(state, k)
        weight = torch.where(place >= 0, w[:, None].double(), 0.0)
        self.seen.scatter_add_(0, place.clamp(min=0).flatten(), weight.flatten())

    def log_law(self, possible: Tensor, smoothing: float, strength: float) -> Tensor:
        """log p(state | parents), laid out as the counts; states that are not possible (F,) have no mass."""
        cells = self.layout().cells
        table = torch.repeat_interleave(torch.arange(cells.numel(), device=cells.device), cells.flatten())
        column = table % len(self.sizes)
        within = torch.arange(len(table), device=cells.device) - (cells.flatten().cumsum(0) - cells.flatten())[table]
        state = (self.sizes.cumsum(0) - self.sizes)[column] + within % self.sizes[column]
        own = self._own(table // len(self.sizes) * len(possible) + state, possible, smoothing, strength)
        rows = (cells // self.sizes).flatten()
        row = (rows.cumsum(0) - rows)[table] + within // self.sizes[column]
        whole = torch.zeros(int(rows.sum()), dtype=torch.float64, device=row.device).index_add_(0, row, self.seen)
        joined = (self.seen + strength * own) / (whole + strength)[row].clamp(min=1e-300)  # (3)
        alone = (rows[table] == 1) | (whole[row] + strength <= 0)
        return torch.where(alone, own, joined).log()

    def _own(self, place: Tensor, possible: Tensor, smoothing: float, strength: float) -> Tensor:
        """p_kd of each entry's state, without its parents (1), (2)."""
        column = torch.repeat_interleave(torch.arange(len(self.sizes), device=place.device), self.sizes)
        flat = torch.zeros(self.classes * len(possible), dtype=torch.float64, device=place.device)
        seen = flat.index_add_(0, place, self.seen).view(self.classes, -1)
        extra = smoothing * possible.double()
        even = _shares(possible.double(), column)
        pooled = _shares(seen.sum(0) + extra, column, even)  # (1)
        return _shares(seen + extra + strength * pooled, column, pooled).flatten()[place]  # (2)

    def factors(self, log_law: Tensor, k: int, place: dict[int, int]) -> list[Factor]:
        """The tables of class k as factors, variables that are eliminated later first."""
        layout, told = self.layout(), []
        starts, cells, parents = layout.offset[k].tolist(), layout.cells[k].tolist(), self.parents[k].tolist()
        for d, above in enumerate(parents):
            scope = [p for p in above if p >= 0] + [d]
            table = log_law[starts[d] : starts[d] + cells[d]].view(*(int(self.sizes[e]) for e in scope))
            order = sorted(range(len(scope)), key=lambda at: place[scope[at]], reverse=True)
            told.append(Factor(tuple(scope[at] for at in order), table.permute(order)[None]))
        return told

    def ordered(self) -> Tensor:
        """The columns of each class, parents before children: (K, D)."""
        depth = torch.zeros_like(self.parents[..., 0])
        for _ in range(depth.shape[1]):
            above = depth.gather(1, self.parents.clamp(min=0).flatten(1)).view_as(self.parents)
            deeper = torch.where(self.parents >= 0, above + 1, 0).amax(2)
            if torch.equal(deeper, depth):
                break
            depth = deeper
        return depth.argsort(dim=1, stable=True)

    def draw(self, log_law: Tensor, k: Tensor, level: Tensor) -> Tensor:
        """States (B, D) of rows of classes k, by one uniform for each: every column given its parents."""
        layout, order, state = self.layout(), self.ordered()[k], torch.zeros_like(level, dtype=torch.int64)
        span = torch.arange(int(self.sizes.max()), device=k.device)
        padded, rows = torch.cat([log_law.exp(), log_law.new_zeros(len(span))]), torch.arange(len(k), device=k.device)
        for step in range(order.shape[1]):
            d = order[:, step]
            parents = self.parents[k, d]
            beside = torch.where(parents >= 0, state.gather(1, parents.clamp(min=0)), 0)
            start = layout.offset[k, d] + (beside * layout.stride[k, d]).sum(1)
            share = torch.where(span < self.sizes[d, None], padded[start[:, None] + span], 0.0).cumsum(1)
            state[rows, d] = (share <= level[rows, d, None] * share[:, -1:]).sum(1).clamp(max=self.sizes[d] - 1)
        return state

    def strengths(self) -> Tensor:
        """What each parent tells of its child, in nats a row, averaged over classes by their rows: (K, D, M)."""
        layout, told = self.layout(), torch.zeros(self.parents.shape, dtype=torch.float64)
        for k, d, m in (self.parents >= 0).nonzero().tolist():
            start = int(layout.offset[k, d])
            shape = [int(self.sizes[p]) for p in self.parents[k, d].tolist() if p >= 0] + [int(self.sizes[d])]
            table = self.seen[start : start + int(layout.cells[k, d])].view(shape)
            others = [at for at in range(len(shape) - 1) if at != m]
            told[k, d, m] = _information(table.sum(others) if others else table)
        return told


def _information(seen: Tensor) -> float:
    """Mutual information of a table of counts, in nats."""
    whole = float(seen.sum())
    terms = (torch.xlogy(part, part).sum() for part in (seen, seen.sum(0), seen.sum(1)))
    joint, first, second = (float(term) for term in terms)
    return (joint - first - second) / whole + math.log(whole) if whole > 0 else 0.0


def _shares(seen: Tensor, column: Tensor, otherwise: Tensor | None = None) -> Tensor:
    """Each column's states (..., F) as shares of their sum; `otherwise` where that is 0."""
    whole = torch.zeros(*seen.shape[:-1], int(column[-1]) + 1, dtype=torch.float64, device=seen.device)
    whole = whole.index_add_(seen.dim() - 1, column, seen)[..., column]
    return torch.where(whole > 0, ratio(seen, whole), 0.0 if otherwise is None else otherwise)
