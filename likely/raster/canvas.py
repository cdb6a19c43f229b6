r"""A space as a picture of places in raster order: what is read of a place, and what features say of its cells.

    log p(x) = sum over places of log p(cells of the place | features of earlier places)                             (1)

The places of an image are its pixels, or patches of them; a place's channels (and pixels) follow one another, each told
of the earlier ones. The places of a table are its columns, a row one place high, each with a law of its own.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import final

import torch
from torch import Tensor, nn

from likely.backbones.readout import Readout
from likely.backbones.trunk import Size, Walk
from likely.contracts import Evidence, Filled, Sharpness, Space
from likely.distributions import Observation
from likely.distributions.columnwise import Dealt, columnwise
from likely.distributions.coupled import pixel_law
from likely.errors import CannotAnswer, FieldError
from likely.particles.along import Course, told, walked
from likely.rng import Rng
from likely.spaces import Image, Vector

FAINT = 0.1  # what a network says of a column at first, beside what `prepare` saw
WITHIN = 1  # a fork of the noise: what no network says


class Canvas(nn.Module, ABC):
    """x of a space <-> the planes of its places, and their laws."""

    inputs: int  # planes: numbers that are read of a place
    size: Size
    columns: bool  # whether places are columns of many kinds

    @abstractmethod
    def prepare(self, x: Tensor) -> None:
        """See some rows first."""

    @abstractmethod
    def planes(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W)."""

    @abstractmethod
    def log_prob(self, x: Tensor, planes: Tensor, features: Tensor) -> Tensor:
        """(1) (B,), from features (B, width, H, W)."""

    @abstractmethod
    def draw(self, n: int, walk: Walk, *, sharpness: Sharpness, rng: Rng) -> Tensor:
        """n draws of x, one place after the other."""

    @abstractmethod
    def fill(self, x: Tensor, known: Tensor, walk: Walk, *, particles: int, rng: Rng) -> Filled:
        """x with what is not known drawn along the places, by particles."""


def canvas_of(space: Space, law: Observation | None, *, width: int, hidden: int, patch: int, family: str) -> Canvas:
    """The canvas of a space, for features of `width` numbers."""
    match space:
        case Image(levels=int()):
            return Picture(space, law, width=width, hidden=hidden, patch=patch)
        case Vector() if law is None:
            return Row(space, width=width, hidden=hidden)
        case Vector():
            raise FieldError(
                f"{family}'s law {law!r:.60} is of pixels, and this is a table",
                expected="no law: each column has one of its own",
                remedy="leave the law out",
            )
    raise FieldError(
        f"{family} cannot model {space!r:.60}",
        expected="images with levels, or tables",
        remedy="WaveNet or Transformer for series, sounds and texts",
    )


