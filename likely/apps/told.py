"""A comparison in words and rows: what the command line prints and the report draws."""

from math import isfinite
from typing import TYPE_CHECKING, Any

from likely.apps.told_race import advice_of, race_of, seeds_of
from likely.apps.words import cut
from likely.apps.words import duration as duration
from likely.apps.words import first_line as first_line
from likely.apps.words import listed as listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from likely.apps.comparison import Comparison
    from likely.apps.contender import Contender
    from likely.contracts import Scores
    from likely.metrics import Measure

MEASURES = ("two-sample AUC", "marginals", "pairs", "precision", "recall", "coverage", "nearer to training", "copies")
WORSE = {  # reference rows with a likelihood, the plainest first
    "independent columns": "independent columns: it learned nothing of how they hang together.",
    "simple mixture": "a simple mixture, which is fitted in a moment.",
}
SHOWN = 40  # letters of why a family failed that stand in the table: the conclusions have it whole
HEADS = {"nearer to training": "nearer train"}


def header_of(comparison: "Comparison") -> tuple[str, ...]:
    """The columns that have anything in them."""
    return (
        "",
        "log-likelihood, nats/row",
        *(HEADS.get(name, name) for name in _measured(comparison)),
        "fit",
        "a sample",
    )


def rows_of(comparison: "Comparison") -> list[tuple[str, ...]]:
    """One row a contender, then the references."""
    names = _measured(comparison)
    return [row_of(contender, names) for contender in (*comparison.contenders, *comparison.references)]


def _measured(comparison: "Comparison") -> list[str]:
    everyone = (*comparison.contenders, *comparison.references)
    return [name for name in MEASURES if any(name in contender.measures for contender in everyone)]


def row_of(contender: "Contender", names: "Sequence[str]") -> tuple[str, ...]:
    """A contender's numbers as a person reads them."""
    if contender.failed:
        return contender.name, f"failed: {cut(first_line(contender.failed), SHOWN)}", *[""] * (len(names) + 2)
    found = [told_value(contender.measures.get(name)) for name in names]
    return contender.name, told_score(contender.scores), *found, told_fit(contender), told_each(contender)


def told_score(scores: "Scores | None") -> str:
    """A mean log-likelihood with its kind and standard error, or none."""
    return f"{scores.kind} {told_mean(scores)}" if scores else "none"


def told_mean(scores: "Scores") -> str:
    """A mean and its standard error, to the same decimals; a row of probability 0 makes it −∞."""
    error = scores.mean_stderr
    if not isfinite(scores.mean):
        return "-∞" if scores.mean < 0 else "no number"
    places = 2 if not error < 0.095 else 3  # a NaN has no size
    return f"{scores.mean:.{places}f}" + (f" ± {error:.{places}f}" if error == error else "")


def told_value(measure: "Measure | None") -> str:
    """A measure's value, or a dash."""
    return "–" if measure is None or measure.value != measure.value else f"{measure.value:.3f}"


def told_fit(contender: "Contender") -> str:
    """How long it took to fit."""
    return duration(contender.fit_seconds) if contender.fit_seconds else "–"


def told_each(contender: "Contender") -> str:
    """How long one sample takes."""
    return duration(contender.sample_seconds) if contender.sample_seconds else "–"


def conclusions(comparison: "Comparison") -> list[str]:
    """What can be said, and what cannot, in plain sentences."""
    said = [*_by_likelihood(comparison), *_by_samples(comparison), *seeds_of(comparison)]
    said += [f"{c.name} was not judged: {c.why_no_score}." for c in comparison.contenders if c.late]
    return said + [f"{c.name} failed: {first_line(c.failed)}." for c in comparison.contenders if c.failed]


def _by_likelihood(comparison: "Comparison") -> list[str]:
    scored = [c.name for c in sorted(comparison.contenders, key=_mean, reverse=True) if c.scores is not None]
    said = [_first(scored[0], scored[1:], comparison)] if len(scored) > 1 else []
    unranked = [c.name for c in comparison.contenders if c.scores is None and not (c.failed or c.late)]
    if unranked:
        said.append(
            f"{listed(unranked)} {'has' if len(unranked) == 1 else 'have'} no likelihood: judge by the samples."
        )
    return said + [f"{name} is worse than {WORSE[other]}" for name, other in _under_references(comparison)]


def _mean(contender: "Contender") -> float:
    """The mean score; none, or one that is no number, comes last."""
    mean = contender.scores.mean if contender.scores else float("nan")
    return mean if mean == mean else float("-inf")


