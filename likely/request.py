"""What was asked of `fit`, written beside the model before anything is learned, so that `resume` can ask it again."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from likely.atomic import appearing
from likely.errors import Corrupt, MissingFile
from likely.fields import from_json, to_json
from likely.training.checkpoint import REQUEST


@dataclass(frozen=True)
class Request:
    """A fit, as plain values."""

    family: Any
    source: str
    data_hash: str
    condition: tuple[str, ...]
    seed: int
    budget: str | None
    validation: str | None = None
    weight: str | None = None
    batch: int | None = None
    certify: bool = True
    schema: dict[str, Any] | None = None  # the columns as they were read, so that a resumed reading is the same
    window: int | dict[str, Any] | None = None  # moments of a record that make a row, or all of `Windows`
    in_memory: tuple[str, ...] = ()  # which of data, validation and weight had no name: going on needs them again

    def written(self, folder: Path) -> None:
        """Into the folder, whole or not at all."""
        with appearing(folder / REQUEST) as part:
            part.write_text(json.dumps(asdict(self) | {"family": to_json(self.family)}), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Request":
        """The request that a training's folder holds."""
        try:
            said = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
            family = from_json(said.pop("family"), "Family")
            return cls(
                family=family,
                **said | {"condition": tuple(said["condition"]), "in_memory": tuple(said.get("in_memory", ()))},
            )
        except (FileNotFoundError, NotADirectoryError) as error:
            remedy = "name the folder that a stopped `likely fit` told, or fit again"
            what = f"there is no training at {folder}"
            raise MissingFile(what, expected=f"a folder with {REQUEST}", remedy=remedy) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Corrupt(f"{folder / REQUEST} is damaged: {error}", remedy="fit again") from error
