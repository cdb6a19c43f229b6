"""What a comparison found: contenders, what each got in the race, verdicts, seeds, and what to use for what."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from likely.apps.contender import Contender
from likely.data import Rows
from likely.metrics import Outcome, Verdict, compared


@dataclass(frozen=True)
class Round:
    """One contender in one round of the race: what it was given, what it took, what it showed on validation rows."""

    number: int  # from 1
    name: str  # the contender's
    budget: str  # what it was given to learn ("12 s", "2000 steps"); "" where it counts, and needs no more than that
    seconds: float  # what learning and being judged took
    steps: int = 0  # rounds of turns, or passes over the rows, that it learned in
    unit: str = ""  # of the value: "nats/row" (more is better) or "distance" of its draws (less is better); "": none
    kind: str = ""  # of the value: = ≥ ≈ as a score's kind
    value: float = float("nan")
    low: float = float("nan")  # 95 % interval of the value
    high: float = float("nan")
    stopped: str = ""  # why it went no further; "" where it went on, or came to the end
    kept: bool = True  # False: an earlier round's weights were better, and it stands with those


@dataclass(frozen=True)
class Seeds:
    """One family fitted again from other seeds: how much of its number is luck."""

    name: str
    seeds: tuple[int, ...]
    values: tuple[float, ...]  # one a seed, on the test rows
    unit: str = "nats/row"

    @property
    def mean(self) -> float:
        return fmean(self.values)

    @property
    def spread(self) -> float:
        """The standard deviation over seeds; NaN of one."""
        return stdev(self.values) if len(self.values) > 1 else float("nan")


@dataclass(frozen=True)
class Recommendation:
    """What to use for a purpose, in plain words, with the numbers that say so."""

    purpose: str  # generate, score, complete, look inside, speed
    name: str  # the contender's; "" where none can be recommended
    why: str  # a sentence
    evidence: tuple[str, ...] = ()  # numbers with their intervals, each a phrase


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
    budget: str = ""
    rounds: tuple[Round, ...] = ()
    seeds: tuple[Seeds, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    unfit: tuple[tuple[str, str], ...] = ()  # families that cannot model such data, and what they say of it

    @property
    def wins(self) -> tuple[tuple[str, str], ...]:
        """Who is shown to beat whom."""
        first = ((a, b) for (a, b), verdict in self.verdicts.items() if verdict.outcome is Outcome.FIRST)
        second = ((b, a) for (a, b), verdict in self.verdicts.items() if verdict.outcome is Outcome.SECOND)
        return (*first, *second)

    @property
    def leaders(self) -> tuple[str, ...]:
        """Families with a score that no other is shown to beat."""
        beaten = {loser for _, loser in self.wins}
        return tuple(c.name for c in self.contenders if c.scores is not None and c.name not in beaten)

    def __str__(self) -> str:
        from likely.apps.told import told

        return told(self)


def verdicts_of(contenders: Sequence[Contender]) -> dict[tuple[str, str], Verdict]:
    """Every pair of contenders that both have a score."""
    scored = [(c.name, c.scores) for c in contenders if c.scores is not None]
    return {(a, b): compared(x, y) for i, (a, x) in enumerate(scored) for b, y in scored[i + 1 :]}
