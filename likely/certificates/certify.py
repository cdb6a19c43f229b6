"""Every check that a model's promises call for, under one small limit of time; none of them can stop a fit."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from likely.certificates import bound, company, dependence, evidence, inverse, mass, sampling
from likely.certificates.certificate import Beside, Certificate, Certificates, Dependence, Outcome, Seen, finite
from likely.certificates.clock import Clock, OutOfTime
from likely.certificates.subject import Subject
from likely.contracts import Bound, Completes, Density, Estimated, Latent, Model
from likely.errors import LikelyError

CAP = 5.0  # seconds for all checks together; one slice of work may end after it
SHARE = 0.6  # of what is left, for one check


@dataclass(frozen=True)
class Check:
    """A check, the promises it is about, and what a person can do where it fails."""

    name: str
    promises: tuple[type[Model], ...]  # one of these
    look: Callable[[Subject, Clock], Seen]
    remedy: str


SCORED = (Density, Bound, Estimated)
DISTRUST = "trust no score of this model: another family, or a report of this to its author"
REREAD = "a schema that says what the column is: likely data FILE shows how it is read"
LONGER = "a longer or gentler training (--budget, --rate), or another family"
CHECKS = (
    Check("rows through the codec", (Model,), inverse.rows_return, REREAD),
    Check("same seed, same sample", (Model,), sampling.same_seed, "keep samples: they cannot be drawn again"),
    Check("sample row by row", (Model,), sampling.alone, "draw all rows in one call: each depends on their number"),
    Check("sample in the space", (Model,), sampling.inside, LONGER),
    Check("score row by row", SCORED, company.score_alone, "score rows one at a time: a score depends on the others"),
    Check("codes and back", (Latent,), inverse.codes_return, "a smaller --rate, fewer layers, or float64 weights"),
    Check("log-determinant", (Latent,), inverse.log_det, DISTRUST),
    Check("bound below its weights", (Bound,), bound.tightens, DISTRUST),
    Check("evidence adds up", (Completes,), evidence.adds_up, "trust no completion by this model: another family"),
    Check("mass", (Density,), mass.adds_up, DISTRUST),
)
DEPENDENCE = "dependence"
WIDER = "a wider network or more layers, or a family that couples every column"


def certify(made: Callable[[], Subject], *, held_out: bool, cap: float = CAP) -> Certificates:
    """Every check of a model on some rows; torch's own generator and the model are left as they were."""
    began, clock = time.perf_counter(), Clock(cap)
    drawn: Dependence | None = None
    try:
        subject = made()
    except Exception as error:  # not even a fault in its making may stop a fit
        checks, rows = (Certificate("the rows", "failed", _words(error), remedy=REREAD),), 0
    else:
        rows = len(subject.x)
        with torch.random.fork_rng(devices=[]):
            checks = tuple(one for check in CHECKS for one in _checked(check, subject, clock))
            last, drawn = _depends(subject, clock)
        checks = (*checks, last)
    return Certificates(checks, rows, held_out, round(time.perf_counter() - began, 3), cap, drawn)


def _checked(check: Check, subject: Subject, clock: Clock) -> list[Certificate]:
    """The check's certificate, where anything of the kind is promised."""
    if not isinstance(subject.model, check.promises):
        return []
    certificate, _ = _tried(check.name, lambda: (check.look(subject, clock.share(SHARE)), None), check.remedy, clock)
    return [certificate]


def _depends(subject: Subject, clock: Clock) -> tuple[Certificate, Dependence | None]:
    return _tried(DEPENDENCE, lambda: dependence.depends(subject, clock.share(1.0)), WIDER, clock)


def _tried(name: str, look: Callable[[], tuple[Seen, Any]], remedy: str, clock: Clock) -> tuple[Certificate, Any]:
    """What was seen, as a certificate; whatever happens inside is told and goes no further."""
    began = time.perf_counter()

    def certificate(outcome: Outcome, said: str, seen: Seen | None = None) -> Certificate:
        numbers = (None, None) if seen is None else (finite(seen.value), finite(seen.tolerance))
        seconds = round(time.perf_counter() - began, 3)
        return Certificate(name, outcome, said, *numbers, seconds, remedy if outcome == "failed" else "")

    try:
        if clock.left <= 0:
            raise OutOfTime
        seen, more = look()
        return certificate("passed" if seen.passed else "failed", seen.said, seen), more
    except (Beside, LikelyError) as reason:
        return certificate("not applicable", str(reason).partition("\n")[0]), None
    except OutOfTime:
        return certificate("not applicable", "the time was up"), None
    except KeyboardInterrupt:
        clock.stop()
        return certificate("not applicable", "stopped by hand"), None
    except (MemoryError, torch.OutOfMemoryError) as stopped:
        return certificate("not applicable", f"too little memory: {type(stopped).__name__}"), None
    except Exception as error:
        return certificate("failed", _words(error)), None


def _words(error: Exception) -> str:
    return f"it ended in {type(error).__name__}: {error}".partition("\n")[0][:200]
