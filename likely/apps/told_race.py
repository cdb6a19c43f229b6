"""How a race went, what luck does to it, and what to use for what: in words."""

from typing import TYPE_CHECKING

from likely.apps.words import duration, listed

if TYPE_CHECKING:
    from likely.apps.comparison import Comparison, Recommendation, Round, Seeds


def advice_of(comparison: "Comparison") -> list[str]:
    """What to use for what, a line each."""
    found = comparison.recommendations
    return ["What to use:", *(f"  {_advice(each)}" for each in found)] if found else []


def _advice(one: "Recommendation") -> str:
    """to score: KDE. It gives ... (numbers)."""
    numbers = f" ({'; '.join(one.evidence[:2])})" if one.evidence else ""
    return f"to {_verb(one.purpose)}: {one.name + '. ' if one.name else ''}{one.why}{numbers}"


def _verb(purpose: str) -> str:
    return "be quick" if purpose == "speed" else purpose


def race_of(comparison: "Comparison") -> list[str]:
    """Round by round: how many, how long each, and who left for whom."""
    rounds = comparison.rounds
    last = max((each.number for each in rounds), default=1)
    told = [line for number in range(1, last + 1) for line in _round([r for r in rounds if r.number == number], last)]
    unfit = [f"Left out, since they cannot model such data: {listed([name for name, _ in comparison.unfit])}."]
    return [*(told if last > 1 else []), *(unfit if comparison.unfit else [])]


def _round(rounds: "list[Round]", last: int) -> list[str]:
    number, seconds = rounds[0].number, sum(each.seconds for each in rounds)
    held = sum(not each.kept and not each.stopped for each in rounds)
    back = f"; {held} kept the weights of an earlier round" if held else ""
    head = f"Round {number} of {last}: {len(rounds)} families, {duration(seconds)} in all{back}."
    return [head, *(f"  {each.name} {each.stopped}" for each in rounds if each.stopped)]


def seeds_of(comparison: "Comparison") -> list[str]:
    """How much the numbers of a family vary with the seed."""
    return [_spread(each) for each in comparison.seeds if len(each.seeds) > 1]


def _spread(found: "Seeds") -> str:
    return (
        f"Over {len(found.seeds)} seeds {found.name} gets {found.mean:.4g} {found.unit}, "
        f"with a standard deviation of {found.spread:.2g}."
    )
