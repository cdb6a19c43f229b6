"""What a page shows of rows and models beyond their numbers: what hangs together, ranks, maps of codes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from likely.apps.associations import Association, associations
from likely.apps.attributes import Attribute
from likely.apps.coded import Coded, numbers_of
from likely.apps.honesty import honesty
from likely.apps.inside import coloured
from likely.apps.latent_map import Plane, plane_of
from likely.apps.ranks import Ranks, ranks
from likely.bijections import FlowFamily
from likely.contracts import Latent
from likely.data import Rows
from likely.errors import LikelyError
from likely.fitted import Fitted
from likely.metrics import Reliability

if TYPE_CHECKING:
    from likely.apps.contender import Contender

Array = np.ndarray[Any, Any]
MAPPED = 600  # rows of a map of codes
MOST_MAPS = 12


@dataclass(frozen=True)
class Mapped:
    """Unseen rows where a model's codes put them."""

    name: str
    plane: Plane
    places: Array  # (N, 2)
    attribute: Attribute | None  # what they are coloured by
    values: Array | None
    width: int  # numbers of a code


@dataclass(frozen=True)
class Exhibit:
    """One set of rows beside the real ones."""

    name: str
    rows: Rows
    associations: tuple[Association, ...]
    ranks: Ranks | None


@dataclass(frozen=True)
class Exhibits:
    """Every set of rows, and maps of those models that have codes."""

    real: tuple[Association, ...]
    shown: dict[str, Exhibit]
    maps: tuple[Mapped, ...]
    honest: tuple[tuple[str, Reliability], ...] = ()  # of those that tell the label, how sure and how often right


def exhibits(real: Rows, others: Iterable[tuple[str, Rows]], *, seed: int = 0) -> Exhibits:
    """What is shown of sets of rows beside the real ones."""
    sides = dict(others)
    first, *found = associations(real, *sides.values())
    shown = {
        name: Exhibit(name, rows, tied, ranks(real, rows, seed=seed))
        for (name, rows), tied in zip(sides.items(), found, strict=True)
    }
    return Exhibits(first, shown, ())


def of_contenders(real: Rows, contenders: Iterable["Contender"], *, seed: int = 0) -> Exhibits:
    """What is shown of contenders: samples, the codes of those that have any, how honest they are of a label."""
    everyone = list(contenders)
    found = exhibits(real, [(c.name, c.samples) for c in everyone if c.samples is not None], seed=seed)
    fitted = [(c.name, c.fitted) for c in everyone if c.fitted is not None]
    coded = (mapped(name, model, real) for name, model in fitted)
    told = ((name, honesty(model, real)) for name, model in fitted if model.card.condition)
    honest = tuple((name, each) for name, each in told if each is not None)
    return Exhibits(found.real, found.shown, tuple(each for each in coded if each is not None)[:MOST_MAPS], honest)


def mapped(name: str, fitted: Fitted[Any], rows: Rows) -> Mapped | None:
    """The rows in the plane of their codes, where the model encodes to numbers of its own choice."""
    if not isinstance(fitted.model, Latent) or isinstance(fitted.card.family, FlowFamily):
        return None  # what a flow makes of a row is the row, in other numbers
    try:
        numbers_of(fitted)
        some = rows.take(range(min(len(rows), MAPPED)))
        known = Coded(fitted, some, some.said)
        plane = plane_of(known.z)
        attribute, values = coloured(known)
    except LikelyError:
        return None
    return Mapped(name, plane, plane.places(known.z), attribute, values, known.z.shape[1])
