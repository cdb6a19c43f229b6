r"""Ways there and back: rows through the codec, codes of a bijection, and its log|det| by autograd.

    decode(encode(x)) = x                                                                    (1)
    log p(x) = log base(z) + log|det dz/dx|,   z = encode(x)                                 (2)

A model is a bijection where it promises `Density` and `Latent`, its codes have as many numbers as its rows, and a
`Bijection` is one of its parts. The base is the standard normal, or the standard logistic where that fits.
"""

import math
from collections.abc import Callable
from math import prod

import torch
from torch import Tensor

from likely.bijections.bijection import Bijection
from likely.certificates.certificate import Beside, Seen
from likely.certificates.clock import Clock, OutOfTime
from likely.certificates.company import gap
from likely.certificates.subject import Subject
from likely.contracts import Density, Latent, Model
from likely.distributions import log_logistic, log_normal

RETURNED = 1e-5  # of a cell's size: what rows that went to cells and back may be off by
DECODED = 1e-4  # the same of rows that went to codes and back, in the model's own precision
ROWS, NUMBERS = 256, 1024  # rows that are decoded; numbers of a row that a Jacobian may have
JACOBIANS, AT_ONCE = 4, 512  # rows with a Jacobian, at most; rows of Jacobians at a time


def rows_return(subject: Subject, clock: Clock) -> Seen:
    """Rows to cells, to reals where the family wants them, and back to rows that read the same."""
    cells = subject.x.float()
    lifted = subject.lift.down(subject.lift.up(cells, rng=subject.rng)[0])
    back = subject.codec.encode(subject.codec.decode(lifted)).x.float()
    value = max(off(lifted, cells), off(back, cells))
    return Seen(value, RETURNED, f"cells of {len(cells)} rows come back to {value:.1e} of their size")


def off(seen: Tensor, wanted: Tensor) -> float:
    """The largest difference of cells, relative to one plus their size; missing cells are equal to one another."""
    if not torch.equal(torch.isnan(seen), torch.isnan(wanted)):
        return math.inf
    return gap(seen.nan_to_num(0.0), wanted.nan_to_num(0.0))


def check_bijection(model: Model) -> None:
    """By its promises and its parts."""
    if not isinstance(model, Density):
        raise Beside("codes that are not exact: the model has no exact density")
    if not isinstance(model, Latent) or prod(model.codes.shape) != prod(model.space.shape):
        raise Beside("the model has no codes as long as its rows")
    if not any(isinstance(part, Bijection) for part in model.modules()):
        raise Beside("the model is no bijection: none of its parts is one")


def codes_return(subject: Subject, clock: Clock) -> Seen:
    """(1), as exact as the model's own precision lets it be; whether a gap is rounding, float64 tells."""
    check_bijection(subject.model)
    value = _returned(subject, subject.model, clock)
    said = f"decoding gives the row back to {value:.1e} of its size"
    if value > DECODED:
        precise = _returned(subject, subject.precise, clock)
        why = "that is rounding" if precise < DECODED else "decode is not the inverse of encode"
        said += f" (in float64 to {precise:.1e}: {why})"
    return Seen(value, DECODED, said)


def _returned(subject: Subject, model: Model, clock: Clock) -> float:
    parts = clock.slices(min(len(subject.x), ROWS), first=32)
    gaps = [returned(model, *subject.lifted(torch.arange(part.start, part.stop), model)) for part in parts]
    if not gaps:
        raise OutOfTime
    return max(gaps)


def returned(model: Model, u: Tensor, c: Tensor | None) -> float:
    """How far (1) is off."""
    assert isinstance(model, Latent)
    with torch.no_grad():
        return gap(model.decode(model.encode(u, c), c), u)


def log_det(subject: Subject, clock: Clock) -> Seen:
    """(2) on a few rows."""
    model, size = subject.precise, prod(subject.lift.space.shape)
    check_bijection(model)
    if size > NUMBERS:
        raise Beside(f"a Jacobian of {size:,} x {size:,} numbers")
    if subject.rounding > 1e-4:
        raise Beside("the model is too large for a copy in float64")
    rows = max(1, min(JACOBIANS, NUMBERS // size, len(subject.x)))
    value, base = change_of_variables(model, *subject.lifted(torch.arange(rows), model))
    said = f"log p is within {value:.1e} of a {base} base and autograd's log|det|, on {rows} rows"
    return Seen(value, subject.rounding, said)


def change_of_variables(model: Model, u: Tensor, c: Tensor | None) -> tuple[float, str]:
    """How far (2) is off, relative to one plus log p's size, and for which base; by `decode` where `encode` fails."""
    assert isinstance(model, Latent)
    assert isinstance(model, Density)
    with torch.no_grad():
        z, told = model.encode(u, c), model.log_prob(u, c).double()

    def nearest(log_det: Tensor) -> tuple[float, str]:
        bases = ((log_base(z.double()).sum(1) + log_det.to(z.device), name) for name, log_base in BASES.items())
        return min((gap(told, wanted), name) for wanted, name in bases)

    there = nearest(log_abs_det(model.encode, u, c))
    return there if there[0] < SURE else min(there, nearest(-log_abs_det(model.decode, z, c)))


SURE = 1e-6  # a gap that leaves nothing to look for
BASES: dict[str, Callable[[Tensor], Tensor]] = {
    "normal": lambda z: log_normal(z, 0.0, 0.0),
    "logistic": lambda z: log_logistic(z, torch.zeros_like(z), torch.zeros_like(z)),
}


def log_abs_det(f: Callable[[Tensor, Tensor | None], Tensor], x: Tensor, c: Tensor | None = None) -> Tensor:
    """log|det df/dx| at every row of x (B, *shape), by autograd; NaN where no gradient passes."""
    size, parts = prod(x.shape[1:]), []
    for at in torch.arange(len(x) * size, device=x.device).split(AT_ONCE):
        row, cell = at // size, at % size  # one row of one Jacobian each
        many = x[row].detach().clone().requires_grad_()
        with torch.enable_grad():
            told = f(many, None if c is None else c[row]).flatten(1)
        if not told.requires_grad or told.shape[1] != size:
            return torch.full((len(x),), math.nan)
        picked = told[torch.arange(len(at), device=x.device), cell].sum()
        parts.append(torch.autograd.grad(picked, many)[0].flatten(1))
    return torch.linalg.slogdet(torch.cat(parts).view(len(x), size, size).double()).logabsdet.cpu()
