"""What a training said of its players as it went: losses and lengths of gradients, live or read from its log."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np

from likely.errors import Corrupt

Array = np.ndarray[Any, Any]
CRITIC = "critic"  # what the player is called who judges the others


@final
@dataclass
class Record:
    """The reports of a training, in the order of its steps; what was rolled back is forgotten."""

    steps: list[int] = field(default_factory=list)
    losses: list[dict[str, float]] = field(default_factory=list)
    lengths: list[dict[str, float]] = field(default_factory=list)
    planned: int = 0  # steps
    ended: bool = False

    def hear(self, said: Any) -> None:
        """One event, as the log holds it; what is none says nothing."""
        match said:
            case {"event": "planned", "recipe": {"steps": int(steps)}, "resumed": int(resumed)}:
                self.planned = steps
                self._back_to(resumed)
            case {"event": "stepped", "step": int(step), "losses": dict(losses)}:
                self._back_to(step - 1)
                self.steps.append(step)
                self.losses.append(_numbers(losses))
                lengths = said.get("lengths")
                self.lengths.append(_numbers(lengths if isinstance(lengths, dict) else {}))
            case {"event": "rolledback", "to": int(step)}:
                self._back_to(step)
            case {"event": "finished"}:
                self.ended = True

    @property
    def players(self) -> tuple[str, ...]:
        """Who has played, in the order of the first report."""
        return tuple(self.losses[0]) if self.losses else ()

    @property
    def game(self) -> bool:
        """Whether somebody plays against a critic."""
        return CRITIC in self.players and len(self.players) > 1

    def losses_of(self, player: str) -> Array:
        """The player's loss at every report; NaN where there was none."""
        return np.array([each.get(player, np.nan) for each in self.losses])

    def lengths_of(self, player: str) -> Array:
        """The length of the player's gradients at every report."""
        return np.array([each.get(player, np.nan) for each in self.lengths])

    def _back_to(self, step: int) -> None:
        while self.steps and self.steps[-1] > step:
            for each in (self.steps, self.losses, self.lengths):
                each.pop()


def read_record(path: Path) -> Record:
    """The record that a log holds; lines that a kill cut off are left out."""
    record = Record()
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise Corrupt(f"{path} cannot be read: {error}", expected="the log of a training") from error
    for line in lines:
        with suppress(ValueError, RecursionError):
            record.hear(json.loads(line))
    return record


def _numbers(said: Mapping[str, Any]) -> dict[str, float]:
    """Numbers by player; what JSON had no number for is NaN."""
    known = {str(player): value for player, value in said.items()}
    return {player: float(value) if isinstance(value, int | float) else np.nan for player, value in known.items()}
