"""The rows that stand beside every comparison: what perfect samples get, and what should be beaten without effort."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from likely.apps.allowance import Overrun, cut_off
from likely.apps.arena import Arena
from likely.apps.contender import Contender
from likely.apps.judging import DRAWN, scored
from likely.apps.measure import FLOOR, INDEPENDENT, independent, measures
from likely.apps.smote import between
from likely.data import Rows, Table
from likely.distributions.covariance import Diagonal
from likely.errors import LikelyError
from likely.families.gaussian_mixture import GaussianMixture
from likely.families.naive_bayes import NaiveBayes
from likely.fitted import Fitted

AGAIN, SMOTE, MIXTURE = "training rows again", "SMOTE", "simple mixture"
ORDER = (FLOOR, INDEPENDENT, AGAIN, SMOTE, MIXTURE)
SIMPLE = (GaussianMixture(components=16, covariance=Diagonal()), GaussianMixture())  # the quicker one first


def references_of(arena: Arena, seconds: float) -> tuple[tuple[Contender, ...], float]:
    """All that there are for these rows, the mixture in so many seconds; and how long measuring rows takes."""
    made: list[Callable[[Arena], Contender]] = [floor, rows_again, columns_alone]
    if isinstance(arena.parts.train, Table):
        made.append(smote)
    timed, mixed = [_timed(make, arena) for make in made], mixture(arena, seconds)
    found = [row for row, _ in timed] + ([] if mixed is None else [mixed])
    return tuple(sorted(found, key=lambda row: ORDER.index(row.name))), min(took for _, took in timed)


def _timed(make: Callable[[Arena], Contender], arena: Arena) -> tuple[Contender, float]:
    began = time.perf_counter()
    return make(arena), time.perf_counter() - began


def floor(arena: Arena) -> Contender:
    """Other real rows: what a perfect model gets."""
    return _of_rows(FLOOR, arena.parts.validation, arena, "rows, not a model")


def columns_alone(arena: Arena) -> Contender:
    """Independent columns, whose score any model should beat."""
    parts = arena.parts
    mixed = independent(parts.train, seed=arena.seed).take(range(min(len(parts.train), DRAWN)))
    if arena.condition:
        return _of_rows(INDEPENDENT, mixed, arena, "columns drawn alone are not drawn given the condition")
    alone = arena.learned(NaiveBayes(), None)
    row = _of_rows(INDEPENDENT, mixed, arena, "")
    return replace(row, family=alone.card.family, scores=alone.score(parts.test, seed=arena.seed), fitted=alone)


def rows_again(arena: Arena) -> Contender:
    """The rows learned from, drawn again: what a model that only remembers gets."""
    train = arena.parts.train
    places = np.random.default_rng(arena.seed).integers(len(train), size=min(2 * len(arena.parts.test), DRAWN))
    return _of_rows(AGAIN, train.take(places), arena, "rows learned from, not a model")


def smote(arena: Arena) -> Contender:
    """Rows between rows learned from."""
    train = arena.parts.train
    assert isinstance(train, Table)
    drawn = between(train, min(2 * len(arena.parts.test), DRAWN), seed=arena.seed)
    return _of_rows(SMOTE, drawn, arena, "rows between rows, not a model")


def mixture(arena: Arena, seconds: float) -> Contender | None:
    """The best of a few mixtures of Gaussians by validation rows; none where none was ready in time."""
    try:
        with cut_off(seconds):
            able = [_mixed(family, arena) for family in SIMPLE]
            fitted = max((pair for pair in able if pair is not None), key=lambda pair: pair[0], default=(0.0, None))[1]
            return None if fitted is None else _drawn(fitted, arena)
    except (Overrun, LikelyError):
        return None


def _mixed(family: GaussianMixture, arena: Arena) -> tuple[float, Fitted[Any]] | None:
    """A mixture, and its mean score on validation rows."""
    try:
        fitted = arena.learned(family, None)
        return fitted.score(arena.held, seed=arena.seed).mean, fitted
    except LikelyError:
        return None


def _drawn(fitted: Fitted[Any], arena: Arena) -> Contender:
    parts = arena.parts
    scores, why = scored(fitted, parts.test, arena.seed)
    drawn = fitted.sample_rows(min(2 * len(parts.test), DRAWN), seed=arena.seed + 1)
    return replace(_of_rows(MIXTURE, drawn, arena, why), family=fitted.card.family, scores=scores, fitted=fitted)


def _of_rows(name: str, rows: Rows, arena: Arena, why: str) -> Contender:
    """Rows beside the test rows."""
    found = measures(arena.parts.test, rows, arena.parts.train, seed=arena.seed)
    return Contender(name, why_no_score=why, measures=found, samples=rows)
