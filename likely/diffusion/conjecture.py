r"""What is said of every cell of a row from any others: the law of x_i given those that are seen, and a condition.

    columns of any kind     `columnwise`: categories, counts in bins, mixtures of logistics, atoms, missing cells    (1)
    one alphabet            log-odds of every code; of texts the end is one more, and no row has a code after it     (2)

(2): a place before a code that is seen has not ended, one after an end that is seen has. So all mass is on texts.
"""

import math
from abc import ABC, abstractmethod
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones import MLP, Network, SubsetMLP, denoiser, encoder, whole
from likely.backbones.bidirectional import Bidirectional, CodesAround, ColumnsAround
from likely.backbones.denoiser import PIXELS
from likely.backbones.network import Look
from likely.contracts import Sharpness, Space
from likely.distributions import precise, sharpened
from likely.distributions.columnwise import Columnwise, Dealt, Draw, columnwise
from likely.distributions.state import columns_of
from likely.errors import FieldError
from likely.rng import Rng
from likely.spaces import Image, Series, Tokens, gappy, levels_of

ROWS = MLP(width=512, depth=3, residual=True, normalised=True)  # the default over columns
LAYERED = 4096  # indicators of codes that layers read at most, where no network is named
FAINT = 0.1  # what a network says at first, beside the columns' own laws
VALUES = 2  # a fork of the noise: values inside bins


class Asked(ABC):
    """What is said of the cells of some rows, the known ones being seen."""

    @abstractmethod
    def log_prob(self, cells: Tensor) -> Tensor:
        """log p of every cell (B, D); of a known one anything."""

    @abstractmethod
    def draw_(self, cells: Tensor, at: Tensor, levels: Tensor, sharpness: Sharpness) -> None:
        """Draw the cells (B, D) at some places in place, by their own uniforms (B, D, noise)."""


class Conjecture(nn.Module, ABC):
    """Models work on `cells` (B, D): numbers for each of a row's places."""

    places: int
    noise: int  # uniforms that drawing a cell takes

    @abstractmethod
    def prepare(self, x: Tensor) -> None:
        """See some rows (B, *shape) first."""

    @abstractmethod
    def cells(self, x: Tensor) -> Tensor:
        """(B, *shape) as (B, D)."""

    @abstractmethod
    def there(self, cells: Tensor) -> Tensor:
        """Which cells have a value (B, D): one that is missing where none can be has none."""

    @abstractmethod
    def log_within(self, x: Tensor) -> Tensor:
        """log p(x | its cells), place by place (B, D): what no network says."""

    @abstractmethod
    def context(self, c: Tensor | None) -> Tensor | None:
        """What is read of a condition, once for all looks."""

    @abstractmethod
    def ask(self, cells: Tensor, known: Tensor, context: Tensor | None, *, present: bool = False) -> Asked:
        """Of cells (B, D) of which some are known; of hidden ones nothing is read. `present`: none is missing."""

    @abstractmethod
    def nothing(self, rows: int) -> Tensor:
        """Cells (B, D) of which none is known."""

    @abstractmethod
    def whole(self, cells: Tensor, *, rng: Rng) -> Tensor:
        """(B, D) as (B, *shape), what no network says being drawn."""


def conjecture(
    space: Space, condition: Space | None, network: Network | None, *, components: int, bins: int
) -> Conjecture:
    """The one that fits a space, with this network or the space's default."""
    match space, network:
        case Tokens(), Bidirectional() | None:
            return OfCodes(space, condition, network)
        case Tokens(), _:
            raise _unfit(space, network, "Bidirectional")
        case _ if levels_of(space) is not None:
            return OfCodes(space, condition, network)
        case _, MLP(depth=depth) if depth:
            return OfColumns(space, condition, network, components, bins)
        case _, Bidirectional() | None:
            return OfColumns(space, condition, network or ROWS, components, bins)
    raise _unfit(space, network, "MLP with hidden layers, or Bidirectional")


def _unfit(space: Space, network: Network | None, expected: str) -> FieldError:
    return FieldError(
        f"{type(network).__name__} says nothing of hidden cells of the space {type(space).__name__}",
        expected=expected,
        remedy="leave the network out, to get the default of that space",
    )


# Columns of any kind -------------------------------------------------------------------------------------------------