@final
class Picture(Canvas):
    """Pixels, or patches of them."""

    columns = False

    def __init__(self, space: Image, law: Observation | None, *, width: int, hidden: int, patch: int) -> None:
        super().__init__()
        if space.height % patch or space.width % patch:
            told = f"patches of {patch} x {patch} do not fill {space.height} x {space.width} pixels"
            raise FieldError(told, expected="a patch that divides both sides", remedy="patch=1")
        self.space, self.patch = space, patch
        self.size = (space.height // patch, space.width // patch)
        self.inputs = space.channels * patch**2
        self.pixel = pixel_law(space, law)
        self.groups = self.inputs // self.pixel.channels
        per = self.pixel.law.outputs[0]
        self.readout = Readout(width, hidden, groups=self.groups, cells=self.pixel.channels, per=per)

    def prepare(self, x: Tensor) -> None:
        """Nothing to see."""

    def planes(self, x: Tensor) -> Tensor:
        return self.scaled(self._places(x))

    def _places(self, x: Tensor) -> Tensor:
        """(B, pixels of a patch x channels, H, W): pixel after pixel, channel after channel."""
        if self.patch == 1:
            return x
        split = x.unflatten(3, (-1, self.patch)).unflatten(2, (-1, self.patch))  # (B, C, H, p, W, p)
        return split.permute(0, 3, 5, 1, 2, 4).flatten(1, 3)

    def _picture(self, cells: Tensor) -> Tensor:
        """Places' cells (B, H x W, inputs) as x."""
        grid = cells.view(len(cells), *self.size, self.patch, self.patch, self.space.channels)
        return grid.permute(0, 5, 1, 3, 2, 4).reshape(len(cells), *self.space.shape)

    def scaled(self, cells: Tensor) -> Tensor:
        """Levels as numbers in [-1, 1]; a missing one is 0."""
        return torch.where(torch.isnan(cells), 0.0, cells * (2 / ((self.space.levels or 2) - 1)) - 1)

    def log_prob(self, x: Tensor, planes: Tensor, features: Tensor) -> Tensor:
        parameters, pixels = self.parameters_of(planes, features), self.pixels_of(x)
        return self.pixel.law.cell_log_prob(pixels, parameters).reshape(len(x), -1).sum(1)  # (1)

    def parameters_of(self, planes: Tensor, features: Tensor) -> Tensor:
        """Of every pixel's law, given what comes before it: (B x H x W x groups, per, 1, 1)."""
        return self.readout(_rows(features), _rows(planes)).flatten(0, 1)[:, :, None, None]

    def pixels_of(self, x: Tensor) -> Tensor:
        """The pixels in the order of their laws, (B x H x W x groups, channels, 1, 1)."""
        return _rows(self._places(x)).reshape(-1, self.pixel.channels, 1, 1)

    def laid(self, cells: Tensor, rows: int) -> Tensor:
        """What is said of pixels in that order, where they lie in x."""
        return self._picture(cells.reshape(rows, -1, self.inputs))

    def draw(self, n: int, walk: Walk, *, sharpness: Sharpness, rng: Rng) -> Tensor:
        like, places = self.readout.bias, self.size[0] * self.size[1]
        levels = rng.uniform((n, places, self.groups, self.pixel.noise), like=like)
        cells = like.new_empty(n, places, self.inputs)
        for at in range(places):
            cells[:, at] = self._place(walk.says(), levels[:, at], sharpness)
            walk.know(self.scaled(cells[:, at]))
        return self._picture(cells)

    def _place(self, features: Tensor, levels: Tensor, sharpness: Sharpness) -> Tensor:
        """The cells (n, inputs) of one place, group after group."""
        law = self.pixel.law
        draw = lambda g, said: law.sample(said, rng=Dealt(levels[:, g]), sharpness=sharpness)[:, :, 0, 0]  # noqa: E731
        return self.by_group(features, draw)

    def by_group(self, features: Tensor, pixel: Callable[[int, Tensor], Tensor]) -> Tensor:
        """The cells (n, inputs) of one place, from what is made of each group's parameters."""
        heard, planes, made = self.readout.features(features), features.new_zeros(len(features), self.inputs), []
        for g in range(self.groups):
            made.append(pixel(g, self.readout.group(g, heard, planes)[:, :, None, None]))
            if self.groups > 1:
                planes[:, g * made[-1].shape[1] : (g + 1) * made[-1].shape[1]] = self.scaled(made[-1])
        return torch.cat(made, 1)

    def fill(self, x: Tensor, known: Tensor, walk: Walk, *, particles: int, rng: Rng) -> Filled:
        course = PictureCourse(self, walk, self.rows_of(x), self.rows_of(known))
        noise = (self.groups, self.pixel.noise)
        ends = (~course.known).any(2), course.known.any(2)
        found = walked(course, *ends, noise, particles=particles, rng=rng)
        return told(x, Evidence(known), self._picture(torch.stack(course.cells, 1)), found)

    def rows_of(self, x: Tensor) -> Tensor:
        """Places' cells (B, H x W, inputs) of x."""
        return self._places(x).flatten(2).transpose(1, 2)


@final
class PictureCourse(Course):
    """A picture's places, what is known of them and what was drawn."""

    def __init__(self, canvas: Picture, walk: Walk, x: Tensor, known: Tensor) -> None:
        self.canvas, self.walk, self.x, self.known = canvas, walk, x, known
        self.cells: list[Tensor] = []
        some, every = (part(known.unflatten(2, (canvas.groups, -1)), 3) for part in (torch.any, torch.all))
        if bool((some != every).any()):
            raise CannotAnswer("a law that couples a pixel's channels cannot fill in some of them",
                               expected="pixels that are known or not, with all of their channels")  # fmt: skip

    def step(self, noise: Tensor) -> Tensor:
        at, law, channels = len(self.cells), self.canvas.pixel.law, self.canvas.pixel.channels
        x, known = self.x[:, at].unflatten(1, (-1, channels)), self.known[:, at].unflatten(1, (-1, channels))
        weights = []

        def pixel(g: int, parameters: Tensor) -> Tensor:
            drawn = law.sample(parameters, rng=Dealt(noise[:, g]))[:, :, 0, 0]
            likely = law.cell_log_prob(x[:, g, :, None, None], parameters)[:, :, 0, 0]
            weights.append(torch.where(known[:, g], likely, 0.0).sum(1))
            return torch.where(known[:, g], x[:, g], drawn)

        cells = self.canvas.by_group(self.walk.says(), pixel)
        self.cells.append(cells)
        self.walk.know(self.canvas.scaled(cells))
        return torch.stack(weights).sum(0)

    def pick(self, rows: Tensor) -> None:
        self.walk.pick(rows)
        self.x, self.known, self.cells = self.x[rows], self.known[rows], [cells[rows] for cells in self.cells]


@final
class Row(Canvas):
    """The columns of a table; the planes of a column are what is read of it, filled up with zeros."""

    columns = True
    slots: Tensor  # which plane of which column each number read is
    order: Tensor  # where each number said comes when those of a column lie together

    def __init__(self, space: Vector, *, width: int, hidden: int) -> None:
        super().__init__()
        self.columnwise = columnwise(space)
        count = self.columnwise.columns
        self.reads = [[at for at, d in enumerate(self.columnwise.reads) if d == column] for column in range(count)]
        self.says = [[at for at, d in enumerate(self.columnwise.says) if d == column] for column in range(count)]
        self.inputs, self.size = max(map(len, self.reads)), (1, count)
        slots = [(at, rank * count + d) for d, own in enumerate(self.reads) for rank, at in enumerate(own)]
        self.register_buffer("slots", torch.tensor([slot for _, slot in sorted(slots)]), persistent=False)
        self.register_buffer("order", torch.tensor([at for own in self.says for at in own]).argsort(), persistent=False)
        self.features = nn.Linear(width, hidden)
        self.out = nn.ModuleList(nn.Linear(hidden, len(own)) for own in self.says)
        for out in self.out:
            nn.init.normal_(out.weight, std=FAINT * hidden**-0.5)  # type: ignore[arg-type]
            nn.init.zeros_(out.bias)  # type: ignore[arg-type]

    def prepare(self, x: Tensor) -> None:
        self.columnwise.prepare(x)

    def planes(self, x: Tensor) -> Tensor:
        numbers = self.columnwise.read(self.columnwise.cells(x))
        flat = numbers.new_zeros(len(x), self.inputs * self.size[1]).index_copy(1, self.slots, numbers)
        return flat.view(len(x), self.inputs, *self.size)

    def log_prob(self, x: Tensor, planes: Tensor, features: Tensor) -> Tensor:
        z = torch.relu(self.features(features[:, :, 0].transpose(1, 2)))  # (B, D, hidden)
        numbers = torch.cat([self._says(d, z[:, d]) for d in range(self.size[1])], 1)[:, self.order]
        told = self.columnwise.log_prob(self.columnwise.cells(x), numbers).sum(1)
        return told + self.columnwise.log_within(x).sum(1).to(told.dtype)  # (1)

    def _says(self, column: int, z: Tensor) -> Tensor:
        return self.out[column](z)

    def numbers(self, column: int, features: Tensor) -> Tensor:
        """What is said of a column."""
        return self._says(column, torch.relu(self.features(features)))

    def draw(self, n: int, walk: Walk, *, sharpness: Sharpness, rng: Rng) -> Tensor:
        like, count = self.features.weight, self.size[1]
        levels = rng.uniform((n, count, self.columnwise.noise), like=like.double())
        cells = like.new_empty(n, count)
        for d in range(count):
            numbers = self.numbers(d, walk.says())
            cells[:, d] = self.columnwise.draw(d, numbers, rng=Dealt(levels[:, d]), sharpness=sharpness)
            walk.know(self.read(d, cells[:, d]))
        return self.columnwise.whole(cells, rng=rng.fork(WITHIN))

    def fill(self, x: Tensor, known: Tensor, walk: Walk, *, particles: int, rng: Rng) -> Filled:
        course = RowCourse(self, walk, self.columnwise.cells(x), known)
        weighs = known | torch.tensor(self.columnwise.misses, device=x.device)
        found = walked(course, ~known, weighs, (self.columnwise.noise,), particles=particles, rng=rng)
        found.log_mean = found.log_mean + torch.where(known, self.columnwise.log_within(x), 0.0).sum(1)
        whole = self.columnwise.whole(torch.stack(course.cells, 1), rng=rng.fork(WITHIN))
        return told(x, Evidence(known), whole, found)

    def read(self, column: int, cells: Tensor) -> Tensor:
        """What the trunk is told of a column."""
        numbers = self.columnwise.read_one(column, cells)
        return nn.functional.pad(numbers, (0, self.inputs - numbers.shape[1]))


@final
class RowCourse(Course):
    """The columns of a table, what is known of them and what was drawn."""

    def __init__(self, canvas: Row, walk: Walk, cells: Tensor, known: Tensor) -> None:
        self.canvas, self.walk, self.x, self.known = canvas, walk, cells, known
        self.cells: list[Tensor] = []

    def step(self, noise: Tensor) -> Tensor:
        d, columns = len(self.cells), self.canvas.columnwise
        numbers = self.canvas.numbers(d, self.walk.says())
        drawn, weights = columns.stepped(d, numbers, self.x[:, d], self.known[:, d], rng=Dealt(noise))
        self.cells.append(drawn)
        self.walk.know(self.canvas.read(d, drawn))
        return weights

    def pick(self, rows: Tensor) -> None:
        self.walk.pick(rows)
        self.x, self.known, self.cells = self.x[rows], self.known[rows], [cells[rows] for cells in self.cells]


def _rows(x: Tensor) -> Tensor:
    """(B, C, H, W) as (B H W, C)."""
    return x.movedim(1, -1).flatten(0, 2)
