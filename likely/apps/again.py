"""How to make a row of a comparison again: the very command, and the same in Python.

With a budget in steps the same rows, seed, device and number of threads give the same weights. Against the clock there
may have been several rounds, each with the validation rows that it had time for: as many steps in one training come out
near the same numbers, and the lines say so.
"""

import shlex
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from likely.apps.contender import Contender
from likely.errors import LikelyError
from likely.fields import made

if TYPE_CHECKING:
    from likely.apps.compare import Comparison

STEPPED = ("steps", "the default")  # how a budget ends that is no time
NEAR = "# raced against the clock: as many steps in one training come near its numbers"


@dataclass(frozen=True)
class Again:
    """One row, made again."""

    name: str
    command: str  # none where a family's fields cannot be said in one line
    python: str


def again(contender: Contender, comparison: "Comparison") -> Again | None:
    """The command and the lines that make this row; None for what was not fitted."""
    if contender.family is None or contender.fitted is None:
        return None
    steps, clocked = contender.fitted.card.recipe.get("steps"), not comparison.budget.endswith(STEPPED)
    if clocked and (raced := sum(each.steps for each in comparison.rounds if each.name == contender.name)):
        steps = raced
    said = line_of(contender.family)
    command = _command(said, comparison, str(steps or comparison.budget)) if said else ""
    family = repr(said) if said else f"likely.{contender.family!r}"
    lines = _python(family, comparison, steps, contender.draws)
    return Again(contender.name, command, f"{NEAR}\n{lines}" if clocked else lines)


def line_of(family: Any) -> str:
    """The family as one line says it, "VAE,latent=16"; none where no line does."""
    try:
        line = ",".join([type(family).__name__, *_changes(family, type(family)())])
        return line if made("Family", line) == family else ""
    except (LikelyError, TypeError, ValueError):
        return ""


def _changes(described: Any, plain: Any, path: str = "") -> Iterator[str]:
    """Every field that is not as it is without a word, by its path."""
    for field in fields(described):
        value, usual = getattr(described, field.name), getattr(plain, field.name, MISSING)
        if value == usual or not field.init:
            continue
        if not is_dataclass(value):
            yield f"{path}{field.name}={_spelled(value)}"
            continue
        alike = type(value) is type(usual)
        if not alike:
            yield f"{path}{field.name}={type(value).__name__}"
        yield from _changes(value, usual if alike else type(value)(), f"{path}{field.name}.")


def _spelled(value: Any) -> str:
    """A value as a flag takes it."""
    match value:
        case Enum():
            return value.name.lower()
        case tuple():
            return f"({','.join(_spelled(each) for each in value)})"
        case None:
            return "none"
        case bool():
            return str(value).lower()
    return str(value)


def _command(family: str, comparison: "Comparison", budget: str) -> str:
    words = ["likely", "compare", comparison.source, "--families", family, "--budget", budget]
    for name in comparison.condition:
        words += ["--condition", name]
    return shlex.join([*words, "--seed", str(comparison.seed), "-o", "again.html"])


def _python(family: str, comparison: "Comparison", steps: int | None, draws: int | None) -> str:
    given = f", condition={list(comparison.condition)!r}" if comparison.condition else ""
    budget = f", budget={steps}" if steps else ""
    return (
        "import likely\nfrom likely.data import read, split\n\n"
        f"parts = split(read({comparison.source!r}))\n"
        f"fitted = likely.fit(parts.train, {family}, validation=parts.validation{given}{budget}, "
        f"seed={comparison.seed})\n"
        f"scores = fitted.score(parts.test, {f'draws={draws}, ' if draws else ''}seed={comparison.seed})\nprint(scores)"
    )
