"""A case: a family over a space, maybe given a condition, with rows and a model that has learned a little."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from likely.codecs import Lift
from likely.contracts import Concludes, Counted, Family, Model, Prepared, Space, Trained, Turn
from likely.presets import composed
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Count, Image, Real, Series, Tokens, Vector, Wave, label, reals

ROWS = 96
STEPS = 12  # of Adam: enough to leave the initial weights, where many laws hold by accident

SPACES: dict[str, Space] = {
    "one real": reals(1),
    "reals": reals(2),
    "mixed": Vector((Real(), Real(atoms=(0.0,), missing=True), Count(), Category(3), Category(2, missing=True))),
    "label": label(3),
    "choices": Vector((Category(2), Category(3))),
    "bits": Image(1, 4, 4, levels=2),
    "image": Image(1, 8, 8, levels=8),
    "series": Series(2, 6),
    "wave": Wave(8000, 12, levels=8),
}
CONDITIONS: dict[str, Space | None] = {
    "nothing": None,
    "class": label(3),
    "vector": Vector((Real(missing=True), Real())),
    "image": Image(1, 4, 4, levels=4),
    "text": Tokens(12, 6),
}


@dataclass(frozen=True)
class Case:
    """One family, one space, one condition."""

    family: Family[Any]
    space: Space
    condition: Space | None = None

    @property
    def lift(self) -> Lift:
        return Lift.of(self.family, self.space)

    @cached_property
    def cells(self) -> Tensor:
        """Rows of the space, with some structure: later cells depend on the first."""
        return example_rows(self.space, ROWS, Keyed(11))

    @cached_property
    def c(self) -> Tensor | None:
        return None if self.condition is None else example_rows(self.condition, ROWS, Keyed(12))

    @cached_property
    def u(self) -> Tensor:
        """The rows as the model sees them."""
        return self.lift.up(self.cells, rng=Keyed(13))[0]

    def built(self, seed: int = 0) -> Model:
        """A fresh member of the family."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return composed(self.family).build(self.lift.space, self.condition)

    @cached_property
    def model(self) -> Model:
        """A member that has seen the rows: not good, but no longer at its initial weights."""
        model = self.built()
        if isinstance(model, Prepared):
            model.prepare(self.u, self.c, rng=Keyed(14))
        if isinstance(model, Counted):
            _count(model, self.u, self.c)
        if isinstance(model, Trained):
            descend(model, self.u, self.c, STEPS)
        if isinstance(model, Concludes):
            model.eval().conclude(self.u, self.c, rng=Keyed(15))
        return model.eval()


def _count(model: Counted, u: Tensor, c: Tensor | None) -> None:
    for _ in range(20):
        model.observe(u, c)
        if not model.finish():
            return


def descend(model: Trained, u: Tensor, c: Tensor | None, steps: int, *, rate: float = 1e-3) -> list[float]:
    """Rounds of plain Adam on one batch; the summed loss of each round."""
    optimizers = {name: torch.optim.Adam(player.module.parameters(), rate) for name, player in model.players().items()}
    losses = []
    with torch.random.fork_rng(devices=[]):
        for step in range(steps):
            torch.manual_seed(step)
            losses.append(sum(_turn(turn, optimizers) for turn in model.turns(u, c, rng=Stepped(0, step))))
    return losses


def _turn(turn: Turn, optimizers: Mapping[str, torch.optim.Optimizer]) -> float:
    optimizers[turn.player].zero_grad()
    loss = turn.loss()
    loss.backward()
    optimizers[turn.player].step()
    if turn.after is not None:
        turn.after()
    return float(loss.detach())


def example_rows(space: Space, n: int, rng: Keyed) -> Tensor:
    """n rows of a space, dependent within a row, with missing cells and atoms where the space has them."""
    like = torch.empty(0)
    level = rng.uniform((n,), like=like)  # a hidden cause that every cell follows
    match space:
        case Vector(columns=columns):
            return torch.stack([_column(column, level, rng) for column in columns], 1)
        case Image(levels=None):
            return (2 * level[:, None, None, None] - 1 + 0.1 * rng.normal((n, *space.shape), like=like)).clamp(
                -0.99, 0.99
            )
        case Image(levels=int(levels)) | Series(levels=int(levels)) | Wave(levels=int(levels)):
            noisy = level.view(n, *(1,) * len(space.shape)) + 0.2 * rng.normal((n, *space.shape), like=like)
            return (noisy.clamp(0, 0.999) * levels).floor()
        case Tokens(vocabulary=vocabulary, length=length):
            tokens = rng.integers(vocabulary, (n, length), like=like)
            return torch.where(torch.arange(length) < 1 + level[:, None] * length, tokens, -1)
    return level.reshape(n, *[1] * len(space.shape)) + 0.1 * rng.normal((n, *space.shape), like=like)


def _column(column: Any, level: Tensor, rng: Keyed) -> Tensor:
    n, like = len(level), level
    match column:
        case Category(k=k):
            cells = (level * 0.7 + rng.uniform((n,), like=like) * 0.3).mul(k).floor().clamp(max=k - 1)
        case Count():
            cells = (level * 4 + rng.uniform((n,), like=like) * 3).floor()
        case _:
            cells = 2 * level - 1 + 0.5 * rng.normal((n,), like=like)
            for atom in column.atoms:
                cells = torch.where(rng.uniform((n,), like=like) < 0.3, atom, cells)
    return torch.where(rng.uniform((n,), like=like) < 0.2, float("nan"), cells) if column.missing else cells
