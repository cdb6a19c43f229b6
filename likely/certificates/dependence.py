r"""Which inputs each output truly depends on, by finite changes of cells.

Where a model scores, s(x) being log p or its bound, cell i is changed to another row's, then j, then both:

    D_i  = s(x^i) - s(x)                         how much the model minds cell i                     (1)
    D_ij = s(x^ij) - s(x^i) - s(x^j) + s(x)      how much the log-odds of i's value depend on j's     (2)

D_ij = 0 everywhere is conditional independence given the rest: the pairs that are not 0 are each column's Markov
blanket. Where a model denoises instead,

    D_ij = |clean cell i (x^j + noise) - clean cell i (x + noise)|                                   (3)

Pictures are changed block by block. Changes are made in float64 and with the same noise, so that nothing is 0 by luck.
"""

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.certificates.association import LIKELY, binned, partner, strength
from likely.certificates.certificate import Beside, Dependence, Seen
from likely.certificates.clock import Clock, OutOfTime
from likely.certificates.groups import Groups, groups_of, whole
from likely.certificates.subject import Subject
from likely.contracts import Bound, Denoises, Density, Estimated
from likely.scoring import placed
from likely.spaces import Vector

ROWS, FEWEST = 12, 2  # rows that are changed
BLUR = 0.5  # the noise at which a denoiser is looked at
SAMPLES = 1024  # in which a column that seems left alone is looked for once more
LARGEST = 99.0  # a change from possible to impossible


@final
@dataclass(frozen=True)
class Change:
    """One row, and the same with every group of its cells, and of its condition's, changed to another row's."""

    row: int
    x: tuple[Tensor, Tensor]  # before and after
    c: tuple[Tensor, Tensor] | None
    moved: Tensor  # (T,) which groups differ at all


@final
@dataclass(frozen=True)
class Found:
    """The matrix of (1) and (2), or of (3), over some rows."""

    strength: Tensor  # (G, T) mean size
    seen: Tensor  # (G, T) bool: more than rounding in some row
    known: Tensor  # (T,) bool: the group varies among the rows


def depends(subject: Subject, clock: Clock) -> Seen:
    """The matrix, and how many columns a model that couples others leaves alone though the rows do not."""
    groups, given = groups_of(subject.codec.space, subject.names), _given(subject)
    if len(groups) + len(given) < 2:
        raise Beside("there is only one column")
    found, unit = _found(subject, clock, groups, given)
    told = Dependence(groups.names, given.names, _rounded(found.strength), unit)
    left = _left_alone(subject, found, groups, given, clock)
    pairs, coupled = _pairs(found, len(groups))
    said = f"{coupled:,} of {pairs:,} pairs of {_kind(subject)} depend on one another"
    if not coupled:
        said = f"all {_kind(subject)} are taken to be independent" if pairs else "there is only one column"
    return Seen(float(len(left)), 0.0, "; ".join([said, *left[:3]]), told)


def _kind(subject: Subject) -> str:
    return "columns" if isinstance(subject.codec.space, Vector) else "parts"


def _given(subject: Subject) -> Groups:
    """The condition's columns; anything but columns is one."""
    space = subject.model.condition
    if space is None or subject.c is None:
        return Groups((), torch.zeros(0, 1, dtype=torch.bool))
    return groups_of(space, subject.given) if isinstance(space, Vector) else whole(space, "the condition")


