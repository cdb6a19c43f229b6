"""Lift: from cells to the reals that a family of continuous densities wants, and back."""

from typing import Any, final

from torch import Tensor

from likely.bijections import FlowFamily
from likely.codecs.choices import Choices
from likely.codecs.ways import Bounds, Flattened, Levels, Redrawn, Same, Way
from likely.contracts import Family, Lifted, Space
from likely.distributions.state import columns_of
from likely.errors import CannotAnswer
from likely.rng import Rng
from likely.spaces import Image, Series, Tokens, Vector, Wave


@final
class Lift:
    """Cells x <-> reals u, redrawn for every batch: log p(x) >= E[log p(u) + ladj], with equality where `exact`.

    Always down(up(x)) = x, to the bit (counts: up to 2^19). `Lifted.NOT` leaves cells as they are.
    """

    def __init__(self, space: Space, lifted: Lifted) -> None:
        self._take(way_of(space, lifted))

    @classmethod
    def of(cls, family: Family[Any], space: Space) -> "Lift":
        """The way this family wants the cells of this space."""
        if isinstance(family, FlowFamily) and family.dequantisation is not None:
            return cls(space, Lifted.NOT)  # the model itself takes cells to reals
        pictures = family.pictures if isinstance(space, Image | Series | Wave) else None
        return cls(space, pictures or family.lifted)

    @classmethod
    def redrawn(cls, space: Image) -> "Lift":
        """Intensities in [0, 1] to black or white pixels, drawn anew for every batch."""
        lift = cls(space, Lifted.NOT)
        lift._take(Redrawn(space))
        return lift

    def _take(self, way: Way) -> None:
        self._way, self.space, self.exact = way, way.space, way.exact

    @property
    def plain(self) -> bool:
        """Whether u is x itself, or x drawn anew."""
        return isinstance(self._way, Same | Redrawn)

    def up(self, x: Tensor, *, rng: Rng) -> tuple[Tensor, Tensor]:
        """(u, ladj), ladj float64, one value a row."""
        return self._way.up(x, rng=rng)

    def down(self, u: Tensor) -> Tensor:
        """The cells that u stands for: the largest entry of a choice, the floor of a count, the nearest level."""
        return self._way.down(u)

    def mask(self, known: Tensor) -> Tensor:
        """A mask over cells in u's shape: every real that stands for a known cell is known."""
        return self._way.mask(known)

    def bounds(self, x: Tensor, known: Tensor) -> Bounds:
        """Between which reals the known cells of x lie; free ones anywhere, or anywhere that is not: missing."""
        return self._way.bounds(x, known)

    def settled(self, u: Tensor, known: Tensor, high: Tensor) -> Tensor:
        """`down`, free cells being there: a bound on an entry of theirs is that of the one that says: missing."""
        return self._way.settled(u, known, high)


def way_of(space: Space, lifted: Lifted) -> Way:
    """From the cells of this space to reals and back."""
    noisy = lifted is Lifted.DEQUANTISED
    match space:
        case _ if lifted is Lifted.NOT:
            return Same(space)
        case Vector():
            return Choices(space, noisy=noisy)
        case Series(missing=True):
            return Flattened(space, Choices(Vector(columns_of(space)), noisy=noisy))
        case Image(levels=int(levels)) | Series(levels=int(levels)) | Wave(levels=int(levels)):
            return Levels(space, levels, noisy=noisy)
        case Tokens():
            raise CannotAnswer(
                "tokens are not reals: this family models continuous cells only",
                expected="a table, images, series or sounds",
                remedy="a family that takes cells as they are",
            )
    return Same(space)
