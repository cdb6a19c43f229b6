"""Passes over the data: what has been seen and gained in this one, and what the last one reached.

A pass that has ended is forgotten when the next one begins, and not before: a model that has stopped learning (`eval`)
still holds its last statistics, and more rows are added to them in place of beginning anew.
"""

from typing import final

import torch
from torch import Tensor, nn


@final
class Passes(nn.Module):
    """The log-likelihoods of one or more candidates, pass by pass."""

    done: Tensor  # how many have ended
    ended: Tensor  # whether what is held is of one that has
    rows: Tensor  # seen, by weight
    gained: Tensor  # (candidates,) log-likelihoods
    reached: Tensor  # (candidates,) log-likelihoods a row, in the last pass that counted

    def __init__(self, candidates: int) -> None:
        super().__init__()
        self.register_buffer("done", torch.tensor(0))
        self.register_buffer("ended", torch.tensor(False))
        self.register_buffer("rows", torch.zeros((), dtype=torch.float64))
        self.register_buffer("gained", torch.zeros(candidates, dtype=torch.float64))
        self.register_buffer("reached", torch.full((candidates,), -torch.inf, dtype=torch.float64))

    def begins(self) -> bool:
        """Whether a new pass begins here: what is held is then to be forgotten."""
        if not (self.training and bool(self.ended)):
            return False
        self.rows, self.gained = torch.zeros_like(self.rows), torch.zeros_like(self.gained)
        self.ended = torch.zeros_like(self.ended)
        return True

    def see(self, rows: Tensor | float, gained: Tensor | None = None) -> None:
        """Rows, by weight, and what they add to the candidates' log-likelihoods."""
        self.rows = self.rows + rows
        self.gained = self.gained if gained is None else self.gained + gained

    def rise(self) -> Tensor:
        """How much each candidate's log-likelihood a row has risen since the last pass that counted."""
        reached = self.gained / self.rows
        risen, self.reached = reached - self.reached, reached
        return risen

    def end(self) -> None:
        """This pass is over, and another one is wanted."""
        self.done, self.ended = self.done + 1, torch.ones_like(self.ended)

    def keep(self, places: list[int]) -> None:
        """Only these candidates stay."""
        self.gained, self.reached = self.gained[places], self.reached[places]
