"""What a law is, the table of laws, and the verdict of one law on one case."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from likely.certificates.certificate import Beside, Seen
from likely.contracts import Model, Space
from likely.errors import LikelyError
from likely.testing.case import CONDITIONS, SPACES, Case

Outcome = Literal["passed", "failed", "refused", "not promised"]


class Broken(AssertionError):
    """A law does not hold; the message says what was seen."""


@dataclass(frozen=True)
class Verdict:
    """One cell of the table family x space x condition x law."""

    family: str
    space: str
    condition: str
    law: str
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True)
class Law:
    """A law, and the promise it is about."""

    promise: type[Model]
    holds: Callable[[Case], None]


LAWS: dict[str, Law] = {}


def law(promise: type[Model]) -> Callable[[Callable[[Case], None]], Callable[[Case], None]]:
    """Enter a law under its function's name, read as a sentence."""

    def enter(holds: Callable[[Case], None]) -> Callable[[Case], None]:
        LAWS[holds.__name__.replace("_", " ")] = Law(promise, holds)
        return holds

    return enter


def check(
    family: Any, spaces: Mapping[str, Space] = SPACES, conditions: Mapping[str, Space | None] = CONDITIONS
) -> Iterator[Verdict]:
    """Every law over every space and condition."""
    for space_name, space in spaces.items():
        for condition_name, condition in conditions.items():
            case = Case(family, space, condition)
            for name in LAWS:
                yield verdict(case, name, space_name, condition_name)


def verdict(case: Case, name: str, space: str = "", condition: str = "") -> Verdict:
    """One law on one case."""
    outcome, reason = _judged(case, LAWS[name])
    return Verdict(type(case.family).__name__, space, condition, name, outcome, reason)


def _judged(case: Case, law: Law) -> tuple[Outcome, str]:
    try:
        if not isinstance(case.model, law.promise):
            return "not promised", law.promise.__name__
        law.holds(case)
    except LikelyError as refusal:
        return "refused", str(refusal)
    except Beside as reason:
        return "not promised", str(reason)
    except Broken as broken:
        return "failed", str(broken)
    return "passed", ""


def demand(true: bool | Tensor, message: str) -> None:
    """The law's claim, or what was seen instead."""
    if not bool(true):
        raise Broken(message)


def holds(seen: Seen) -> None:
    """What a certificate would say, as a law."""
    demand(seen.passed, f"{seen.said} (off by {seen.value:.3g}, allowed {seen.tolerance:.3g})")


def close(seen: Tensor, wanted: Tensor, message: str, *, tolerance: float = 1e-4) -> None:
    """Equal to a tolerance relative to the size of what is wanted; NaN equals NaN."""
    seen, wanted = seen.double(), wanted.double()
    gap = (seen - wanted).abs() / (1 + wanted.abs())
    gap = torch.where(seen.isnan() & wanted.isnan(), 0.0, gap)
    demand((gap <= tolerance).all(), f"{message}: off by {gap.max():.3g}")