def _first(best: str, others: "Sequence[str]", comparison: "Comparison") -> str:
    """What the highest number proves against each other one."""
    ends: dict[str, list[str]] = {"beaten": [], "close": [], "open": [], "apart": []}
    for name in others:
        ends[_outcome(best, name, comparison)].append(name)
    beaten, close, left, apart = ends.values()
    parts = [f"{best} beats {listed(beaten)}"] if beaten else [f"{best} has the highest number"]
    parts += [f"{listed(close)} {'is' if len(close) == 1 else 'are'} too close to call"] if close else []
    bound = "has a lower number, but only a bound" if len(left) == 1 else "have lower numbers, but only bounds"
    parts += [f"{listed(left)} {bound}: undecided"] if left else []
    parts += [f"{listed(apart)} cannot be compared"] if apart else []
    return f"By held-out likelihood {'; '.join(parts)}."


def _outcome(best: str, name: str, comparison: "Comparison") -> str:
    verdict = comparison.verdicts.get((best, name)) or comparison.verdicts[name, best]
    if {(best, name), (name, best)} & set(comparison.wins):
        return "beaten"
    if verdict.low != verdict.low:  # NaN: the two cannot be subtracted
        return "apart"
    return "close" if verdict.low <= 0 <= verdict.high else "open"


def _under_references(comparison: "Comparison") -> list[tuple[str, str]]:
    """Families that the plainest models are shown to beat; of two, by the plainer one."""
    names, wins = [c.name for c in comparison.contenders], set(comparison.wins)
    beaten = {name: next((other for other in WORSE if (other, name) in wins), "") for name in names}
    return [(name, other) for name, other in beaten.items() if other]


def _by_samples(comparison: "Comparison") -> list[str]:
    """Who samples best, as far as the intervals tell."""
    areas = {c.name: c.measures[MEASURES[0]] for c in comparison.contenders if MEASURES[0] in c.measures}
    if len(areas) < 2:
        return []
    best = min(areas.values(), key=lambda area: area.value)
    near = [name for name, area in areas.items() if area.low <= best.high]
    if best.low > 0.95:
        return ["Every family's samples are easily told from real rows."]
    if len(near) == len(areas):
        return [
            f"Whose samples are hardest to tell from real rows is undecided: the intervals of {listed(near)} overlap."
        ]
    return [f"Samples are hardest to tell from real rows for {listed(near)}."]


def told(comparison: "Comparison") -> str:
    """The comparison as plain text."""
    rows = [header_of(comparison), *rows_of(comparison)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join([*lines, "", *conclusions(comparison), *(["", *more] if (more := _more(comparison)) else [])])


def _more(comparison: "Comparison") -> list[str]:
    """What to use for what, and how the race went."""
    parts = [part for part in (advice_of(comparison), race_of(comparison)) if part]
    return [line for i, part in enumerate(parts) for line in ([""] * (i > 0) + part)]


def told_kept(measures: "Mapping[str, Any]") -> str:
    """Which weights were kept, where there was a choice, beside the training's last."""
    kept, final = measures.get("kept") or {}, measures.get("final") or {}
    if kept.get("value") is None:
        return ""
    width = f" over {100 * kept['width']:.3g} % of the training" if kept.get("width") else ""
    which = f"weights averaged{width}" if kept.get("averaged") else "weights"
    steps = f"the {which}, of step {kept['step']:,} of {final.get('step', kept['step']):,}"
    unit = measures.get("unit") or "loss"
    last = "" if final.get("value") is None else f"; the last weights {_judgement(final)}"
    return f"{steps}: held-out {unit} {_judgement(kept)}{last}"


def _judgement(end: "Mapping[str, Any]") -> str:
    error = end.get("error")
    return f"{end['value']:.4g}" + (f" ± {float(f'{error:.2g}'):g}" if error else "")


def told_codes(measures: "Mapping[str, Any]") -> str:
    """What a card says of its model's codes."""
    found = measures.get("codes") or {}
    each = [f"{name} {_told_one(one)}" for name, one in found.items() if isinstance(one, dict)]
    rows = f" ({found['rows']:,} rows{'' if found['held out'] else ', learned from'})" if each else ""
    return "; ".join(each) + rows


def _told_one(one: "Mapping[str, Any]") -> str:
    """A value with its standard error, where it has one."""
    error = (one["high"] - one["low"]) / (2 * 1.96)
    return f"{one['value']:.3f} ± {error:.3f}" if error else f"{one['value']:,.0f}"
