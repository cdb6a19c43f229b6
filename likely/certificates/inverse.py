r"""Ways there and back: rows through the codec, codes of a bijection, and its log|det| by autograd.

    decode(encode(x)) = x                                                                    (1)
    log p(x) = log base(z) + log|det dz/dx|,   z = encode(x)                                 (2)

A model is a bijection where it promises `Density` and `Latent`, its codes have as many numbers as its rows, and a
`Bijection` is one of its parts. The base is the standard normal, or the standard logistic where that fits.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from likely.bijections.bijection import Bijection
from likely.certificates.certificate import Beside, Seen
from likely.certificates.clock import Clock, OutOfTime
from likely.certificates.company import gap
from likely.certificates.subject import Subject, numbers
from likely.contracts import Density, Latent, Model
from likely.distributions import log_logistic, log_normal

RETURNED = 1e-5  # of a cell's size: what rows that went to cells and back may be off by
DECODED = 1e-4  # the same of rows that went to codes and back, in the model's own precision
ROWS, NUMBERS, AT_ONCE = 256, 1024, 64  # rows that are decoded; numbers of a Jacobian; of them at a time


def rows_return(subject: Subject, clock: Clock) -> Seen:
    """Rows to cells, to reals where the family wants them, and back to rows that read the same."""
    cells = subject.x.float()
    lifted = subject.lift.down(subject.lift.up(cells, rng=subject.rng)[0])
    back = subject.codec.encode(subject.codec.decode(lifted)).x.float()
    value = max(off(lifted, cells), off(back, cells))
    return Seen(value, RETURNED, f"cells of {len(cells)} rows come back to {value:.1e} of their size")


def codes_return(subject: Subject, clock: Clock) -> Seen:
    """(1), as exact as the model's own precision lets it be; whether a gap is rounding, float64 tells."""
    _check_bijection(subject.model)
    value = _returned(subject, subject.model, clock)
    said = f"decoding gives the row back to {value:.1e} of its size"
    if value > DECODED:
        precise = _returned(subject, subject.precise, clock)
        why = "that is rounding" if precise < DECODED else "decode is not the inverse of encode"
        said += f" (in float64 to {precise:.1e}: {why})"
    return Seen(value, DECODED, said)


def _returned(subject: Subject, model: Model, clock: Clock) -> float:
    assert isinstance(model, Latent)
    gaps = []
    for part in clock.slices(min(len(subject.x), ROWS)):
        u, c = subject.lifted(torch.arange(part.start, part.stop), model)
        with torch.no_grad():
            gaps.append(gap(model.decode(model.encode(u, c), c), u))
    if not gaps:
        raise OutOfTime
    return max(gaps)


def off(seen: Tensor, wanted: Tensor) -> float:
    """The largest difference of cells, relative to one plus their size; missing cells are equal to one another."""
    if not torch.equal(torch.isnan(seen), torch.isnan(wanted)):
        return math.inf
    return gap(seen.nan_to_num(0.0), wanted.nan_to_num(0.0))


def log_det(subject: Subject, clock: Clock) -> Seen:
    """(2) on a few rows; where `encode` is no path for gradients, by `decode` at the code."""
    _check_bijection(subject.precise)
    size = numbers(subject.lift.space.shape)
    if size > NUMBERS:
        raise Beside(f"a Jacobian of {size:,} x {size:,} numbers")
    if subject.rounding > 1e-4:
        raise Beside("the model is too large for a copy in float64")
    gaps = []
    for row in range(max(1, min(8, NUMBERS // size, len(subject.x)))):
        if clock.left > 0:
            gaps.append(_off_by(subject, row))
    if not gaps:
        raise OutOfTime
    value, base = max(gaps)
    said = f"log p is within {value:.1e} of a {base} base and autograd's log|det|, on {len(gaps)} rows"
    return Seen(value, subject.rounding, said)


def _off_by(subject: Subject, row: int) -> tuple[float, str]:
    """The gap in (2) relative to one plus log p's size, for the better way and base."""
    model = subject.precise
    assert isinstance(model, Latent)
    assert isinstance(model, Density)
    u, c = subject.lifted(torch.tensor([row]), model)
    with torch.no_grad():
        z, told = model.encode(u, c), model.log_prob(u, c).double()
    ways = [log_abs_det(lambda many: model.encode(many, _like(c, many)), u)]
    ways.append(-log_abs_det(lambda many: model.decode(many, _like(c, many)), z))
    found = []
    for name, log_base in BASES.items():
        base = log_base(z.double()).sum()
        found += [(gap(told, base + way.reshape(1)), name) for way in ways]
    return min(found)


BASES: dict[str, Callable[[Tensor], Tensor]] = {
    "normal": lambda z: log_normal(z, 0.0, 0.0),
    "logistic": lambda z: log_logistic(z, torch.zeros_like(z), torch.zeros_like(z)),
}


def _like(c: Tensor | None, many: Tensor) -> Tensor | None:
    return None if c is None else c.expand(len(many), *c.shape[1:])


def log_abs_det(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """log|det df/dx| at one row (1, *shape), by autograd; NaN where no gradient passes."""
    size = x.numel()
    rows = []
    for at in torch.arange(size, device=x.device).split(AT_ONCE):
        many = x.expand(len(at), *x.shape[1:]).clone().requires_grad_()
        with torch.enable_grad():
            told = f(many).flatten(1)
        if not told.requires_grad or told.shape[1] != size:
            return torch.tensor(math.nan)
        picked = told[torch.arange(len(at), device=x.device), at].sum()
        rows.append(torch.autograd.grad(picked, many)[0].flatten(1))
    return torch.linalg.slogdet(torch.cat(rows).double()).logabsdet.cpu()


def _check_bijection(model: Model) -> None:
    """By its promises and its parts."""
    if not isinstance(model, Density):
        raise Beside("codes that are not exact: the model has no exact density")
    if not isinstance(model, Latent) or numbers(model.codes.shape) != numbers(model.space.shape):
        raise Beside("the model has no codes as long as its rows")
    if not any(isinstance(part, Bijection) for part in model.modules()):
        raise Beside("the model is no bijection: none of its parts is one")
