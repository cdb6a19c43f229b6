r"""Whether a density adds up to one, where the model's own samples fall. With a law q that is known to add up to one,

    sum over all values of p(x) = 1                                    where they can be listed       (1)
    E_{x~p} q / (p + q) = E_{y~q} p / (p + q)                          anywhere                        (2)

Both sides of (2) are the integral of pq / (p + q); a density that adds up to m makes the right side m times the left.
Every term is between 0 and 1, so that no rare sample decides, as one does in E_p q / p = 1; with a uniform q it is the
mass of a box against the samples in it, each point weighed. Simulating ratios of normalizing constants via a simple
identity (Meng & Wong, 1996)
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from likely.certificates.certificate import Beside, Seen
from likely.certificates.clock import Clock, OutOfTime
from likely.certificates.reference import Box, Bumps, Reference, reals_only
from likely.certificates.subject import Subject
from likely.contracts import Density, Space
from likely.rng import Rng
from likely.scoring import placed
from likely.spaces import Category, Image, Series, Vector, Wave

PILOT, DRAWS, FEWEST = 128, 2048, 64  # samples, at first and then; fewer than the last say nothing
LISTED = 4096  # values of a space that are summed
CELLS = 128  # numbers of a row, for any simple law to overlap with a model
BOXED = 3  # columns of reals, for a box to hold some of the samples
DEVIATIONS, SLACK = 6.0, 0.005  # of the gap in (2): standard errors, and a share of either side
BLIND, HOPELESS = 0.7, 8.0  # a tolerance beyond which a pass says nothing; and many samples would say no more


def adds_up(subject: Subject, clock: Clock) -> Seen:
    """(1) where it can be; else (2) by bumps around some of the samples, and for a few reals by a box as well."""
    space = subject.lift.space
    if (cells := listed(space)) is not None:
        return _of_all(subject, clock, cells)
    if not isinstance(space, Vector | Image | Series | Wave) or math.prod(space.shape) > CELLS:
        raise Beside(f"no simple law overlaps with one of {math.prod(space.shape):,} numbers")
    laws: list[Callable[[Tensor], Reference]] = [lambda draws: Bumps(space, draws)]
    if isinstance(space, Vector) and reals_only(space.columns, BOXED):
        laws.append(Box)
    seen = max((_bridged(subject, clock, law) for law in laws), key=lambda seen: seen.value / seen.tolerance)
    if seen.passed and seen.tolerance > BLIND:
        raise Beside("the samples are too scattered for a simple law to overlap with them")
    return seen


def _of_all(subject: Subject, clock: Clock, cells: Tensor) -> Seen:
    """(1)"""
    scores = [_scores(subject, cells[part]) for part in clock.slices(len(cells))]
    if sum(map(len, scores)) < len(cells):
        raise OutOfTime
    return total(torch.cat(scores))


def total(log_masses: Tensor) -> Seen:
    """How far masses of all values are from adding up to one."""
    found = float(log_masses.double().exp().sum())
    return Seen(abs(found - 1), 1e-5, f"the masses of all {len(log_masses):,} values add up to {found:.6f}")


def listed(space: Space) -> Tensor | None:
    """Every value of a space of a few choices."""
    columns = space.columns if isinstance(space, Vector) else ()
    sizes = [column.k + column.missing for column in columns if isinstance(column, Category)]
    if not sizes or len(sizes) < len(columns) or math.prod(sizes) > LISTED:
        return None
    grid = torch.cartesian_prod(*[torch.arange(size).double() for size in sizes]).reshape(-1, len(sizes))
    top = torch.tensor([column.k for column in columns if isinstance(column, Category)])
    return torch.where(grid == top, math.nan, grid)


def _scores(subject: Subject, x: Tensor) -> Tensor:
    """log p of rows as the model sees them, all given the first row's condition."""
    model, c = subject.precise, _given(subject)
    assert isinstance(model, Density)
    with torch.no_grad():
        given = None if c is None else c.expand(len(x), *c.shape[1:])
        return model.log_prob(placed(x, model), given).double().cpu()


def _given(subject: Subject) -> Tensor | None:
    return subject.conditions(torch.zeros(1, dtype=torch.int64), subject.precise)


def _bridged(subject: Subject, clock: Clock, law: Callable[[Tensor], Reference]) -> Seen:
    """(2) by few samples, and by many where those show that the two laws overlap at all."""
    pilot = _once(subject, clock, law, PILOT)
    if pilot.passed and pilot.tolerance > HOPELESS:
        return pilot
    return _once(subject, clock, law, DRAWS)


def _once(subject: Subject, clock: Clock, law: Callable[[Tensor], Reference], draws: int) -> Seen:
    rows = subject.drawn(draws, subject.precise, clock.share(0.5), seed=2, c=_given(subject)).cpu().double()
    if len(rows) < FEWEST:
        raise OutOfTime
    shape, rest = law(rows[::2]), rows[1::2]  # the law is made of half of the samples and judged on the others
    points, ours, theirs = shape.draw(len(rest), rng=subject.rng.fork(6)), [], []
    for part in clock.slices(len(rest)):
        ours.append(_scores(subject, rest[part]))
        theirs.append(_scores(subject, points[part]))
    few = sum(map(len, ours))
    if few < FEWEST // 2:
        raise OutOfTime
    return bridge(torch.cat(ours), shape.log_prob(rest[:few]), torch.cat(theirs), shape.log_prob(points[:few]))


def bridge(p_here: Tensor, q_here: Tensor, p_there: Tensor, q_there: Tensor) -> Seen:
    """(2) from log p and log q at p's samples (here) and at q's (there)."""
    left, right = _odds(q_here, p_here), _odds(p_there, q_there)
    if torch.isnan(left).any() or torch.isnan(right).any():
        return Seen(math.nan, 0.0, "log p is not a number at some rows")
    error = (left.var() / len(left) + right.var() / len(right) + (1 / len(left)) ** 2).sqrt()
    size = (left.mean() + right.mean()) / 2 + 1e-12
    tolerance = float(DEVIATIONS * error / size) + SLACK
    mass, spread = float(right.mean() / (left.mean() + 1e-12)), float(error / size)
    value = float((right.mean() - left.mean()).abs() / size)
    return Seen(value, tolerance, f"the mass is {mass:.3g} ± {spread:.2g} by {len(left):,} samples")


def _odds(a: Tensor, b: Tensor) -> Tensor:
    """e^a / (e^a + e^b)"""
    return torch.where(a == -math.inf, 0.0, torch.sigmoid(a - b))


def judged(log_prob: Callable[[Tensor], Tensor], draws: Tensor, law: Reference, *, rng: Rng) -> Seen:
    """(2) for any density, its samples and a law."""
    points = law.draw(len(draws), rng=rng)
    return bridge(log_prob(draws), law.log_prob(draws.double()), log_prob(points.to(draws)), law.log_prob(points))
