"""The same as the pages in Markdown: for a pull request, a notebook, a terminal."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from likely.apps.again import again
from likely.apps.comparison import Comparison
from likely.apps.measure import Measurement
from likely.apps.told import conclusions
from likely.apps.told_measures import conclusions as measured_conclusions
from likely.atomic import appearing
from likely.metrics import Measure
from likely.metrics.measure import GROUPS
from likely.report import checked, lines, measured
from likely.report.cards import ranked
from likely.report.drawing import signed
from likely.report.rounds import lanes
from likely.report.template import named

KINDS = "= is exact, ≥ a lower bound, ≈ an estimate; ± is the standard error over rows. Higher is better."
INTERVALS = "Intervals are 95 %. “real rows” are other real rows, the best that can be reached with this many."


def write_markdown(found: Comparison | Measurement, path: str | Path) -> Path:
    """A comparison or a measurement as one Markdown file, which appears whole or not at all."""
    told = of_comparison(found) if isinstance(found, Comparison) else of_measurement(found)
    with appearing(Path(path), remedy="choose another place with --markdown") as part:
        part.write_text(told, encoding="utf-8", errors="replace")
    return Path(path)


def of_comparison(found: Comparison) -> str:
    """Verdict first, then what it rests on."""
    everyone = (*found.contenders, *found.references)
    parts = [
        f"# {escaped(named(found.source))}: which family suits it?", _facts(lines.facts_of(found)),
        "## Verdict", *_verdict(found),
        *_scores(found), *_likeness([(c.name, c.measures) for c in everyone if c.measures]),
        *_race(found), *_checks(found), *_health(found),
        *_section("Costs", ("", "time to fit", "time a sample", "rows a second", "parameters", "steps"),
                  [lines.cost_of(c) for c in found.contenders if c.fit_seconds], f"On {lines.machine()}."),
        *_again(found),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def of_measurement(found: Measurement) -> str:
    """Verdict first, then a table for each question."""
    rows = [(m.name, m.measures) for m in found.measured]
    parts = [
        f"# {escaped(named(found.source))}: how good are these synthetic rows?", _facts(measured.facts_of(found)),
        "## Verdict", bullets(measured_conclusions(found)), *_questions(rows),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(facts: Iterable[str]) -> str:
    return " · ".join(escaped(fact) for fact in facts)


def _verdict(found: Comparison) -> list[str]:
    told = []
    for one in map(lines.purpose_of, found.recommendations):
        evidence = f" ({'; '.join(one['evidence'])})" if one["evidence"] else ""
        said = f"{one['why']}{evidence}"
        told.append(f"**{one['purpose']}: {escaped(one['name'] or 'undecided')}.** {escaped(said)}")
    return [bullets(told, marked=True), bullets(conclusions(found))]


def _scores(found: Comparison) -> list[str]:
    beside = {c.name for c in found.references}
    everyone = ranked((*found.contenders, *found.references))
    rows = [lines.score_of(c, found.real, reference=c.name in beside) for c in everyone]
    bits = bool(rows) and bool(rows[0]["bits"])
    keys = ("name", "kind", "value", *(("bits",) if bits else ()), "fit", "each")
    heads = ("", "kind", "nats a row", *(("bits a dimension",) if bits else ()), "time to fit", "time a sample")
    return _section("How likely are the unseen rows?", heads, [[row[key] for key in keys] for row in rows], KINDS)


def _likeness(rows: Sequence[tuple[str, dict[str, Measure]]]) -> list[str]:
    names = list(dict.fromkeys(name for _, found in rows for name in found))
    cells = [[title, *(_told(found.get(name)) for name in names)] for title, found in rows]
    return _section("Are the samples like real rows?", ("", *names), cells, INTERVALS)


def _questions(rows: Sequence[tuple[str, dict[str, Measure]]]) -> list[str]:
    """A table for each question, a line a measure."""
    first = rows[0][1]
    known = [*GROUPS, *dict.fromkeys(each.group for each in first.values())]
    told = []
    for group in [each for each in dict.fromkeys(known) if any(m.group == each for m in first.values())]:
        question = GROUPS.get(group, "how do they compare?")
        each = [
            [name, *(_told(found.get(name)) for _, found in rows), f"{m.ideal:.3g}", m.features, m.note]
            for name, m in first.items()
            if m.group == group
        ]
        heads = ("", *(title for title, _ in rows), "ideal", "features", "what it is")
        told += _section(question[:1].upper() + question[1:], heads, each)
    return [*told, INTERVALS]


def _told(measure: Measure | None) -> str:
    if measure is None or measure.value != measure.value:
        return "–"
    return signed(f"{measure.value:.3f} [{measure.low:.3f}, {measure.high:.3f}]")


def _race(found: Comparison) -> list[str]:
    rounds = [lines.round_of(each) for lane in lanes(found.rounds) for each in lane.rounds]
    keys = ("name", "number", "budget", "seconds", "steps", "value", "stopped")
    heads = ("", "round", "given", "took", "steps", "on validation rows", "why it stopped")
    told = _section("The race", heads, [[row[key] for key in keys] for row in rounds])
    seeds = [lines.seeds_of(each) for each in found.seeds]
    keys, heads = ("name", "count", "mean", "spread", "each"), ("", "seeds", "mean", "standard deviation", "each")
    return told + _section("From other seeds", heads, [[row[key] for key in keys] for row in seeds])


def _checks(found: Comparison) -> list[str]:
    known = checked.certified((*found.contenders, *found.references))
    names = checked.names_of(known)
    rows = [[line.name, *(mark.sign for mark in line.marks)] for line in checked.lines(known)]
    return _section("What was checked of each model", ("", *names), rows, "✓ passed, ✗ failed, – does not apply.")


def _health(found: Comparison) -> list[str]:
    told = [f"{c.name}: {one}" for c in found.contenders for one in lines.health_of(c)["findings"]]
    return ["## Health", bullets(told)] if told else []


def _again(found: Comparison) -> list[str]:
    recipes = [each for each in (again(c, found) for c in found.contenders) if each is not None]
    told = [f"{escaped(each.name)}\n\n```sh\n{each.command}\n```\n\n```python\n{each.python}\n```" for each in recipes]
    return ["## Make a row again", *told] if told else []


# Markdown ------------------------------------------------------------------------------------------------------------


def _section(title: str, heads: Sequence[str], rows: Sequence[Sequence[Any]], note: str = "") -> list[str]:
    return [f"## {title}", table(heads, rows), note] if rows else []


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table, with what would break it escaped."""
    told = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(escaped(str(cell)) for cell in line)} |" for line in told)


def bullets(said: Iterable[str], *, marked: bool = False) -> str:
    """A list; `marked` lines carry Markdown of their own."""
    return "\n".join(f"- {line if marked else escaped(line)}" for line in said)


def escaped(said: str) -> str:
    """Words that are words in a table too."""
    told = " ".join(said.split()).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
    return told.replace("`", "\\`").replace("*", "\\*").replace("_", "\\_")
