"""Fit several families to one data set and say honestly which suits it.

The families are raced on validation rows under one budget (`likely.apps.race`); the test rows are read once, here, when
the race is over. A ranking is made only of numbers that can be ranked (see `likely.metrics.likelihood`): where a bound
keeps a pair from its verdict it is tightened before the pair is called undecided. Reference rows stand beside, and the
comparison ends with what to use for what.

A budget in time is for everything: the reference rows come first and tell how long judging takes; the race ends early
enough for that, and for other seeds of those that came to its end. A budget in steps is each family's own.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, final

from likely.apps.allowance import Allowance
from likely.apps.arena import Arena
from likely.apps.comparison import Comparison, Seeds, verdicts_of
from likely.apps.contender import Contender
from likely.apps.guest import contender_of, guests_of
from likely.apps.judging import Judging, tightened
from likely.apps.lanes import Lanes, Listen, lanes_of
from likely.apps.race import Race, survivors
from likely.apps.recommended import recommendations
from likely.apps.references import references_of
from likely.apps.seeding import Repeats
from likely.apps.shelf import Shelf, opened
from likely.apps.standing import Standing
from likely.apps.words import first_line
from likely.data import Rows, Split, content_hash, read, split
from likely.errors import EmptyData, FieldError, Interrupted, LikelyError
from likely.fields import made
from likely.frames import form_of, source_of
from likely.names import table
from likely.source import families_that
from likely.training import Budget

FEWEST_TEST, FEWEST_VALIDATION = 10, 2
LEAST, MOST = 0.35, 0.85  # shares of the time that the race may end by, as judging leaves it
JUDGED, ALL, SEEDED = 0.95, 0.97, 0.2  # shares that judging and then all ends by; that other seeds are left
SLACK = 1.5  # times as long as a reference row that a contender takes to be judged: it is scored too
MIXED = 0.05  # of the time may go into the reference mixture
PATIENCE = 60.0  # seconds for the reference mixture, where nothing limits the time
SEEDS = 5


def compare(
    data: Any,
    families: Sequence[Any] | str = "all",
    *,
    condition: str | Sequence[str] | None = None,
    budget: str | int | None = "5m",
    seed: int = 0,
    seeds: int | None = None,
    schema: Any = None,
    also: Mapping[str, Any] | None = None,
    keep: str | Path | None = None,
    processes: int = 1,
    listener: Listen | None = None,
    tell: Callable[[str], None] | None = None,
) -> Comparison:
    """All families, or those named ("vae,latent=16"), raced under one budget and judged on rows none of them saw.

    Those that come to the end are fitted from up to `seeds` seeds where the time allows (5; with steps 1, unless said).
    `also` are rows of others by name: samples, models that sample, functions of the training rows (`likely.Guest`).
    `keep` is a folder from which a comparison that was stopped goes on; `processes` work side by side.
    """
    chosen, shared = contenders_of(families), Budget.parse(budget)
    rows = read(data, schema=schema)
    given = (condition,) if isinstance(condition, str) else tuple(condition or ())
    _check(rows, given, processes, seeds)
    with ExitStack() as stack:
        place = opened(keep) if keep is not None else None
        if place is None and processes > 1:
            place = Path(stack.enter_context(TemporaryDirectory(prefix="likely-compare-")))
        depends = {"data": content_hash(rows), "condition": list(given), "budget": str(shared), "seed": seed}
        shelf = None if place is None else Shelf(place, depends)
        allowance = Allowance(shared.seconds, 0.0 if shelf is None else shelf.spent)
        guests = guests_of(also, chosen.__contains__)
        asked = Asked(
            Arena(_parts(rows), given, seed), chosen, shared, allowance, lanes_of(processes), shelf,
            seeds or (SEEDS if shared.seconds is not None else 1), guests, form_of(data), families == "all",
            listener or (lambda title: ()), tell or (lambda line: None),
        )  # fmt: skip
        try:
            return replace(asked.compared(), source=source_of(data))
        except (Interrupted, KeyboardInterrupt) as stopped:
            raise _interrupted(keep, asked, stopped) from None


@final
@dataclass(frozen=True)
class Asked:
    """What was asked of `compare`."""

    arena: Arena
    families: Mapping[str, Any]
    budget: Budget
    allowance: Allowance
    lanes: Lanes
    shelf: Shelf | None
    seeds: int
    guests: Mapping[str, Any]
    form: str  # in which the data came
    everyone: bool  # all families were asked for, and those that cannot model such data are left out
    listen: Listen
    tell: Callable[[str], None]

    def compared(self) -> Comparison:
        """The race, the judgement, other seeds, what to use for what."""
        self.tell("reference rows")
        references, each = references_of(self.arena, min(MIXED * (self.budget.seconds or inf), PATIENCE))
        standings = self._race(each).standings()
        unfit = [s for s in standings.values() if s.unfit and self.everyone]
        raced = {name: s for name, s in standings.items() if s not in unfit}
        if all(standing.failed for standing in raced.values()):
            _nobody(standings.values())
        best = survivors(raced.values())
        self.tell(f"judged on test rows: {len(raced)} families, the {len(best)} that came to the end first")
        found = self._judged(raced, best)
        if all(contender.failed for contender in found):
            raise LikelyError("\n".join(["no family could be fitted", *_failures(found)]))
        found = tightened(found, self.arena, self._tightening)
        guests = [contender_of(name, model, self.arena, self.form) for name, model in self.guests.items()]
        whole = self._comparison([*found, *guests], references, raced)
        seeds = self._seeded([c for c in found if c.name in best], whole.leaders)
        whole = replace(whole, seeds=seeds, unfit=tuple((s.name, first_line(s.failed)) for s in unfit))
        return replace(whole, recommendations=recommendations(whole))

    def _race(self, each: float) -> Race:
        """It may take what judging everybody leaves, and other seeds where they are wanted."""
        judging = SLACK * each * (len(self.families) + len(self.guests)) / self.lanes.count
        share = ALL - judging / (self.budget.seconds or inf) - (SEEDED if self.seeds > 1 else 0.0)
        return Race(
            self.arena, self.families, self.budget, self.allowance, min(max(share, LEAST), MOST), self.lanes,
            self.shelf, self.listen, self.tell,
        )  # fmt: skip

    def _judged(self, standings: Mapping[str, Standing], best: list[str]) -> list[Contender]:
        """Everybody on the test rows, those that came to the end first; in the order they were named."""
        order = [*best, *(name for name in standings if name not in best)]
        tasks = [self._judging(standings[name], name) for name in order if standings[name].held]
        found = {name: Contender(name, self.families[name], failed=s.failed) for name, s in standings.items()}
        for task, contender in self.lanes.done(tasks, self.arena, lambda title: ()):
            assert isinstance(task, Judging)
            found[task.name] = contender if contender.fitted else replace(contender, fitted=task.model)
            self._note()
        return [found[name] for name in standings]

    def _judging(self, standing: Standing, name: str) -> Judging:
        family = self.families[name]
        folder = None if self.shelf is None else self.shelf.of(family)
        return Judging(
            name=name, family=family, fitted=standing.fitted, folder=folder, held=standing.held,
            seconds=standing.seconds, until=time.monotonic() + self.allowance.left(JUDGED), title=name,
            alone=folder is None,
        )  # fmt: skip

    @property
    def _tightening(self) -> float:
        return min(self.allowance.left(JUDGED), MIXED * (self.budget.seconds or inf), PATIENCE)

    def _comparison(
        self, contenders: list[Contender], references: tuple[Contender, ...], standings: Mapping[str, Standing]
    ) -> Comparison:
        parts, rounds = self.arena.parts, [each for s in standings.values() for each in s.rounds]
        sizes = {"train": len(parts.train), "validation": len(parts.validation), "test": len(parts.test)}
        return Comparison(
            "", sizes, tuple(contenders), references, verdicts_of([*contenders, *references]), parts.test,
            self.arena.condition, self.arena.seed, str(self.budget),
            rounds=tuple(sorted(rounds, key=lambda each: each.number)),
        )  # fmt: skip

    def _seeded(self, contenders: list[Contender], leaders: Sequence[str]) -> tuple[Seeds, ...]:
        """Those that nobody is shown to beat, and the one whose rows are hardest to tell from real ones."""
        areas = {c.name: c.measures["two-sample AUC"].value for c in contenders if "two-sample AUC" in c.measures}
        chosen = {*leaders, *([min(areas, key=lambda name: areas[name])] if areas else [])}
        place = (lambda family: None) if self.shelf is None else self.shelf.of
        repeats = Repeats(self.arena, self.allowance, ALL, self.lanes, place, self.listen)
        return repeats.of([c for c in contenders if c.name in chosen], self.budget, self.seeds)

    def _note(self) -> None:
        if self.shelf is not None:
            self.shelf.note(self.allowance.spent)


def _parts(rows: Rows) -> Split:
    parts = split(rows)
    if len(parts.test) < FEWEST_TEST or len(parts.validation) < FEWEST_VALIDATION:
        told = f"{len(rows)} rows leave {len(parts.test)} to judge by and {len(parts.validation)} to stop by"
        raise EmptyData(told, expected="about 150 rows or more", remedy="more rows; likely fit learns from fewer")
    return parts


def _check(rows: Rows, condition: tuple[str, ...], processes: int, seeds: int | None) -> None:
    """What is wrong is told at once, not by each family in turn."""
    if condition:
        rows.naming(condition, "to condition on")
    if processes < 1 or (seeds is not None and seeds < 1):
        raise FieldError(f"{processes} processes and {seeds} seeds", expected="at least one of each")


def _nobody(standings: Iterable[Standing]) -> None:
    told = [f"{s.name}: {first_line(s.failed)}" for s in standings]
    raise LikelyError("\n".join(["no family could be fitted", *told]))


def _failures(contenders: Iterable[Contender]) -> list[str]:
    return [f"{c.name}: {first_line(c.failed)}" for c in contenders]


def _interrupted(keep: str | Path | None, asked: Asked, stopped: BaseException) -> Interrupted:
    """What was kept, and how it goes on."""
    if keep is None or asked.shelf is None:
        return Interrupted("the comparison was stopped, and nothing of it was kept",
                           remedy="--keep FOLDER keeps what is done, and goes on from there")  # fmt: skip
    asked.shelf.note(asked.allowance.spent)
    places = [place for family in asked.families.values() if (place := asked.shelf.of(family)) is not None]
    done = sum(len(list(place.glob("round-*.json"))) for place in places)
    judged = sum((place / "judged.json").is_file() for place in places)
    spent = f"{asked.allowance.spent:.0f} s"
    what = f"the comparison was stopped after {spent}: {done} rounds and {judged} judgements are kept in {keep}"
    return Interrupted(what, remedy=f"the same line again goes on from there (--keep {keep})")


# Who takes part ------------------------------------------------------------------------------------------------------


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
