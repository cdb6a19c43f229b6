"""Exact completion: the probability of no evidence is one, and that of a whole row its density."""

import torch
from torch import Tensor

from likely.certificates.certificate import Seen
from likely.certificates.clock import Clock
from likely.certificates.company import gap
from likely.certificates.subject import Subject
from likely.contracts import Completes, Density, Evidence, Model

ROWS = 24


def adds_up(subject: Subject, clock: Clock) -> Seen:
    """log p(nothing) = 0 and log p(everything) = log p(x), in any dimension."""
    model = subject.precise
    return of_nothing_and_everything(
        model, *subject.lifted(torch.arange(min(len(subject.x), ROWS)), model), tolerance=subject.rounding
    )


def of_nothing_and_everything(model: Model, u: Tensor, c: Tensor | None, *, tolerance: float) -> Seen:
    """How far they are off, relative to one plus their size."""
    assert isinstance(model, Completes)
    known = torch.ones_like(u, dtype=torch.bool)
    with torch.no_grad():
        nothing, whole = (model.log_evidence(u, Evidence(asked), c).double() for asked in (~known, known))
        wanted = model.log_prob(u, c).double() if isinstance(model, Density) else whole
    empty, full = gap(nothing, torch.zeros_like(nothing)), gap(whole, wanted)
    said = f"log p is {empty:.1e} of no evidence, and {full:.1e} off its density of whole rows"
    return Seen(max(empty, full), tolerance, said)
