"""What a comparison keeps in a person's folder, so that one that was stopped goes on: models, numbers, drawn rows.

    FOLDER/vae-3f9a1c2b7d10/round-1/       a model, as `likely fit` saves it
    FOLDER/vae-3f9a1c2b7d10/round-1.json   where the contender stood after that round
    FOLDER/vae-3f9a1c2b7d10/judged.json    what was measured on the test rows, with `drawn.safetensors`
    FOLDER/race-8e1f0a2b3c4d.json          the seconds that this comparison has taken

The letters are a hash of what the numbers depend on (the data, the family's fields, the condition, the budget, the
seed), so one folder serves any number of comparisons, and what one has done another need not do again.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import likely
from likely.atomic import appearing
from likely.errors import CannotSave, FieldError
from likely.fields import to_json
from likely.names import table

KEY = 12  # letters of a hash


@final
@dataclass(frozen=True)
class Shelf:
    """A folder, and what the comparison depends on besides its families."""

    folder: Path
    depends: Mapping[str, Any]  # data, condition, budget, seed

    def of(self, family: Any) -> Path | None:
        """The place of a family; none for one that cannot be written down."""
        said = described(family)
        return None if said is None else self.folder / f"{type(family).__name__.lower()}-{self._key(said)}"

    @property
    def spent(self) -> float:
        """Seconds that earlier runs took."""
        return float((read_json(self._clock) or {}).get("spent", 0.0))

    def note(self, spent: float) -> None:
        """So many seconds have been taken by now."""
        write_json(self._clock, {"spent": spent, **self.depends})

    @property
    def _clock(self) -> Path:
        return self.folder / f"race-{self._key(None)}.json"

    def _key(self, said: Any) -> str:
        whole = json.dumps([dict(self.depends), said, likely.__version__], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()[:KEY]


def described(family: Any) -> dict[str, Any] | None:
    """A family's fields as plain values; nothing for a family of somebody's own, which nobody could read back."""
    if type(family).__name__ not in table("Family"):
        return None
    try:
        return to_json(family)
    except FieldError:
        return None


def opened(folder: str | Path) -> Path:
    """The folder, made where there is none; an error now if nothing could be kept there."""
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        expected = "a folder that may be written to"
        raise CannotSave(f"{place} cannot be kept in: {error.strerror}", expected=expected, remedy="another --keep") \
            from error  # fmt: skip
    return place


def read_json(path: Path) -> dict[str, Any] | None:
    """What was written there; nothing where it is not there, or no longer whole."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Whole or not at all."""
    with appearing(path) as part:
        part.write_text(json.dumps(value), encoding="utf-8")
