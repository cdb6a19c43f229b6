"""One contender as a card: its samples, its number, what it costs, what was found."""

from collections.abc import Sequence
from math import inf, isfinite
from typing import Any

from markupsafe import Markup

from likely.apps.contender import Contender
from likely.apps.graph import graphs
from likely.apps.measure import FLOOR
from likely.apps.told import told_codes, told_each, told_fit, told_kept, told_mean
from likely.apps.unlike import odd_cells
from likely.contracts import Scores
from likely.data import Rows, Table
from likely.doctor import readings_of
from likely.report import figure
from likely.report.drawing import signed
from likely.report.graph import graph_of, left_out
from likely.report.sheet import ROWS, sheet

MOST_GRAPHS = 4  # of a model that has one for each class
PAGE = 3_400_000  # bytes that the pictures of a page may take together


def room(cards: int) -> int:
    """Bytes that one of so many cards may take."""
    return min(figure.ROOM, PAGE // max(cards, 1))


def card(
    contender: Contender, real: Rows, known: Sequence[Rows] = (), *, reference: bool = False, plain: bool = False,
    most: int = figure.ROOM,
) -> dict[str, Any]:  # fmt: skip
    """What the template draws of one contender; `known` are further real rows, `plain` is a card without numbers."""
    drawn, scores, fitted = contender.samples, contender.scores, contender.fitted
    said = {} if fitted is None else fitted.card.measures
    return {
        "name": contender.name,
        "reference": reference,
        "plain": plain or reference,
        "family": repr(contender.family) if contender.family is not None else "",
        "picture": "" if drawn is None else figure.picture_of(drawn, real, name=contender.name, room=most),
        "sheet": printed(drawn, real, known, name=contender.name),
        "kind": scores.kind if scores else "",
        "score": signed(told_mean(scores)) if scores else "",
        "failed": contender.failed,
        "why": "" if contender.failed else contender.why_no_score,
        "fit": told_fit(contender) if contender.fit_seconds else "",
        "each": told_each(contender),
        "graphs": drawn_graphs(fitted),
        "kept": told_kept(said),
        "rule": said.get("rule") or "",
        "codes": told_codes(said),
        "findings": [] if fitted is None else list(fitted.card.findings),
    }


def printed(rows: Rows | None, real: Rows, known: Sequence[Rows] = (), *, name: str = FLOOR) -> Markup:
    """A table's first rows; of rows that are not real, cells are marked that no real row has the like of."""
    if not isinstance(rows, Table) or not isinstance(real, Table):
        return Markup()
    first = rows.take(range(min(len(rows), ROWS)))
    odd = odd_cells(first, real, *(each for each in known if isinstance(each, Table))) if name != FLOOR else None
    return sheet(first, odd, name=name)


def readings(said: Any) -> list[str]:
    """Every number that a doctor looked at."""
    return [f"{each.name}: {each} ({each.healthy})" for each in readings_of(said)]


def drawn_graphs(fitted: Any) -> list[dict[str, Any]]:
    """The figures of a model that can be drawn, of some of its classes."""
    found = graphs(fitted)[:MOST_GRAPHS] if fitted else ()
    told = [{"title": each.title, "picture": graph_of(each), "left": left_out(each)} for each in found]
    return [each for each in told if each["picture"]]


def ranked(everyone: Sequence[Contender]) -> list[Contender]:
    """Those with a score, the highest number first."""
    return sorted((c for c in everyone if c.scores is not None), key=lambda c: _finite(c.scores), reverse=True)


def _finite(scores: Scores | None) -> float:
    return scores.mean if scores is not None and isfinite(scores.mean) else -inf
