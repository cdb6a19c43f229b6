"""Numbers with their intervals as bars beside their names: lists that read aloud, and that a phone can show."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, log

from markupsafe import Markup

from likely.report.drawing import signed

TICKS = 5


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One number."""

    name: str
    told: str  # the number in words, as it is read
    value: float
    low: float
    high: float
    reference: bool = False
    bound: bool = False  # the truth may be higher


def intervals(rows: Sequence[Bar], *, ideal: float | None = None, span: tuple[float, float] | None = None) -> Markup:
    """A point in its interval for each; the dashed line is the ideal, an arrow says that the truth may be higher."""
    shown = [row for row in rows if isfinite(row.value)]
    if not shown:
        return Markup()
    low, high = span or _span(shown, ideal)
    lines = [_line(row, low, high, ideal) for row in rows]
    return Markup('<ol class="bars">{}{}</ol>').format(Markup("").join(lines), _axis(low, high))


def amounts(rows: Sequence[tuple[str, float, str]]) -> Markup:
    """Amounts that differ by powers of ten, (name, amount, words) each, as bars on a logarithm."""
    known = [amount for _, amount, _ in rows if amount > 0]
    if not known:
        return Markup()
    least, most = log(min(known)) - 1, log(max(known))
    lines = [_amount(name, amount, told, least, most) for name, amount, told in rows]
    return Markup('<ol class="bars">{}</ol>').format(Markup("").join(lines))


def _amount(name: str, amount: float, told: str, least: float, most: float) -> Markup:
    share = 100 * (log(amount) - least) / (most - least) if amount > 0 else 0.0
    fill = Markup('<i class="fill" style="width:{}%"></i>').format(f"{share:.1f}") if share else ""
    return _row(name, Markup('<span class="track" aria-hidden="true">{}</span>').format(fill), told)


def _row(name: str, track: Markup, told: str, kind: str = "") -> Markup:
    line = '<li{}><span class="name">{}</span>{}<span class="told">{}</span></li>'
    return Markup(line).format(Markup(' class="{}"').format(kind) if kind else "", name, track, told)


def _line(row: Bar, low: float, high: float, ideal: float | None) -> Markup:
    def at(value: float) -> float:
        return 100 * min(max((value - low) / (high - low), 0.0), 1.0)

    parts = [] if ideal is None else [Markup('<i class="ideal" style="left:{}%"></i>').format(f"{at(ideal):.2f}")]
    if isfinite(row.value):
        ends = f"left:{at(row.low):.2f}%;width:{at(row.high) - at(row.low):.2f}%"
        parts.append(Markup('<i class="span" style="{}"></i>').format(ends))
    if isfinite(row.value) and row.value >= low:
        parts.append(Markup('<i class="dot" style="left:{}%"></i>').format(f"{at(row.value):.2f}"))
        if row.bound:
            parts.append(Markup('<i class="more" style="left:{}%">▸</i>').format(f"{at(row.high):.2f}"))
    else:
        parts.append(Markup('<i class="more" style="left:0">◂</i>'))
    track = Markup('<span class="track" aria-hidden="true">{}</span>').format(Markup("").join(parts))
    return _row(row.name, track, signed(row.told), "reference" if row.reference else "")


def _span(rows: Sequence[Bar], ideal: float | None) -> tuple[float, float]:
    """From the lowest end to the highest; one that is very far below does not squeeze the others."""
    best = max(row.value for row in rows)
    finite = [row for row in rows if isfinite(row.low) and isfinite(row.high)] or rows
    widest = max((row.high - row.low for row in finite), default=0.0) / 2
    low = best - _reach([best - row.value for row in rows])
    high = max([best, *(row.high for row in finite if row.value >= low)])
    ends = [low - min(widest, high - low or widest), high] + ([] if ideal is None else [ideal])
    gap = 0.04 * (max(ends) - min(ends)) or max(abs(best) * 0.1, 0.1)
    return min(ends) - gap, max(ends) + gap


def _reach(far: list[float]) -> float:
    """How far below the best is drawn."""
    *others, last = sorted(far)
    near = max(others, default=0.0)
    if near and last > 8 * near:
        return 1.5 * _reach(others)
    return last


def _axis(low: float, high: float) -> Markup:
    spread = high - low
    places = 0 if spread > 20 else 1 if spread > 2 else 2 if spread > 0.2 else 3
    ticks = [(100 * k / (TICKS - 1), low + spread * k / (TICKS - 1)) for k in range(TICKS)]
    told = Markup("").join(
        Markup('<span style="left:{}%">{}</span>').format(f"{at:g}", signed(f"{value:.{places}f}"))
        for at, value in ticks
    )
    track = Markup('<span class="track">{}</span>').format(told)
    ends = Markup('<span class="name"></span>'), Markup('<span class="told"></span>')
    return Markup('<li class="axis" aria-hidden="true">{}{}{}</li>').format(ends[0], track, ends[1])
