"""What is written of a fitted model, and of rows that were completed, beside the rows and weights themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from likely.certificates import Certificates
from likely.contracts import Family


@dataclass(frozen=True)
class Card:
    """Where a fitted model comes from and what was measured on it."""

    family: Family[Any]
    seed: int = 0
    condition: tuple[str, ...] = ()  # the columns that are conditioned on
    order: tuple[str, ...] = ()  # every column, as the person's data had them
    returns: str = "frame"  # frame, polars or array: the form the data came in, and samples go out
    data: Mapping[str, Any] = field(default_factory=dict)  # source, rows, hash
    recipe: Mapping[str, Any] = field(default_factory=dict)  # steps, batch, precision: what was decided before step 1
    measures: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[str, ...] = ()
    certificates: Certificates | None = None  # what was checked at the end of the fit
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Completion:
    """Rows whose unknown cells were filled in, and how."""

    rows: Any
    way: str  # exact, model-exact, asymptotic or heuristic
    share: float | None = None  # effective number of particles over their number; None where none are drawn
    disagreement: float | None = None  # of orders about log p, in nats a row; None where there is only one answer