@final
class OfColumns(Conjecture):
    """(1)"""

    can: Tensor  # (D,) which columns can be missing

    def __init__(
        self, space: Space, condition: Space | None, network: MLP | Bidirectional, components: int, bins: int
    ) -> None:
        super().__init__()
        self.columns = columns = columnwise(space, components=components, bins=bins)
        self.places, self.noise = columns.columns, columns.noise
        self.told = None if condition is None else encoder(condition, network.width)
        context = 0 if condition is None else network.width
        self.network: SubsetMLP | ColumnsAround = (
            ColumnsAround(columns.reads, columns.says, network) if isinstance(network, Bidirectional) else
            SubsetMLP(columns.reads, columns.says, width=network.width, depth=network.depth, context=context,
                      faint=FAINT)
        )  # fmt: skip
        can = torch.tensor([column.missing for column in columns_of(space)])
        self.register_buffer("can", can, persistent=False)

    def prepare(self, x: Tensor) -> None:
        self.columns.prepare(x)

    def cells(self, x: Tensor) -> Tensor:
        return self.columns.cells(x)

    def there(self, cells: Tensor) -> Tensor:
        return ~torch.isnan(cells) | self.can

    def log_within(self, x: Tensor) -> Tensor:
        return self.columns.log_within(x)

    def context(self, c: Tensor | None) -> Tensor | None:
        return None if self.told is None or c is None else self.told(c).summary

    def ask(self, cells: Tensor, known: Tensor, context: Tensor | None, *, present: bool = False) -> Asked:
        read = self.columns.read(cells.masked_fill(~known, torch.nan))
        return AskedColumns(self.columns, self.network.look(read, known, context), present)

    def nothing(self, rows: int) -> Tensor:
        return self.columns.start.new_full((rows, self.places), math.nan)

    def whole(self, cells: Tensor, *, rng: Rng) -> Tensor:
        return self.columns.whole(cells, rng=rng.fork(VALUES))


@final
class AskedColumns(Asked):
    """What a network says of the numbers of each column."""

    def __init__(self, columns: Columnwise, look: Look, present: bool) -> None:
        self.columns, self.look, self.present = columns, look, present

    def log_prob(self, cells: Tensor) -> Tensor:
        return self.columns.log_prob(cells, precise(self.look.said()))

    def draw_(self, cells: Tensor, at: Tensor, levels: Tensor, sharpness: Sharpness) -> None:
        for d in at.any(0).nonzero()[:, 0].tolist():
            rows = at[:, d].nonzero()[:, 0]
            draw = Draw(self.columns, levels[rows], sharpness, self.present)
            cells[rows, d] = draw(d, precise(self.look.said_of(d, rows)))


# One alphabet --------------------------------------------------------------------------------------------------------


