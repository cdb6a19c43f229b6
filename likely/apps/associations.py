"""What hangs together with what, of several sets of rows, as tables of strengths that can be laid beside each other.

Of a table's columns, over the rows where both are there:

    number, number       Spearman's rank correlation, from -1 to 1                                   (1)
    category, category   Cramér's V: phi^2 less its mean under independence, over the most it can be (2)
    category, number     epsilon: the share of the ranks' variance between the categories, less what
                         chance has of it; its square root                                           (3)

Of series, the correlation of each channel with itself so many moments later; of texts, how often a letter follows a
letter; of pictures, what every pixel is and goes with; of sounds, how loud each pitch is when.

A bias-correction for Cramér's V and Tschuprow's T (Bergsma, 2013), J. Korean Stat. Soc. 42
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false, reportReturnType=false, reportAttributeAccessIssue=false

from collections import Counter
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from scipy.stats import rankdata

from likely.data import Images, Panel, Rows, Sounds, Table, Texts, spectrogram
from likely.metrics.features import categorical, codes, named, sampled

Array = np.ndarray[Any, Any]
ROWS, LOOKED, SHOWN = 2000, 40, 20  # rows a side; columns whose pairs are looked at, and that are shown
LEVELS = 30  # categories of a column that stand for themselves: the most frequent
CHANNELS, LAGS, LETTERS = 12, 24, 16
BANDS, STRETCHES = 24, 32  # of sounds: pitches and stretches of time
SOUNDS = 100


@dataclass(frozen=True)
class Association:
    """One table of strengths; a picture's are laid out as the picture is, and have no names."""

    what: str  # one sentence
    down: tuple[str, ...]
    across: tuple[str, ...]
    strength: Array  # (down, across), 1 at most; negative where the one falls as the other rises


def associations(real: Rows, *others: Rows) -> tuple[tuple[Association, ...], ...]:
    """The tables of the real rows, then the same tables of each other set."""
    sides = [sampled(rows, ROWS, seed) for seed, rows in enumerate((real, *others))]
    match real:
        case Table():
            return _of_columns(sides)
        case Images():
            return _of_pixels([side for side in sides if isinstance(side, Images)], real.levels)
        case Panel():
            return tuple(_of_moments(side) for side in sides if isinstance(side, Panel))
        case Texts():
            letters = _letters(real)
            return tuple(_of_letters(side, letters) for side in sides if isinstance(side, Texts))
        case Sounds():
            return tuple(_of_pitches(side) for side in sides if isinstance(side, Sounds))
    return tuple(() for _ in sides)


# Tables --------------------------------------------------------------------------------------------------------------


def _of_columns(sides: list[Rows]) -> tuple[tuple[Association, ...], ...]:
    """Pairs of columns; where there are many, of those that hang together most in the real rows."""
    kinds, names = categorical(sides[0])[:LOOKED], named(sides[0])[:LOOKED]
    if len(names) < 2:
        return tuple(() for _ in sides)
    matrices = [matrix[:, : len(names)] for matrix in codes(sides[0], *sides[1:])]
    first = strengths(matrices[0], kinds)
    kept = np.sort(np.argsort(-np.abs(first - np.eye(len(names))).max(1), kind="stable")[:SHOWN])
    found = [first, *(strengths(matrix[:, kept], [kinds[j] for j in kept]) for matrix in matrices[1:])]
    shown = tuple(names[j] for j in kept)
    what = "each column with each other one: rank correlations of numbers, Cramér's V and its like of categories"
    return tuple((Association(what, shown, shown, each),) for each in (first[np.ix_(kept, kept)], *found[1:]))


def strengths(matrix: Array, kinds: list[bool]) -> Array:
    """(D, D), 1 on the diagonal: how each pair of columns (N, D) hangs together; `kinds` says which are choices."""
    found = np.eye(len(kinds))
    for i, j in combinations(range(len(kinds)), 2):
        both = matrix[np.isfinite(matrix[:, [i, j]]).all(1)]
        found[i, j] = found[j, i] = _strength(both[:, i], both[:, j], kinds[i], kinds[j]) if len(both) > 2 else 0.0
    return found


def _strength(a: Array, b: Array, a_chosen: bool, b_chosen: bool) -> float:
    if a_chosen and b_chosen:
        return _cramer(_level(a), _level(b))
    if a_chosen or b_chosen:
        return _between(_level(a), rankdata(b)) if a_chosen else _between(_level(b), rankdata(a))
    x, y = rankdata(a), rankdata(b)
    spread = x.std() * y.std()
    return float(((x - x.mean()) * (y - y.mean())).mean() / spread) if spread > 0 else 0.0  # (1)


def _level(column: Array) -> Array:
    """The most frequent levels as whole numbers from 0; all others are one more."""
    present, place, counts = np.unique(column, return_inverse=True, return_counts=True)
    rank = np.empty(len(present), np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(present))
    return np.minimum(rank[place], LEVELS)


