"""Who leaves a race after a round: the rule, on validation rows alone.

1. Those whose score is exact or a lower bound, over one measure, are ranked by its mean; all others (samplers, and
   estimates, which may lie above the truth) by how far their draws are from the validation rows. Nobody leaves for one
   of the other kind.
2. Of each kind the better half goes on (a smaller part, where there is time for few rounds only). One of the others
   leaves only if one that goes on is shown to be better:
       the interval of the mean paired difference of scores excludes 0, and the one that leaves has an exact score
       (the rule of `likely.metrics.likelihood`); or
       that interval excludes 0, the one that leaves has only a bound, which proves nothing of its truth, and its draws
       are farther from the validation rows too: the interval of that paired difference excludes 0 as well; or,
       among those ranked by their draws, that second interval excludes 0.
   A loose bound alone sends nobody home. Whoever is not shown to be worse goes on.
3. Families that count have learned all there is to learn: they take no further time, and neither leave nor make leave.

What happens here decides who gets more time. It is no verdict: verdicts are of test rows.
"""

from collections.abc import Iterable, Mapping
from math import ceil

from likely.apps.standing import Showing, Standing
from likely.metrics import Outcome, compared
from likely.metrics.measure import Z

FEWEST = 2  # of a kind go on


def leaving(standings: Iterable[Standing], part: float = 2.0) -> dict[str, str]:
    """Who leaves, and for whom, in a sentence; one of `part` goes on in any case."""
    alive = {each.name: each.showing for each in standings if not each.failed}
    kinds = {name: (shown.ranked, shown.scores.measure if shown.ranked and shown.scores else "")
             for name, shown in alive.items()}  # fmt: skip
    left: dict[str, str] = {}
    for kind in dict.fromkeys(kinds.values()):
        left |= _of_one_kind({name: alive[name] for name in alive if kinds[name] == kind}, part)
    return left


def _of_one_kind(shown: Mapping[str, Showing], part: float) -> dict[str, str]:
    order = sorted(shown, key=lambda name: shown[name].worth, reverse=True)
    going = order[: max(FEWEST, ceil(len(order) / part))]
    found = {name: _sent_by(name, going, shown) for name in order[len(going) :]}
    return {name: why for name, why in found.items() if why}


def _sent_by(name: str, going: list[str], shown: Mapping[str, Showing]) -> str:
    """The first of those that go on for whom the rule lets this one leave; nothing where there is none."""
    said = ((other, beaten(shown[name], shown[other])) for other in going)
    return next((f"{other} is better on validation rows by {by}" for other, by in said if by), "")


def beaten(one: Showing, other: Showing) -> str:
    """By how much the other is shown better, as far as the rule takes it; nothing where it does not."""
    farther = _farther(one, other)
    if not (one.ranked and other.ranked):
        return farther
    assert one.scores is not None
    assert other.scores is not None
    verdict = compared(other.scores, one.scores)
    by = f"{verdict.difference:.3g} [{verdict.low:.3g}, {verdict.high:.3g}] nats/row"
    if verdict.outcome is Outcome.FIRST:
        return by
    return f"{by} of its bound, and by {farther}" if verdict.low > 0 and one.scores.bound and farther else ""


def _farther(one: Showing, other: Showing) -> str:
    """By how much farther its draws are, where that is shown."""
    if one.apart is None or other.apart is None or len(one.apart) != len(other.apart):
        return ""
    gap = one.apart - other.apart
    middle, half = float(gap.mean()), Z * float(gap.std()) / len(gap) ** 0.5
    return f"{middle:.3g} [{middle - half:.3g}, {middle + half:.3g}] of draws' distance" if middle > half else ""
