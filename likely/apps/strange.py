r"""What a row's strangeness is: its likelihood alone, or one of four corrections of it.

    likelihood   s(x) = -log p(x), or the misfit of a row with its code                                              (1)
    typicality   |s(x) - mean of s over rows as they should be|                                                      (2)
    complexity   s(x) - L(x),   L(x) nats that a lossless coder spends on x, which knows no data                     (3)
    ratio        s(x) - s_b(x),   b fitted on the same rows with noise in them                                       (4)
    surprise     |z(x) - mean of z over rows as they should be|,   z of `likely.raster.pixels`                       (5)

A density of pictures may give simple pictures of another kind more mass than its own (the likelihood paradox). Rows
that are too likely are as strange to (2) as those that are too unlikely; (3) and (4) take off what any picture of that
simplicity costs, told by a coder or by a model that has seen the background and no meaning; (5) takes off what the
model itself expects of each pixel, given those before it.

Nalisnick et al. (2019), arXiv:1906.02994; Serrà et al. (2020), arXiv:1909.11480; Ren et al. (2019), arXiv:1906.02845;
Wang et al. (2020), arXiv:2010.13064
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import torch

from likely import frames
from likely.apps.coder import nats_of
from likely.codecs import Cells
from likely.data import Images
from likely.errors import CannotAnswer
from likely.fitted import Fitted
from likely.raster import Raster
from likely.raster.pixels import PixelTerms, pixel_terms
from likely.rng import Keyed
from likely.scoring import SCORED, STRANGE, batches, content_keys, placed, strangeness
from likely.source import families_that

Array = np.ndarray[Any, Any]


class Strangeness(ABC):
    """What is counted as strange."""

    kept: ClassVar[bool] = False  # True: a card keeps these scores of the rows that the fit held out

    @abstractmethod
    def scores(self, fitted: Fitted[Any], data: Any) -> Array:
        """One a row; what is common has values that many rows have."""

    @abstractmethod
    def judged(self, scores: Array, held: Array) -> tuple[Array, Array]:
        """How strange each row is and its p-value, beside the ascending scores of rows as they should be."""

    @abstractmethod
    def said(self, fitted: Fitted[Any]) -> str:
        """What the score is, in words."""


@final
@dataclass(frozen=True)
class Likelihood(Strangeness):
    """(1)"""

    kept: ClassVar[bool] = True

    def scores(self, fitted: Fitted[Any], data: Any) -> Array:
        return scores_of(fitted, data)

    def judged(self, scores: Array, held: Array) -> tuple[Array, Array]:
        return scores, p_values(scores, held)

    def said(self, fitted: Fitted[Any]) -> str:
        return kind_of(fitted)


@final
@dataclass(frozen=True)
class Typicality(Strangeness):
    """(2); the p-value is twice the smaller of both sides'."""

    kept: ClassVar[bool] = True

    def scores(self, fitted: Fitted[Any], data: Any) -> Array:
        return scores_of(fitted, data)

    def judged(self, scores: Array, held: Array) -> tuple[Array, Array]:
        return two_sided(scores, held)

    def said(self, fitted: Fitted[Any]) -> str:
        return f"distance of the {kind_of(fitted)} from its usual value"


@final
@dataclass(frozen=True)
class Complexity(Strangeness):
    """(3)"""

    def scores(self, fitted: Fitted[Any], data: Any) -> Array:
        images = frames.read_like(data, fitted.codec, fitted.condition_codec, fitted.card.order)
        if not isinstance(images, Images):
            raise CannotAnswer(f"{images.word} have no complexity to take off", expected="a model of pictures",
                               remedy="Likelihood(), Typicality() or Ratio() (--by likelihood)")  # fmt: skip
        return scores_of(fitted, images) - nats_of(images.pixels, images.levels)  # (3)

    def judged(self, scores: Array, held: Array) -> tuple[Array, Array]:
        return scores, p_values(scores, held)

    def said(self, fitted: Fitted[Any]) -> str:
        return f"{kind_of(fitted)}, less the nats of a lossless coder"


@final
@dataclass(frozen=True)
class Ratio(Strangeness):
    """(4)"""

    background: Fitted[Any]  # fitted on the same rows with noise in them (`likely.apps.background`)

    def scores(self, fitted: Fitted[Any], data: Any) -> Array:
        return scores_of(fitted, data) - scores_of(self.background, data)  # (4)

    def judged(self, scores: Array, held: Array) -> tuple[Array, Array]:
        return scores, p_values(scores, held)

    def said(self, fitted: Fitted[Any]) -> str:
        return f"{kind_of(fitted)}, less that of a model of noised rows"


@final
@dataclass(frozen=True)
class Surprise(Strangeness):
    """(5); pictures may hold more surprise than they announce, or less."""

    def scores(self, fitted: Fitted[Any], data: Any) -> Array:
        return np.concatenate([each.surprise.cpu().numpy() for each in terms_of(fitted, data)])

    def judged(self, scores: Array, held: Array) -> tuple[Array, Array]:
        return two_sided(scores, held)

    def said(self, fitted: Fitted[Any]) -> str:
        return "distance of the surprise beyond what the model expects from its usual value"


def terms_of(fitted: Fitted[Any], data: Any) -> Iterator[PixelTerms]:
    """What each pixel adds to the log-likelihood of pictures, a few pictures at a time."""
    model = fitted.model
    if not isinstance(model, Raster) or model.reading.canvas.columns:
        raise CannotAnswer(f"this {fitted.name} does not tell pixel after pixel what it expects",
                           expected="a model that draws pictures pixel by pixel: PixelCNN, PixelRNN",
                           remedy="Complexity() or Ratio() (--by complexity)")  # fmt: skip
    x, _, c = fitted.cells(data)
    for part, given in batches(x, c, size=model.together):
        rng = Keyed(fitted.card.seed, rows=content_keys(part))
        yield pixel_terms(model, placed(part, model), placed(given, model), rng=rng)


def scores_of(fitted: Fitted[Any], data: Any) -> Array:
    """(1) of each row, in the data's own units."""
    if not isinstance(fitted.model, STRANGE):
        able = families_that("Density", "Weighted", "Bound", "Estimated", "Reconstructs")
        raise CannotAnswer(f"{fitted.name} cannot say how strange a row is. Families that can: {', '.join(able)}.")
    x, ladj, c = fitted.cells(data)
    told = strangeness(fitted.model, fitted.lift, Cells(x, ladj), c, seed=fitted.card.seed)
    return torch.nan_to_num(told, torch.inf).numpy()


def kind_of(fitted: Fitted[Any]) -> str:
    """What (1) is of this model, in words."""
    return "minus log-likelihood" if isinstance(fitted.model, SCORED) else "misfit with the row's code"


def two_sided(scores: Array, held: Array) -> tuple[Array, Array]:
    """How far scores are from their usual value, and p-values of both sides: twice the smaller."""
    sides = p_values(scores, held), p_values(-scores, -held[::-1])
    return np.abs(scores - held[np.isfinite(held)].mean()), np.minimum(1.0, 2 * np.minimum(*sides))


def p_values(score: Array, held: Array) -> Array:
    """(1 + #{held-out rows with s >= s(x)}) / (n + 1), where `held` is ascending."""
    at_least = len(held) - np.searchsorted(held, score, side="left")
    return (1 + at_least) / (len(held) + 1)
