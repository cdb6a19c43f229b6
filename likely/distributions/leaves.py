r"""Leaves: laws of every column's states given a hidden variable's, learned by gradient.

    p(s_d | z) = (1 - a) softmax(theta_d,z)_s + a p(s_d)                                      (1)

There are T trees of such variables. States are those of `distributions.bins`, all columns' side by side: F in all. A
share a of the column's overall law keeps every state possible whatever was seen. At first each hidden state stands for
one row of the data: its leaves are that row's states, for numbers their neighbours too, mixed with the overall law.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from likely.distributions.hidden_tree import TINY, places
from likely.rng import Rng

CLOSE = 0.6  # how much of a leaf is, at first, the row it stands for
NEAR = 0.05  # the ranks across which a number's first leaf is spread
UNEVEN = 0.1  # noise on first leaves: hidden states that stand for equal rows must part


class Leaves(nn.Module):
    """p(s_d | z) in every tree: tables (T, F, H)."""

    overall: Tensor  # (F,) p(s_d); 0 where there is no such state
    sizes: Tensor  # (D,) how many states each column has
    start: Tensor  # (D,) where they begin
    column: Tensor  # (F,) which column a state is of

    def __init__(self, sizes: Tensor, possible: Tensor, trees: int, hidden: int, smoothing: float) -> None:
        super().__init__()
        self.smoothing = smoothing
        self.register_buffer("sizes", sizes, persistent=False)
        self.register_buffer("start", sizes.cumsum(0) - sizes, persistent=False)
        self.register_buffer("column", torch.repeat_interleave(torch.arange(len(sizes)), sizes), persistent=False)
        self.register_buffer("overall", self._overall(possible.float()))
        self.theta = nn.Parameter(torch.randn(trees, len(self.column), hidden))

    def _shares(self, mass: Tensor) -> Tensor:
        """Each column's states (T, F, H) brought to sum 1."""
        whole = mass.new_zeros(len(mass), len(self.sizes), mass.shape[2]).index_add(1, self.column, mass)
        return mass / whole[:, self.column]

    def _overall(self, mass: Tensor) -> Tensor:
        return self._shares(mass[None, :, None])[0, :, 0]

    # What they say ---------------------------------------------------------------------------------------------------

    def log_law(self) -> Tensor:
        """log p(s_d | z): (T, F + 1, H), the last state's 0: that is for what is not known."""
        mass = self.theta.clamp(-40, 40).exp() * (self.overall > 0)[:, None]
        law = torch.lerp(self._shares(mass), self.overall[:, None], self.smoothing)  # (1)
        return F.pad(law.clamp(min=TINY).log(), (0, 0, 0, 1))

    def places(self, state: Tensor) -> Tensor:
        """Where states (B, D) stand in the table; a state of -1 in its last row."""
        return torch.where(state >= 0, self.start + state, len(self.column))

    def of(self, column: int, log_law: Tensor) -> Tensor:
        """One column's part of the tables: (T, states, H)."""
        start = int(self.start[column])
        return log_law[:, start : start + int(self.sizes[column])]

    def own(self, state: Tensor, log_law: Tensor, home: Tensor, nodes: int) -> Tensor:
        """log p of the states (B, D) of each node's own columns, where column d hangs from home (T, D): (n, B, H)."""
        place = self.places(state)
        if nodes == 1:
            return F.embedding_bag(place, log_law[0], mode="sum")[None]
        tree, column = places(home)
        return F.embedding(place.T[column] + (tree * log_law.shape[1])[:, None], log_law.flatten(0, 1))

    # How they begin --------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def begin(self, state: Tensor, possible: Tensor, numbers: Tensor, *, rng: Rng) -> None:
        """Overall laws from states (B, D), and each hidden state a row of them; `numbers` (F,): bins in their order."""
        trees, _, hidden = self.theta.shape
        seen = torch.bincount(self.places(state).flatten(), minlength=len(self.column) + 1)[:-1]
        self.overall.copy_(self._overall((seen + 0.5) * possible))
        rows = state[rng.integers(len(state), (trees * hidden,), like=self.theta)]
        for d, size in enumerate(self.sizes.tolist()):
            part = slice(int(self.start[d]), int(self.start[d]) + size)
            told = _around(rows[:, d], self.overall[part], numbers[part])
            mixed = torch.lerp(self.overall[part, None].expand(-1, len(rows)), told, CLOSE)
            self.theta[:, part] = mixed.clamp(min=1e-12).log().view(size, trees, hidden).transpose(0, 1)
        noise = rng.normal((trees * hidden, len(self.column)), like=self.theta)
        self.theta += UNEVEN * noise.view(trees, hidden, -1).transpose(1, 2)


def _around(state: Tensor, overall: Tensor, number: Tensor) -> Tensor:
    """Laws of states near these ones (H,), of a column with this overall law: (states, H)."""
    codes = torch.arange(len(overall), device=state.device)
    told = (codes[:, None] == state).to(overall)
    rank = overall.cumsum(0) - overall / 2
    near = overall[:, None] * (-0.5 * ((rank[:, None] - rank[state]) / NEAR).square()).exp() * number[:, None]
    told = torch.where(number[state], near / near.sum(0).clamp(min=TINY), told)
    return torch.where(state >= 0, told, overall[:, None])
