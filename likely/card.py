"""What is written of a fitted model, and of rows that were completed, beside the rows and weights themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from likely.certificates import Certificates
from likely.contracts import Family
from likely.fields import from_json, to_json

PLAIN = ("seed", "condition", "order", "returns", "data", "recipe", "measures", "findings", "versions")


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

    @property
    def of_final(self) -> "Card":
        """The card of the training's last weights: what was measured of those that were kept is not told of them."""
        final = self.measures.get("final")
        measures = {"kept": final, "final": final, "rule": "the last weights, which were asked for"}
        return replace(self, measures=measures, findings=(), certificates=None)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        found = None if self.certificates is None else self.certificates.to_json()
        return {name: getattr(self, name) for name in PLAIN} | {"family": to_json(self.family), "certificates": found}

    @classmethod
    def from_json(cls, parts: Mapping[str, Any]) -> "Card":
        """The card that plain values tell of."""
        said, found = dict(parts), parts.get("certificates")
        lists = {name: tuple(said.pop(name)) for name in ("condition", "order", "findings")}
        plain = {name: said[name] for name in PLAIN if name in said}
        certificates = None if found is None else Certificates.from_json(found)
        return cls(family=from_json(said["family"], "Family"), certificates=certificates, **lists, **plain)


@dataclass(frozen=True)
class Completion:
    """Rows whose unknown cells were filled in, and how."""

    rows: Any
    way: str  # exact, model-exact, asymptotic or heuristic
    share: float | None = None  # effective number of particles over their number; None where none are drawn
    disagreement: float | None = None  # of orders about log p, in nats a row; None where there is only one answer
    log_evidence: Tensor | None = None  # (B,) log p of what was given, in the data's own units: exact where the way is,
    # of a model that is estimated by particles an estimate; None: nobody knows it
    acceptance: float | None = None  # of draws that were in the ranges given; None where none had to be looked for
