"""Fit several families to one data set and say honestly which suits it.

The test split is read once, here. Every family sees the same rows; a ranking is made only of numbers that can be ranked
(see `likely.metrics.likelihood`), and two reference rows stand beside: other real rows, and independent columns.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from likely.apps.measure import FLOOR, INDEPENDENT, independent, measures
from likely.contracts import Scores, Trained
from likely.data import Images, Rows, Table, read, split
from likely.errors import CannotAnswer, EmptyData, LikelyError
from likely.families.naive_bayes import NaiveBayes
from likely.fields import made
from likely.fitted import Fitted
from likely.fitting import fit
from likely.metrics import Measure, Verdict, compared
from likely.names import table
from likely.training import Budget, Event

DRAWN = 2000  # rows sampled from each family, at most
SHOWN = 100


@dataclass(frozen=True)
class Contender:
    """One row of the comparison: a family, or a reference."""

    name: str
    family: Any = None
    scores: Scores | None = None
    why_no_score: str = ""
    measures: dict[str, Measure] = field(default_factory=dict)
    fit_seconds: float = 0.0
    sample_seconds: float = 0.0  # for one row, in a batch
    samples: Rows | None = None
    fitted: Fitted[Any] | None = None
    failed: str = ""


@dataclass(frozen=True)
class Comparison:
    """Contenders on one data set, and every pair's verdict."""

    source: str
    rows: dict[str, int]  # train, validation, test
    contenders: tuple[Contender, ...]
    references: tuple[Contender, ...]
    verdicts: dict[tuple[str, str], Verdict]
    real: Rows
    condition: tuple[str, ...] = ()
    seed: int = 0

    @property
    def leaders(self) -> tuple[str, ...]:
        """Families with a score that no other is shown to beat."""
        scored = [c.name for c in self.contenders if c.scores is not None]
        beaten = {b for (a, b), v in self.verdicts.items() if v.outcome == "first"}
        beaten |= {a for (a, b), v in self.verdicts.items() if v.outcome == "second"}
        return tuple(name for name in scored if name not in beaten)

    def __str__(self) -> str:
        from likely.apps.told import told

        return told(self)


def compare(
    data: Any,
    families: Sequence[Any] | str = "all",
    *,
    condition: str | Sequence[str] | None = None,
    budget: str | int | None = "2m",
    seed: int = 0,
    schema: Any = None,
    listener: Callable[[str], Iterable[Callable[[Event], None]]] | None = None,
) -> Comparison:
    """All families, or those named ("vae,latent=16"), fitted under one budget and judged on rows none of them saw."""
    rows = read(data, schema=schema)
    parts = split(rows)
    if len(parts.test) < 10 or len(parts.validation) < 2:
        raise EmptyData(f"{len(rows)} rows leave {len(parts.test)} to judge by", expected="at least about 100 rows")
    chosen = _families(families)
    said = (condition,) if isinstance(condition, str) else tuple(condition or ())
    budgets = _shares(budget, chosen)
    listen = listener or (lambda name: ())
    raced = tuple(
        _raced(name, family, parts, said, each, seed, listen(name)) for (name, family), each in zip(chosen.items(), budgets, strict=True)
    )
    references = _references(parts, said, seed)
    return Comparison(
        str(data) if isinstance(data, str) else type(data).__name__,
        {"train": len(parts.train), "validation": len(parts.validation), "test": len(parts.test)},
        raced, references, _verdicts([*raced, *references]), parts.test, said, seed,
    )  # fmt: skip


def _families(families: Sequence[Any] | str) -> dict[str, Any]:
    """The contenders by the names they go by."""
    if isinstance(families, str):
        families = list(table("Family")) if families == "all" else _listed(families)
    chosen = [made("Family", family) if isinstance(family, str) else family for family in families]
    names = [type(family).__name__ for family in chosen]
    return {name if names.count(name) == 1 else repr(family): family for name, family in zip(names, chosen, strict=True)}


def _listed(text: str) -> list[str]:
    """ "vae,latent=16,naive-bayes" as two families: a part with = belongs to the family before it."""
    listed: list[str] = []
    for part in text.split(","):
        if "=" in part and listed:
            listed[-1] += f",{part}"
        else:
            listed.append(part.strip())
    return listed


def _shares(budget: str | int | None, chosen: dict[str, Any]) -> list[str | int | None]:
    """One budget for all: time is shared out evenly among the families that learn by gradient."""
    if budget is None or (seconds := Budget.parse(budget).seconds) is None:
        return [budget] * len(chosen)
    from likely.fields import promises

    trained = sum("Trained" in promises(type(family).__name__) for family in chosen.values())
    return [f"{seconds / max(trained, 1):.3f}s"] * len(chosen)


def _raced(
    name: str, family: Any, parts: Any, condition: tuple[str, ...], budget: Any, seed: int, listeners: Iterable[Any]
) -> Contender:
    """One family: fitted, scored on the test rows, sampled and measured."""
    began = time.perf_counter()
    try:
        fitted = fit(parts.train, family, condition=condition, validation=parts.validation, budget=budget, seed=seed, listeners=listeners)
    except LikelyError as error:
        return Contender(name, family, failed=str(error))
    seconds = time.perf_counter() - began
    scores, why = _scored(fitted, parts.test, seed)
    began = time.perf_counter()
    samples = fitted.sample_rows(min(len(parts.test) * 2, DRAWN), seed=seed + 1)
    each = (time.perf_counter() - began) / len(samples)
    found = measures(parts.test, samples, parts.train, seed=seed)
    return Contender(name, family, scores, why, found, seconds, each, samples, fitted)


def _scored(fitted: Fitted[Any], test: Rows, seed: int) -> tuple[Scores | None, str]:
    try:
        return fitted.score(test, seed=seed), ""
    except CannotAnswer as refusal:
        return None, str(refusal)


def _references(parts: Any, condition: tuple[str, ...], seed: int) -> tuple[Contender, ...]:
    """Other real rows: what a perfect model gets; and independent columns, whose exact score any model should beat."""
    floor = Contender(FLOOR, measures=measures(parts.test, parts.validation, parts.train, seed=seed), samples=parts.validation,
                      why_no_score="rows, not a model")  # fmt: skip
    mixed = independent(parts.train, seed=seed).take(range(min(len(parts.train), DRAWN)))
    alone = fit(parts.train, NaiveBayes(), validation=parts.validation, seed=seed)
    scores = None if condition else alone.score(parts.test, seed=seed)
    why = "" if scores else "its rows are not drawn given the condition"
    return floor, Contender(INDEPENDENT, alone.card.family, scores, why, measures(parts.test, mixed, parts.train, seed=seed),
                            samples=mixed, fitted=alone)  # fmt: skip


def _verdicts(contenders: Sequence[Contender]) -> dict[tuple[str, str], Verdict]:
    """Every pair of contenders that both have a score."""
    scored = [(c.name, c.scores) for c in contenders if c.scores is not None]
    return {(a, b): compared(x, y) for i, (a, x) in enumerate(scored) for b, y in scored[i + 1 :]}