def _found(subject: Subject, clock: Clock, groups: Groups, given: Groups) -> tuple[Found, str]:
    match subject.model:
        case Denoises():
            look, unit = _denoised, "how far a clean cell moves, in standard deviations"
        case Density():
            look, unit = _scored, "nats"
        case Bound() | Estimated():
            look, unit = _scored, "nats of the bound" if isinstance(subject.model, Bound) else "nats of the estimate"
        case _:
            raise Beside("the model neither scores nor denoises: nothing that it does has columns as inputs")
    rows = min(len(subject.x), ROWS)
    changes = [change_of(subject, row * (len(subject.x) // rows), groups, given) for row in range(rows)]
    looked = []
    for change in changes:
        if clock.left > 0:
            looked.append(look(subject, clock, change, groups, given))
    kept = [(change, one) for change, one in zip(changes, looked) if one is not None]
    if len(kept) < min(FEWEST, rows):
        raise OutOfTime
    return _mean(kept), unit


def _mean(kept: list[tuple[Change, tuple[Tensor, float]]]) -> Found:
    sizes = torch.stack([size for _, (size, _) in kept])
    floors = torch.tensor([floor for _, (_, floor) in kept]).view(-1, 1, 1)
    known = torch.stack([change.moved for change, _ in kept]).any(0)
    seen = (sizes.nan_to_num(0.0) > floors).any(0)
    strength = sizes.clamp(max=LARGEST).nanmean(0).nan_to_num(0.0)
    return Found(torch.where(seen, strength, 0.0), seen, known)


def change_of(subject: Subject, row: int, groups: Groups, given: Groups) -> Change:
    """A row with each of its groups as they are in the first of the other rows, in a random order, that differs."""
    order = subject.rng.fork(7 + row).uniform((len(subject.x),), like=torch.empty(0)).argsort()
    after, moved = changed(subject.x.double(), row, order, groups.masks)
    x = subject.x[row].double(), after
    if subject.c is None or not len(given):
        return Change(row, x, None, moved)
    whole = subject.c.double() if subject.c.is_floating_point() else subject.c
    altered, swayed = changed(whole, row, order, given.masks)
    return Change(row, x, (whole[row], altered), torch.cat([moved, swayed]))


def changed(rows: Tensor, row: int, order: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
    """The row with every group of cells exchanged, and which groups differ from what they were."""
    others = rows[order]
    same = (others == rows[row]) | (others.isnan() & rows[row].isnan())
    differs = torch.stack([(~same & mask).flatten(1).any(1) for mask in masks])  # (G, N)
    donors = differs.to(torch.int8).argmax(1)
    after = rows[row].clone()
    for mask, donor in zip(masks, donors.tolist(), strict=True):
        after = torch.where(mask, others[donor], after)
    return after, differs.any(1)


def _scored(
    subject: Subject, clock: Clock, change: Change, groups: Groups, given: Groups
) -> tuple[Tensor, float] | None:
    """|(1)| on the diagonal, |(2)| elsewhere, NaN where nothing can be changed; and what rounding may make."""
    G, T = len(groups), len(groups) + len(given)
    pairs = torch.triu_indices(G, T, 1)
    first = torch.cat([torch.full((1 + T,), -1), pairs[0]])
    second = torch.cat([torch.tensor([-1]), torch.arange(T), pairs[1]])
    parts = []
    for part in clock.slices(len(first), first=16):
        x, c = _altered(change, first[part], second[part], groups, given)
        parts.append(subject.scored(x, c, torch.full((len(x),), change.row)))
    s = torch.cat(parts) if parts else torch.empty(0, dtype=torch.float64)
    if len(s) < len(first):
        return None
    single = s[1 : 1 + T]
    size = torch.zeros(T, T, dtype=torch.float64)
    size[pairs[0], pairs[1]] = (s[1 + T :] - single[pairs[0]] - single[pairs[1]] + s[0]).abs()  # (2)
    size = size + size.T + torch.diag((single - s[0]).abs())  # (1)
    size[~change.moved], size[:, ~change.moved] = math.nan, math.nan
    floor = subject.rounding * (1 + float(s[s.isfinite()].abs().max() if s.isfinite().any() else 0.0))
    return size[:G], floor


def _altered(
    change: Change, first: Tensor, second: Tensor, groups: Groups, given: Groups
) -> tuple[Tensor, Tensor | None]:
    """The row with two groups changed (-1: none), one variant for each pair."""
    G = len(groups)
    masks = torch.cat(
        [groups.masks, torch.zeros_like(groups.masks[:1]).expand(len(given) + 1, *groups.masks.shape[1:])]
    )
    x = torch.where(masks[first] | masks[second], change.x[1], change.x[0])
    if change.c is None:
        return x, None
    none = torch.zeros_like(given.masks[:1])
    masks = torch.cat([none.expand(G, *none.shape[1:]), given.masks, none])
    return x, torch.where(masks[first] | masks[second], change.c[1], change.c[0])


def _denoised(
    subject: Subject, clock: Clock, change: Change, groups: Groups, given: Groups
) -> tuple[Tensor, float] | None:
    """(3) for every input, in one batch."""
    model, T = subject.precise, len(groups) + len(given)
    assert isinstance(model, Denoises)
    x, c = _altered(change, torch.full((1 + T,), -1), torch.arange(-1, T), groups, given)
    rows, c = torch.full((1 + T,), change.row), placed(c, model)
    with torch.no_grad():
        u, _ = subject.lift.up(placed(x, model), rng=subject.rng.fork(1).at(rows))
        u = u + BLUR * subject.rng.fork(8).at(rows).normal(u.shape, like=u)
        sigma = torch.full((len(u),), BLUR, dtype=u.dtype, device=u.device)
        clean = model.denoise(u, sigma, c).double().cpu()
    gaps = (clean[1:] - clean[0]).abs()
    masks = subject.lift.mask(groups.masks.to(u.device)).cpu()
    size = torch.stack([gaps[:, mask].mean(1) if mask.any() else gaps.new_zeros(T) for mask in masks])
    size[:, ~change.moved] = math.nan
    return size, subject.rounding * (1 + float(clean.abs().max()))


def _pairs(found: Found, G: int) -> tuple[int, int]:
    """How many pairs of columns there are that vary, and how many of them depend on one another."""
    both = found.known[:G, None] & found.known[:G] & ~torch.eye(G, dtype=torch.bool)
    tied = (found.seen[:, :G] | found.seen[:, :G].T) & both
    return int(both.sum()) // 2, int(tied.sum()) // 2


def _left_alone(subject: Subject, found: Found, groups: Groups, given: Groups, clock: Clock) -> list[str]:
    """Columns that nothing depends on, in no sample either, though in the rows something does."""
    G, names = len(groups), [*groups.names, *given.names]
    others = found.seen & ~torch.eye(G, found.seen.shape[1], dtype=torch.bool)
    tied = others.any(0)
    tied[:G] |= others.any(1)
    alone = (found.known & ~tied).nonzero()[:, 0].tolist()
    if not others.any() or not alone or subject.seen is None or not isinstance(subject.codec.space, Vector):
        return []
    columns, told = _columns(subject, *subject.seen, groups, given), []
    mates = {place: mate for place in alone if (mate := partner(columns, place, among=range(G)))}
    drawn = _drawn_columns(subject, groups, given, clock) if mates else columns
    for place, mate in mates.items():
        if not strength(binned(drawn[:, place]), binned(drawn[:, mate.column]), LIKELY):
            tie = f"the rows tie it to '{names[mate.column]}' (V = {mate.strength:.2f})"
            told.append(f"'{names[place]}' is left alone, but {tie}")
    return told


def _columns(subject: Subject, x: Tensor, c: Tensor | None, groups: Groups, given: Groups) -> Tensor:
    """The table's columns, and the condition's where it has any: (N, T)."""
    columns = [x[:, mask][:, 0].float() for mask in groups.masks]
    if c is not None and isinstance(subject.model.condition, Vector):
        columns += [c[:, mask][:, 0] for mask in given.masks]
    constant = [torch.zeros(len(x))] * (len(groups) + len(given) - len(columns))
    return torch.stack([*columns, *constant], 1)


def _drawn_columns(subject: Subject, groups: Groups, given: Groups, clock: Clock) -> Tensor:
    """The same of the model's samples, each given the condition of a row."""
    cells = subject.lift.down(subject.drawn(SAMPLES, subject.model, clock, seed=3)).cpu()
    c = None if subject.c is None else subject.c[torch.arange(len(cells)) % len(subject.c)]
    return _columns(subject, cells, c, groups, given)


def _rounded(strength: Tensor) -> tuple[tuple[float, ...], ...]:
    """Four digits are enough."""
    return tuple(tuple(float(f"{value:.4g}") for value in row) for row in strength.tolist())