def _cramer(a: Array, b: Array) -> float:
    rows, (r, k) = len(a), (int(a.max()) + 1, int(b.max()) + 1)
    seen = np.bincount(a * k + b, minlength=r * k).reshape(r, k)
    alone = np.outer(seen.sum(1), seen.sum(0)) / rows
    phi = float(((seen - alone) ** 2 / np.maximum(alone, 1e-12)).sum() / rows)
    left, right = r - (r - 1) ** 2 / (rows - 1), k - (k - 1) ** 2 / (rows - 1)
    most = min(left, right) - 1
    return min(max(phi - (r - 1) * (k - 1) / (rows - 1), 0.0) / most, 1.0) ** 0.5 if most > 0 else 0.0  # (2)


def _between(level: Array, ranks: Array) -> float:
    counts, sums = np.bincount(level), np.bincount(level, ranks)
    groups, whole = int((counts > 0).sum()), float(((ranks - ranks.mean()) ** 2).sum())
    if whole == 0 or len(ranks) <= groups:
        return 0.0
    within = whole - float((counts * (sums / np.maximum(counts, 1) - ranks.mean()) ** 2).sum())
    return max(1 - within / whole * (len(ranks) - 1) / (len(ranks) - groups), 0.0) ** 0.5  # (3)


# Pieces --------------------------------------------------------------------------------------------------------------


def _of_pixels(sides: list[Images], levels: int) -> tuple[tuple[Association, ...], ...]:
    """Mean and spread of each pixel, and how it goes with the one that varies most in the real pictures."""
    shades = [side.pixels.astype(np.float32).mean(3) / (levels - 1) for side in sides]  # channels taken together
    middle = int(shades[0].std(0).argmax())
    return tuple(
        (
            Association("mean of every pixel", (), (), shade.mean(0)),
            Association("twice its spread", (), (), 2 * shade.std(0)),
            Association("its correlation with the pixel that varies most", (), (), _beside(shade, middle)),
        )
        for shade in shades
    )


def _beside(shades: Array, middle: int) -> Array:
    """The correlation of every pixel of (N, H, W) with one of them; 0 where a pixel is always the same."""
    apart = shades.reshape(len(shades), -1) - shades.reshape(len(shades), -1).mean(0)
    spread = apart.std(0)
    whole = (apart * apart[:, [middle]]).mean(0) / np.maximum(spread * spread[middle], 1e-9)
    return np.where(spread > 0, whole, 0.0).reshape(shades.shape[1:])


def _of_moments(panel: Panel) -> tuple[Association, ...]:
    names = panel.channels[:CHANNELS]
    lags = range(1, 1 + min(LAGS, max(panel.values.shape[1] - 1, 0)))
    found = np.array([[_later(panel.values[:, :, d], lag) for lag in lags] for d in range(len(names))])
    what = "each channel with itself so many moments later: their correlation"
    return (Association(what, names, tuple(map(str, lags)), found),) if lags else ()


def _later(values: Array, lag: int) -> float:
    """The correlation of a channel (N, T) with itself `lag` moments later."""
    a, b = values[:, :-lag].ravel(), values[:, lag:].ravel()
    both = np.isfinite(a) & np.isfinite(b)
    a, b = a[both], b[both]
    spread = a.std() * b.std() if len(a) > 1 else 0.0
    return float(((a - a.mean()) * (b - b.mean())).mean() / spread) if spread > 0 else 0.0


def _letters(texts: Texts) -> str:
    counts = Counter("".join(texts.texts[at] for at in range(min(len(texts), ROWS))))
    return "".join(letter for letter, _ in counts.most_common(LETTERS))


def _of_letters(texts: Texts, letters: str) -> tuple[Association, ...]:
    """How often each letter follows each."""
    place = {letter: at for at, letter in enumerate(letters)}
    found = np.zeros((len(letters), len(letters)))
    for at in range(len(texts)):
        seen = np.array([place.get(letter, -1) for letter in texts.texts[at]], np.int64)
        follows = np.stack([seen[:-1], seen[1:]])[:, (seen[:-1] >= 0) & (seen[1:] >= 0)]
        np.add.at(found, tuple(follows), 1)
    shares = found / np.maximum(found.sum(1, keepdims=True), 1)
    names = tuple("␣" if letter == " " else letter if letter.isprintable() else "·" for letter in letters)
    return (Association("how often a letter (down) is followed by a letter (across)", names, names, shares),)


def _of_pitches(sounds: Sounds) -> tuple[Association, ...]:
    """The mean spectrogram, the loudest place 1: low pitches below."""
    shown = [spectrogram(each.astype(np.float64)) for each in sounds.samples[:SOUNDS] if len(each)]
    if not shown:
        return ()
    whole = np.mean([_resized(_resized(each, STRETCHES).T, BANDS)[::-1] for each in shown], 0)
    loud = np.clip((whole - whole.max() + 60.0) / 60.0, 0, 1)
    return (Association("how loud each pitch is when: high pitches above, time to the right", (), (), loud),)


def _resized(levels: Array, rows: int) -> Array:
    """So many rows of (N, M), each the mean of those that fall in it."""
    edges = np.linspace(0, len(levels), rows + 1)
    return np.stack([
        levels[int(low) : max(int(np.ceil(high)), int(low) + 1)].mean(0) for low, high in pairwise(edges)
    ])  # fmt: skip
