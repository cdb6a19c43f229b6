"""A comparison in words and rows: what the command line prints and the report draws."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from likely.apps.compare import Comparison, Contender

HEADER = ("", "log-likelihood, nats/row", "two-sample AUC", "marginals", "pairs", "coverage", "copies", "fit", "a sample")
MEASURES = ("two-sample AUC", "marginals", "pairs", "coverage", "copies")


def rows_of(comparison: "Comparison") -> list[tuple[str, ...]]:
    """One row a contender, then the references."""
    return [row_of(contender) for contender in (*comparison.contenders, *comparison.references)]


def row_of(contender: "Contender") -> tuple[str, ...]:
    """A contender's numbers as a person reads them."""
    if contender.failed:
        return contender.name, f"failed: {contender.failed.splitlines()[0]}", *[""] * (len(HEADER) - 2)
    score = f"{contender.scores.kind} {contender.scores.mean:.2f} ± {contender.scores.mean_stderr:.2f}" if contender.scores else "none"
    found = [f"{contender.measures[name].value:.3f}" if name in contender.measures else "–" for name in MEASURES]
    fit = duration(contender.fit_seconds) if contender.fit_seconds else "–"
    each = duration(contender.sample_seconds) if contender.sample_seconds else "–"
    return contender.name, score, *found, fit, each


def duration(seconds: float) -> str:
    """A time with its unit."""
    for size, unit, digits in ((60, "min", 1), (1, "s", 1), (1e-3, "ms", 2), (1e-6, "µs", 0)):
        if seconds >= size:
            return f"{seconds / size:.{digits}f} {unit}"
    return "< 1 µs"


def conclusions(comparison: "Comparison") -> list[str]:
    """What can be said, and what cannot, in plain sentences."""
    said = []
    leaders = comparison.leaders
    if leaders:
        said.append(f"By held-out likelihood nothing is shown to beat {_listed(leaders)}.")
    unranked = [c.name for c in comparison.contenders if c.scores is None and not c.failed]
    if unranked:
        said.append(f"{_listed(unranked)} {'has' if len(unranked) == 1 else 'have'} no likelihood: judge by the samples.")
    told = [c for c in comparison.contenders if "two-sample AUC" in c.measures]
    if told:
        best = min(told, key=lambda c: c.measures["two-sample AUC"].value)
        near = [c.name for c in told if c.measures["two-sample AUC"].low <= best.measures["two-sample AUC"].high]
        said.append(f"Samples are hardest to tell from real rows for {_listed(near)}.")
    said += [f"{c.name} failed: {c.failed.splitlines()[0]}" for c in comparison.contenders if c.failed]
    return said


def _listed(names: "tuple[str, ...] | list[str]") -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def told(comparison: "Comparison") -> str:
    """The comparison as plain text."""
    rows = [HEADER, *rows_of(comparison)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADER))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, "", *conclusions(comparison)])
