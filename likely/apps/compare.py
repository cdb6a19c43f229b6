"""Fit several families to one data set and say honestly which suits it.

The test split is read once, here. Every family sees the same rows; a ranking is made only of numbers that can be ranked
(see `likely.metrics.likelihood`), and two reference rows stand beside: other real rows, and independent columns.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from likely.apps.comparison import Comparison, verdicts_of
from likely.apps.contender import Contender
from likely.apps.measure import FLOOR, INDEPENDENT, independent, measures
from likely.apps.told import first_line
from likely.contracts import Scores
from likely.data import Rows, Split, read, split
from likely.errors import CannotAnswer, EmptyData, FieldError, Interrupted, LikelyError
from likely.families.naive_bayes import NaiveBayes
from likely.fields import made
from likely.fitted import Fitted
from likely.fitting import fit
from likely.frames import source_of
from likely.names import table
from likely.source import families_that, promises
from likely.training import Budget, Event

DRAWN = 2000  # rows sampled from each family, at most
FEWEST_TEST, FEWEST_VALIDATION = 10, 2
Listen = Callable[[str], Iterable[Callable[[Event], None]]]


@dataclass(frozen=True)
class Race:
    """What every contender meets."""

    parts: Split
    condition: tuple[str, ...]
    seed: int

    def ran(self, name: str, family: Any, budget: str | int | None, listeners: Iterable[Any]) -> Contender:
        """One family: fitted, scored on the test rows, sampled and measured; its failure stops no other."""
        try:
            return self._ran(name, family, budget, listeners)
        except Interrupted:
            raise
        except LikelyError as error:
            return Contender(name, family, failed=str(error))
        except Exception as error:
            return Contender(name, family, failed=f"this is a bug in likely: {type(error).__name__}: {error}")

    def _ran(self, name: str, family: Any, budget: str | int | None, listeners: Iterable[Any]) -> Contender:
        parts, began = self.parts, time.perf_counter()
        fitted = fit(
            parts.train, family, condition=self.condition, validation=parts.validation, budget=budget, seed=self.seed,
            listeners=listeners,
        )  # fmt: skip
        checked = fitted.card.certificates
        seconds = time.perf_counter() - began - (checked.seconds if checked else 0.0)
        scores, why = self._scored(fitted)
        began = time.perf_counter()
        samples = fitted.sample_rows(min(len(parts.test) * 2, DRAWN), seed=self.seed + 1)
        each = (time.perf_counter() - began) / len(samples)
        found = measures(parts.test, samples, parts.train, seed=self.seed)
        return Contender(name, family, scores, why, found, seconds, each, samples, fitted)

    def _scored(self, fitted: Fitted[Any]) -> tuple[Scores | None, str]:
        try:
            return fitted.score(self.parts.test, seed=self.seed), ""
        except CannotAnswer as refusal:
            return None, str(refusal)

    def references(self) -> tuple[Contender, ...]:
        """Other real rows: what a perfect model gets; and independent columns, whose score any model should beat."""
        parts, seed = self.parts, self.seed
        found = measures(parts.test, parts.validation, parts.train, seed=seed)
        floor = Contender(FLOOR, measures=found, samples=parts.validation, why_no_score="rows, not a model")
        mixed = independent(parts.train, seed=seed).take(range(min(len(parts.train), DRAWN)))
        found = measures(parts.test, mixed, parts.train, seed=seed)
        if self.condition:
            why = "columns drawn alone are not drawn given the condition"
            return floor, Contender(INDEPENDENT, why_no_score=why, measures=found, samples=mixed)
        alone = fit(parts.train, NaiveBayes(), seed=seed, certify=False)
        scores = alone.score(parts.test, seed=seed)
        return floor, Contender(INDEPENDENT, alone.card.family, scores, "", found, samples=mixed, fitted=alone)


def compare(
    data: Any,
    families: Sequence[Any] | str = "all",
    *,
    condition: str | Sequence[str] | None = None,
    budget: str | int | None = "2m",
    seed: int = 0,
    schema: Any = None,
    listener: Listen | None = None,
) -> Comparison:
    """All families, or those named ("vae,latent=16"), fitted under one budget and judged on rows none of them saw.

    A budget in steps is each family's own; a budget in time is for all together, shared evenly by those that learn by
    gradient.
    """
    chosen, shared = contenders_of(families), Budget.parse(budget)
    rows = read(data, schema=schema)
    given = (condition,) if isinstance(condition, str) else tuple(condition or ())
    _check_condition(rows, given)
    race = Race(_parts(rows), given, seed)
    listen, shares = listener or (lambda name: ()), shares_of(shared, chosen.values())
    ran = [
        race.ran(name, family, share, listen(name))
        for (name, family), share in zip(chosen.items(), shares, strict=True)
    ]
    if all(contender.failed for contender in ran):
        raise LikelyError("\n".join(["no family could be fitted", *(f"{c.name}: {first_line(c.failed)}" for c in ran)]))
    references = race.references()
    sizes = {"train": len(race.parts.train), "validation": len(race.parts.validation), "test": len(race.parts.test)}
    verdicts = verdicts_of([*ran, *references])
    return Comparison(
        source_of(data), sizes, tuple(ran), references, verdicts, race.parts.test, given, seed, str(shared)
    )


def _parts(rows: Rows) -> Split:
    parts = split(rows)
    if len(parts.test) < FEWEST_TEST or len(parts.validation) < FEWEST_VALIDATION:
        told = f"{len(rows)} rows leave {len(parts.test)} to judge by and {len(parts.validation)} to stop by"
        raise EmptyData(told, expected="about 150 rows or more", remedy="more rows; likely fit learns from fewer")
    return parts


def _check_condition(rows: Rows, condition: tuple[str, ...]) -> None:
    """A wrong column is told at once, not by each family in turn."""
    if condition:
        rows.naming(condition, "to condition on")


def contenders_of(families: Sequence[Any] | str) -> dict[str, Any]:
    """The contenders by the names they go by: a family twice goes by its fields."""
    if isinstance(families, str):
        families = generative() if families.strip() == "all" else parted(families)
    chosen = [made("Family", family) if isinstance(family, str) else family for family in families]
    names = [type(family).__name__ for family in chosen]
    told = [name if names.count(name) == 1 else repr(family) for name, family in zip(names, chosen, strict=True)]
    if not chosen or len(set(told)) < len(told):
        said = "there is nothing to compare" if not chosen else "a family is named twice with the same fields"
        raise FieldError(said, expected=f"different families out of {', '.join(table('Family'))}")
    return dict(zip(told, chosen, strict=True))


def generative() -> list[str]:
    """The families that model whole rows; of the others some model a label alone, and some only lead another one."""
    return [family for family in table("Family") if family not in families_that("Predicts", "Guides")]


def parted(text: str) -> list[str]:
    """ "vae,latent=16,naive-bayes" as two families: a part with = or in brackets belongs to the family before it."""
    found: list[str] = []
    depth = 0
    for part in text.split(","):
        if found and (depth or "=" in part):
            found[-1] += f",{part}"
        elif part.strip():
            found.append(part.strip())
        depth += part.count("(") + part.count("[") - part.count(")") - part.count("]")
    return found


def shares_of(budget: Budget, families: Iterable[Any]) -> list[str | int | None]:
    """Steps are for each; time is shared out evenly among the families that learn by gradient."""
    learners = [_learns_by_gradient(family) for family in families]
    if budget.seconds is None:
        return [budget.steps] * len(learners)
    return [f"{budget.seconds / max(sum(learners), 1):.6f}s"] * len(learners)


def _learns_by_gradient(family: Any) -> bool:
    """As its model's class line says; a family of somebody's own is taken to."""
    name = type(family).__name__
    return name not in table("Family") or "Trained" in promises(name)
