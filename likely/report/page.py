"""The page of a comparison: verdict first, then everything that it rests on, filled into one template."""

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from likely.apps.again import again
from likely.apps.comparison import Comparison
from likely.apps.contender import Contender
from likely.apps.exhibits import of_contenders
from likely.apps.measure import FLOOR
from likely.apps.told import conclusions, told_fit, told_mean
from likely.data import Pieces, Rows, Table
from likely.report import checked, figure, lines, measures, rounds
from likely.report.bars import Bar, amounts, intervals
from likely.report.cards import card, ranked, room
from likely.report.drawing import signed
from likely.report.shown import honest_of, maps_of, ranks_of, ties_of
from likely.report.template import named, written

CARDS = 16  # that stand open: those that went farthest
CONTENTS = (
    ("verdict", "Verdict", ""), ("samples", "Samples", ""), ("likelihood", "Likelihood", "scores"),
    ("likeness", "Likeness", ""), ("race", "The race", "rounds"), ("calibration", "Spread", "ranks"),
    ("reliability", "Reliability", "honest"), ("dependence", "Dependence", "ties"), ("codes", "Codes", "codes"),
    ("checks", "Checks", "checks"),
    ("health", "Health", "health"), ("costs", "Costs", "costs"), ("again", "Again", "recipes"),
)  # fmt: skip


def write_comparison(comparison: Comparison, path: str | Path) -> Path:
    """The families side by side, as one HTML file."""
    everyone, real = (*comparison.contenders, *comparison.references), comparison.real
    found, beside = checked.certified(everyone), {c.name for c in comparison.references}
    order = [c for c in _farthest(comparison) if not _is_pictured(c, comparison)]
    exhibits = of_contenders(real, [c for c in order[:CARDS] if c.name not in beside] + [*comparison.references])
    known = [c.samples for c in comparison.references if c.name == FLOOR and c.samples is not None]
    most = room(len(order) + 1)
    cards = [card(c, real, known, reference=c.name in beside, most=most) for c in order]
    filled = {
        "purposes": [lines.purpose_of(each) for each in comparison.recommendations],
        "conclusions": [signed(line) for line in conclusions(comparison)],
        "real": figure.picture_of(real, real, name="real rows", room=most) if isinstance(real, Pieces) else "",
        "word": real.word if isinstance(real, Pieces) else "rows",
        "cards": cards[:CARDS], "more": cards[CARDS:], "tables": isinstance(real, Table), "caption": caption(real),
        "chart": _chart(everyone, beside),
        "scores": [lines.score_of(c, real, reference=c.name in beside) for c in ranked(everyone)],
        "verdicts": [lines.verdict_of(pair, verdict) for pair, verdict in comparison.verdicts.items()],
        "unfit": comparison.unfit, "rounds": comparison.rounds, "race": _race(comparison),
        "ranks": ranks_of(exhibits), "honest": honest_of(exhibits),
        "ties": ties_of(exhibits, real), "codes": maps_of(exhibits),
        "checks": checked.names_of(found), "checked": checked.lines(found), "maps": checked.maps(found),
        "health": [each for each in map(lines.health_of, everyone) if each["findings"] or each["readings"]],
        "table": measures.table([(c.name, c.measures) for c in everyone if c.measures], beside),
        "costs": _costs(comparison.contenders), "machine": lines.machine(),
        "recipes": [each for each in (again(c, comparison) for c in comparison.contenders) if each is not None],
        "measure": next((c.scores.measure for c in everyone if c.scores is not None), ""),
    }  # fmt: skip
    contents = [(place, name) for place, name, needs in CONTENTS if not needs or filled[needs]]
    title = f"{named(comparison.source)}: which family suits it?"
    return written(
        path,
        "page.html",
        title=title,
        kicker="likely compare",
        facts=lines.facts_of(comparison),
        contents=contents,
        **filled,
    )


def _is_pictured(contender: Contender, comparison: Comparison) -> bool:
    """Real pieces have a card of their own; a table's rows stand under every other."""
    return contender.name == FLOOR and not isinstance(comparison.real, Table)


def caption(real: Rows) -> str:
    """How to read the pictures."""
    if not isinstance(real, Table):
        drawn = real.word.capitalize()
        return f"{drawn} are drawn at random, none was chosen; a row is one class where there are classes."
    more = figure.left_out(real)
    rest = f" {more} more columns are not drawn." if more else ""
    return (
        "The first rows as they were drawn; a marked cell is one that no unseen real row has the like of. "
        f"Grey: unseen real rows. Orange: samples. A bar at the right is the share of missing cells.{rest}"
    )


def _farthest(comparison: Comparison) -> list[Contender]:
    """Real rows first, then who came to the end, then who stopped, each by its number; other references last."""
    stopped = {each.name for each in comparison.rounds if each.stopped}
    names = [c.name for c in ranked(comparison.contenders)]
    place = {name: at for at, name in enumerate(names)}
    order = sorted(
        comparison.contenders, key=lambda c: (bool(c.failed), c.name in stopped, place.get(c.name, len(names)))
    )  # fmt: skip
    first = [c for c in comparison.references if c.name == FLOOR]
    return [*first, *order, *(c for c in comparison.references if c.name != FLOOR)]


# Likelihood ----------------------------------------------------------------------------------------------------------


def _chart(everyone: Sequence[Contender], beside: set[str]) -> Any:
    rows = []
    for c in ranked(everyone):
        assert c.scores is not None
        mean, half = c.scores.mean, 1.96 * c.scores.mean_stderr
        told = f"{c.scores.kind} {told_mean(c.scores)}"
        if isfinite(mean + half):
            rows.append(Bar(name=c.name, told=told, value=mean, low=mean - half, high=mean + half,
                            reference=c.name in beside, bound="≥" in c.scores.kind))  # fmt: skip
    return intervals(rows)


# The race, health and costs ------------------------------------------------------------------------------------------


def _race(comparison: Comparison) -> dict[str, Any]:
    units = dict.fromkeys(each.unit for each in comparison.rounds if each.unit)
    curves = ((rounds.told(unit), rounds.curves(comparison.rounds, unit)) for unit in units)
    return {
        "picture": rounds.race(comparison.rounds),
        "curves": [(title, picture) for title, picture in curves if picture],
        "rounds": [lines.round_of(each) for lane in rounds.lanes(comparison.rounds) for each in lane.rounds],
        "seeds": [lines.seeds_of(each) for each in comparison.seeds],
        "unit": comparison.seeds[0].unit if comparison.seeds else "",
    }


def _costs(contenders: Sequence[Contender]) -> dict[str, Any]:
    fitted = sorted((c for c in contenders if c.fit_seconds), key=lambda c: c.fit_seconds)
    drawn = sorted((c for c in contenders if c.sample_seconds), key=lambda c: c.sample_seconds)
    return {
        "fit": amounts([(c.name, c.fit_seconds, told_fit(c)) for c in fitted]),
        "draws": amounts([(c.name, 1 / c.sample_seconds, lines.rate_of(c)) for c in drawn]),
        "rows": [lines.cost_of(c) for c in fitted],
    }