@final
class OfCodes(Conjecture):
    """(2): cells are int64, -1 where there is none, and past the alphabet where x has no code."""

    noise = 1
    start: Tensor  # (D, codes) log of how often each code is seen at each place, added to what is said

    def __init__(self, space: Space, condition: Space | None, network: Network | None) -> None:
        super().__init__()
        self.space, self.places = space, math.prod(space.shape)
        self.end = space.vocabulary if isinstance(space, Tokens) else None
        self.gap = levels_of(space) if gappy(space) else None
        self.alphabet = space.vocabulary + 1 if isinstance(space, Tokens) else (levels_of(space) or 0) + gappy(space)
        around = isinstance(space, Tokens) or isinstance(network, Bidirectional)
        self.told, self.around, self.picture = None, None, None
        if around:
            chosen = network if isinstance(network, Bidirectional) else Bidirectional()
            self.told = None if condition is None else encoder(condition, chosen.width)
            self.around = CodesAround(self.alphabet, self.places, chosen)
        else:
            layers = whole(space, PIXELS) if self.alphabet * self.places <= LAYERED else None
            self.picture = denoiser(self._hot_space(), condition=condition, network=network or layers)
        self.register_buffer("start", torch.zeros(self.alphabet))

    def _hot_space(self) -> Space:
        """Every code of a cell as a channel of its own."""
        if isinstance(self.space, Image):
            return Image(self.space.channels * self.alphabet, self.space.height, self.space.width, None)
        return Series(self.alphabet * self.places // self.space.shape[-1], self.space.shape[-1])

    def prepare(self, x: Tensor) -> None:
        codes = self.cells(x)
        seen = torch.bincount(codes[(codes >= 0) & (codes < self.alphabet)], minlength=self.alphabet) + 0.5
        self.start = (seen / seen.sum()).log().to(self.start.dtype)

    def cells(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        if self.end is not None:
            x = x.long()
            ended = (x < 0).long().cumsum(1) > 0
            wrong = (x >= self.end) | (ended & (x >= 0))  # more after the end, or no code: no row
            return torch.where(wrong, self.alphabet, torch.where(x < 0, self.end, x))
        x = x if x.is_floating_point() else x.to(self.start.dtype)
        gone = torch.isnan(x)
        right = (x >= 0) & (x == x.round()) & (x < self.alphabet - (self.gap is not None))
        codes = torch.where(right, x.nan_to_num(0.0), float(self.alphabet)).long()
        return torch.where(gone, -1 if self.gap is None else self.gap, codes)

    def there(self, cells: Tensor) -> Tensor:
        return cells >= 0

    def log_within(self, x: Tensor) -> Tensor:
        cells = self.cells(x)
        return torch.zeros(cells.shape, dtype=self.start.dtype, device=x.device).masked_fill(
            cells >= self.alphabet, -math.inf
        )

    def context(self, c: Tensor | None) -> Tensor | None:
        return self.told(c).summary if self.told is not None and c is not None else c

    def ask(self, cells: Tensor, known: Tensor, context: Tensor | None, *, present: bool = False) -> Asked:
        codes = cells.clamp(0, self.alphabet - 1).masked_fill(~known, 0)
        logits = self._logits(codes, known, context) + self.start
        if self.end is not None:
            logits = _ending(logits, codes, known, self.end)
        if present and self.gap is not None:
            logits[..., self.gap] = -math.inf
        return AskedCodes(precise(logits).log_softmax(-1))

    def _logits(self, codes: Tensor, known: Tensor, context: Tensor | None) -> Tensor:
        if self.around is not None:
            return self.around(codes, known, context)
        assert self.picture is not None
        hot = F.one_hot(codes, self.alphabet).to(self.start.dtype) * known[..., None]
        shape = (-1, self.places // math.prod(self.space.shape[-2:]), *self.space.shape[-2:], self.alphabet)
        if not isinstance(self.space, Image):
            shape = (-1, self.places // self.space.shape[-1], self.space.shape[-1], self.alphabet)
        planes = hot.view(shape).movedim(-1, 2)  # (B, C, K, ...)
        hidden = 1 - known.to(hot.dtype).mean(1)
        said = self.picture(planes.flatten(1, 2), hidden, context)
        return said.view(planes.shape).movedim(2, -1).flatten(1, -2)

    def nothing(self, rows: int) -> Tensor:
        return torch.full((rows, self.places), -1, dtype=torch.int64, device=self.start.device)

    def whole(self, cells: Tensor, *, rng: Rng) -> Tensor:
        if self.end is not None:
            over = (cells == self.end).long().cumsum(1) > 0
            return cells.masked_fill(over, -1)
        x = cells.to(self.start.dtype)
        x = x if self.gap is None else x.masked_fill(cells == self.gap, math.nan)
        return x.view(-1, *self.space.shape)


def _ending(logits: Tensor, codes: Tensor, known: Tensor, end: int) -> Tensor:
    """Log-odds (B, T, codes) where a place before a known code has not ended, and one after a known end has."""
    place, length = torch.arange(codes.shape[1], device=codes.device), codes.shape[1]
    last = torch.where(known & (codes != end), place, -1).amax(1, keepdim=True)
    first = torch.where(known & (codes == end), place, length).amin(1, keepdim=True)
    ends = torch.arange(logits.shape[-1], device=codes.device) == end
    over = place > first
    return logits.masked_fill(torch.where(ends, (~over & (place < last))[..., None], over[..., None]), -math.inf)


@final
class AskedCodes(Asked):
    """log p of every code of every place (B, D, codes)."""

    def __init__(self, log_p: Tensor) -> None:
        self.log_p = log_p

    def log_prob(self, cells: Tensor) -> Tensor:
        codes = self.log_p.shape[-1]
        told = self.log_p.gather(2, cells.clamp(0, codes - 1)[..., None])[..., 0]
        return told.masked_fill(cells >= codes, -math.inf)

    def draw_(self, cells: Tensor, at: Tensor, levels: Tensor, sharpness: Sharpness) -> None:
        cells[at] = Dealt(levels[at]).categorical(sharpened(self.log_p[at], sharpness))
