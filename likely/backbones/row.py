"""A row of cells as numbers that a network can read, every missing cell told by a stand-in of its own."""

from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.mlp import MLP, Layers
from likely.backbones.network import Context, Encoder
from likely.spaces import Category, Count, Real, Vector


@final
class Waves(nn.Module):
    """(B, D, *places) -> (B, D (1 + 2 k), *places): each number, then its cosine and sine at k octaves from `first` up.

    Layers alone learn fine structure last (Tancik et al., 2020); with octaves up to w they resolve about 1 / w.
    """

    octaves: Tensor

    def __init__(self, inputs: int, octaves: int, *, first: float = 0.5) -> None:
        super().__init__()
        self.outputs = inputs * (1 + 2 * octaves)
        self.register_buffer("octaves", first * 2.0 ** torch.arange(octaves), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if not len(self.octaves):
            return x
        angles = (x[:, :, None] * self.octaves.view(-1, *(1,) * (x.dim() - 2))).flatten(1, 2)
        return torch.cat([x, angles.cos(), angles.sin()], 1)


@final
class RowInput(nn.Module):
    """(B, D) cells -> (B, width): a linear map of the numbers and indicators, plus an embedding of every choice.

    A real enters as it is, a count as log(1 + x); both as 0 beside an indicator where missing, and a real beside one
    for each of its atoms. A missing choice is one more code. Waves are added to the numbers where they are asked for.
    Without `gaps` numbers are known to be there, and have no indicators.
    """

    counted: Tensor
    numbers: Tensor
    choices: Tensor
    absent_codes: Tensor
    offsets: Tensor
    atom_columns: Tensor
    atoms: Tensor

    def __init__(self, space: Vector, width: int, waves: int = 0, *, gaps: bool = True) -> None:
        super().__init__()
        self.gaps, columns = gaps, list(enumerate(space.columns))
        self.plain = not gaps and all(isinstance(column, Real) and not column.atoms for column in space.columns)
        numbers = [at for at, column in columns if not isinstance(column, Category)]
        choices = [(at, column.k) for at, column in columns if isinstance(column, Category)]
        atoms = [(numbers.index(at), a) for at, column in columns if isinstance(column, Real) for a in column.atoms]
        codes = [k + 1 for _, k in choices]
        self._keep("numbers", torch.tensor(numbers, dtype=torch.int64))
        self._keep("counted", torch.tensor([isinstance(space.columns[at], Count) for at in numbers], dtype=torch.bool))
        self._keep("choices", torch.tensor([at for at, _ in choices], dtype=torch.int64))
        self._keep("absent_codes", torch.tensor([k for _, k in choices], dtype=torch.int64))
        self._keep("offsets", torch.tensor([sum(codes[:at]) for at in range(len(codes))], dtype=torch.int64))
        self._keep("atom_columns", torch.tensor([at for at, _ in atoms], dtype=torch.int64))
        self._keep("atoms", torch.tensor([a for _, a in atoms]))
        self.waves = Waves(len(numbers), waves)
        inputs = self.waves.outputs + len(numbers) * gaps + len(atoms)
        self.linear = nn.Linear(inputs, width) if numbers else None
        self.embedding = nn.Embedding(sum(codes), width) if codes else None
        if self.embedding is not None:
            nn.init.normal_(self.embedding.weight, std=len(codes) ** -0.5)

    def forward(self, cells: Tensor) -> Tensor:
        if self.plain and self.linear is not None:
            return self.linear(self.waves(cells))
        parts = []
        if self.linear is not None:
            parts.append(self.linear(self._numbers(cells[:, self.numbers])))
        if self.embedding is not None:
            parts.append(self.embedding(self._codes(cells[:, self.choices])).sum(1))
        return sum(parts[1:], parts[0])

    def _numbers(self, x: Tensor) -> Tensor:
        missing = torch.isnan(x)
        x = torch.where(missing, 0.0, x)
        read = torch.where(self.counted, torch.where(self.counted, x, 0.0).clamp(min=0).log1p(), x)
        at_atom = (x[:, self.atom_columns] == self.atoms.to(x.dtype)) & ~missing[:, self.atom_columns]
        told = [self.waves(read), missing.to(x.dtype), at_atom.to(x.dtype)]
        return torch.cat(told if self.gaps else told[::2], 1)

    def _codes(self, x: Tensor) -> Tensor:
        return torch.where(torch.isnan(x), self.absent_codes, torch.nan_to_num(x).long()) + self.offsets

    def _keep(self, name: str, values: Tensor) -> None:
        self.register_buffer(name, values, persistent=False)


@final
class RowEncoder(Encoder):
    """A vector's cells, through hidden layers, to a summary."""

    def __init__(self, space: Vector, width: int, network: MLP, waves: int = 0, *, gaps: bool = True) -> None:
        super().__init__()
        self.input = RowInput(space, network.width if network.depth else width, waves, gaps=gaps)
        self.layers = Layers(network.width, width, network, made=1) if network.depth else None

    def forward(self, cells: Tensor) -> Context:
        read = self.input(cells.to(next(self.parameters()).dtype))
        return Context(read if self.layers is None else self.layers(F.silu(read)))
