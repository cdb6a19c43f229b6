"""Every check that a model's promises call for, under one small limit of time; none of them can stop a fit."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from likely.certificates import bound, company, dependence, evidence, inverse, mass, sampling
from likely.certificates.certificate import Beside, Certificate, Certificates, Dependence, Outcome, Seen, finite
from likely.certificates.clock import Clock, OutOfTime
from likely.certificates.subject import Subject
from likely.contracts import Bound, Completes, Density, Latent, Model
from likely.errors import LikelyError
from likely.scoring import SCORED

CAP = 5.0  # seconds for all checks together; one slice of work may end after it
SHARE = 0.6  # of what is left, for one check


@dataclass(frozen=True)
class Check:
    """A check, the promises it is about, and what a person can do where it fails."""

    name: str
    promises: tuple[type[Model], ...]  # one of these
    look: Callable[[Subject, Clock], Seen]
    remedy: str


DISTRUST = "trust no score of this model: another family, or a report of this to its author"
REREAD = "a schema that says what the column is: likely data FILE shows how it is read"
LONGER = "a longer or gentler training (--budget, --rate), or another family"
WIDER = "a wider network or more layers, or a family that couples every column"
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
    Check("dependence", (Model,), dependence.depends, WIDER),
    Check("mass", (Density,), mass.adds_up, DISTRUST),  # last, for it can use whatever time is left
)


def certify(made: Callable[[], Subject], *, held_out: bool, cap: float = CAP) -> Certificates:
    """Every check of a model on some rows; torch's own generator and the model are left as they were."""
    began, clock = time.perf_counter(), Clock(cap)
    try:
        subject = made()
    except Exception as error:  # not even a fault in its making may stop a fit
        tried, rows = [(Certificate("the rows", "failed", _words(error), remedy=REREAD), None)], 0
    else:
        with torch.random.fork_rng(devices=[]):
            tried = [_tried(check, subject, clock) for check in CHECKS if isinstance(subject.model, check.promises)]
        rows = len(subject.x)
    drawn = next((drawn for _, drawn in tried if drawn is not None), None)
    seconds = round(time.perf_counter() - began, 3)
    return Certificates(tuple(one for one, _ in tried), rows, held_out, seconds, cap, drawn)


def _tried(check: Check, subject: Subject, clock: Clock) -> tuple[Certificate, Dependence | None]:
    """What was seen, as a certificate; whatever happens inside is told and goes no further."""
    began = time.perf_counter()

    def certificate(outcome: Outcome, said: str, *numbers: float | None) -> Certificate:
        seconds, remedy = round(time.perf_counter() - began, 3), check.remedy if outcome == "failed" else ""
        value, tolerance = numbers or (None, None)
        return Certificate(check.name, outcome, said, value, tolerance, seconds, remedy)

    try:
        if clock.left <= 0:
            raise OutOfTime
        seen = check.look(subject, clock.share(SHARE))
        outcome: Outcome = "passed" if seen.passed else "failed"
        return certificate(outcome, seen.said, finite(seen.value), finite(seen.tolerance)), seen.drawn
    except (Beside, LikelyError) as reason:
        return certificate("not applicable", str(reason).partition("\n")[0]), None
    except OutOfTime:
        return certificate("not applicable", "the time was up"), None
    except KeyboardInterrupt:
        clock.stop()
        return certificate("not applicable", "stopped by hand"), None
    except (MemoryError, torch.OutOfMemoryError):
        return certificate("not applicable", "there was too little memory"), None
    except Exception as error:
        return certificate("failed", _words(error)), None


def _words(error: Exception) -> str:
    return f"it ended in {type(error).__name__}: {error}".partition("\n")[0][:200]
