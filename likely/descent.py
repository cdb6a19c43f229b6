"""How a sample comes down from noise, where that is said anew: in how many calls, by which sampler, led by what.

A guide is another fitted model that tells a condition from noised rows (`Guides`): it leads a model that was given
nothing, or given something else. What is given under the names of its condition is its own. So does a CLIP that others
trained (`hub.pretrained`), which judges the clean pictures that the model expects.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, final

import pandas as pd
from torch import Tensor

from likely import frames
from likely.codecs import TableCodec
from likely.contracts import Model, Sharpness
from likely.data import Rows, Table
from likely.diffusion import (
    Autoguided,
    Denoiser,
    Descends,
    Embedded,
    Guide,
    Guided,
    Sampler,
    Schedule,
    Walks,
    Way,
    check_within,
)
from likely.diffusion.guiding import Guiding
from likely.diffusion.revealing import Reveals
from likely.errors import CannotAnswer, ConditionError, FieldError, WrongRows
from likely.hub import Pretrained
from likely.promises import promised
from likely.rng import Keyed
from likely.scoring import placed
from likely.source import families_that
from likely.suggestion import shown

AWAY = 2.0  # the usual scale of guidance by a weaker denoiser: at 1 it changes nothing


@final
@dataclass(frozen=True)
class Descent:
    """What of a model's own way is another; what is none stays."""

    steps: int | None = None  # network calls: more is slower and closer to the model
    sampler: Sampler | None = None  # how each leg is gone
    levels: Schedule | None = None  # the levels visited, within those learned
    guidance: float | None = None  # the scale of classifier-free guidance by the model's own condition
    interval: tuple[float, float] | None = None  # levels between which it guides
    rescale: float = 0.0  # how far each row's spread is drawn back to what it is without
    guide: Any = None  # a NoisyClassifier, a CLIP or `hub.pretrained`, by what is given of theirs; a weaker denoiser
    strength: float | None = None  # the scale of its guidance; none: 1, or 2 away from a weaker denoiser

    def __post_init__(self) -> None:
        if self.steps is not None and self.steps < 1:
            raise FieldError(f"a sample was asked for in {self.steps} network calls", expected="at least 1")
        if self.guidance is None and (self.interval is not None or self.rescale):
            raise FieldError(
                "an interval and a rescaling are of guidance, which has no scale", remedy="guidance=2, say"
            )
        if self.guide is None and self.strength is not None:
            raise FieldError("a guide's strength was said, and no guide", remedy="guide=another fitted model")

    def way(self, own: Way) -> Way:
        """A model's way with what is another here; that of a guide comes with the rows."""
        guide, (low, high) = own.guide, self.interval or (0.0, float("inf"))
        if self.guidance is not None:
            guide = partial(Guided, scale=self.guidance, low=low, high=high, rescale=self.rescale)
        return Way(self.levels or own.schedule, self.sampler or own.sampler, self.steps or own.steps, guide)


@final
@dataclass(frozen=True)
class Lead:
    """A way, and what the guide was given of each row."""

    way: Way
    guide: Any = None  # Fitted, or Pretrained
    told: Tensor | None = None
    about: Table | None = None  # what it was given, as it was said
    strength: float = 1.0

    def drawn(self, model: Model, n: int, c: Tensor | None, start: int, sharpness: Sharpness, rng: Keyed) -> Tensor:
        """Rows start .. start + n - 1, each given its own row of c and led by its own row of `told`."""
        assert isinstance(model, Walks)
        if self.guide is None or self.told is None:
            return model.walk(n, c, way=self.way, rng=rng).x
        y = placed(self.told[start : start + n], model)
        return model.walk(n, y, way=replace(self.way, guide=partial(self._led, model, c)), rng=rng).x

    def _led(self, model: Model, c: Tensor | None, denoiser: Denoiser) -> Denoiser:
        """The model's own guidance inside, with its own condition; the guide around it."""
        inner = denoiser if self.way.guide is None else self.way.guide(denoiser)
        given, like = (lambda x_t, sigma, _: inner(x_t, sigma, c)), next(model.parameters())
        if isinstance(self.guide, Pretrained):
            return Embedded(given, self.guide.around(given, like), self.strength)
        return Embedded(given, self.guide.model.to(like).agreement, self.strength)

    def joined(self, rows: Rows, order: Any) -> Rows:
        """The rows with what the guide was given of them."""
        if self.about is None or set(self.about.frame.columns) & set(_columns(rows)):
            return rows
        return rows.joined(self.about, order)


@final
@dataclass(frozen=True)
class Looks:
    """How often a model that reveals hidden cells looks at a row."""

    looks: int | None

    def drawn(self, model: Model, n: int, c: Tensor | None, start: int, sharpness: Sharpness, rng: Keyed) -> Tensor:
        """Rows start .. start + n - 1, each given its own row of c."""
        assert isinstance(model, Reveals)
        return model.reveal(n, c, looks=self.looks, sharpness=sharpness, rng=rng)

    def joined(self, rows: Rows, order: Any) -> Rows:
        """The rows: they were given nothing by a guide."""
        return rows


def led(descent: Descent | None, fitted: Any, given: Any, n: int) -> tuple[Lead | Looks | None, Any]:
    """The way that was asked of this fitted model, and what is given to the model itself."""
    if descent is None:
        return None, given
    if isinstance(fitted.model, Reveals):
        return _looks(descent, fitted.name), given
    model = promised(fitted.model, fitted.name, Walks)
    if descent.guide is not None and not isinstance(model, Descends):
        raise CannotAnswer(f"{fitted.name} learned what is no denoiser of rows, and a guide leads denoisers of rows")
    way = descent.way(model.way)
    check_within(model.learned, way.schedule)
    if descent.guidance is not None and fitted.condition_codec is None:
        raise ConditionError("guidance is towards a condition, and this model was given none",
                             expected="a model fitted with a condition, or a guide",
                             remedy="--guide RUN of a NoisyClassifier or a CLIP")  # fmt: skip
    if descent.guide is None:
        return Lead(way), given
    guide = _checked(descent.guide, fitted, way.schedule)
    if not isinstance(guide, Pretrained) and isinstance(guide.model, Descends):
        weaker = partial(_away, own=way.guide, weaker=guide, strength=_or(descent.strength, AWAY), like=model)
        return Lead(replace(way, guide=weaker)), given
    said, own, names = frames.partial(given, n), set(fitted.card.condition), _names(guide)
    told, about = _told(guide, said)
    rest = said.drop(columns=[name for name in names if name in said and name not in own])
    return Lead(way, guide, told, about, _or(descent.strength, 1.0)), rest


def _looks(descent: Descent, name: str) -> Looks:
    if descent != Descent(descent.steps):
        raise CannotAnswer(f"{name} reveals hidden cells: it has no levels of noise, no samplers and no guides",
                           expected="the number of looks alone", remedy="--steps 8, say")  # fmt: skip
    return Looks(descent.steps)


def _checked(guide: Any, fitted: Any, visited: Schedule) -> Any:
    """The guide, once it can lead this model."""
    if isinstance(guide, Pretrained):
        return guide.leading(fitted)
    check_guide(guide, fitted, visited)
    if isinstance(guide.model, Descends):
        check_given(guide, fitted)
    return guide


def _names(guide: Any) -> list[str]:
    return list(guide.names if isinstance(guide, Pretrained) else guide.card.condition)


def check_guide(guide: Any, fitted: Any, visited: Schedule) -> None:
    """A guide reads the very numbers that the model draws, at every level on its way."""
    if not isinstance(guide.model, Guiding | Descends):
        able = families_that("Guides", "Descends", "Climbs")
        raise CannotAnswer(f"{guide.name} has no guidance to give: it neither tells a condition from noised rows nor "
                           "denoises them", expected=f"one of {', '.join(able)}")  # fmt: skip
    one, other = guide.codec.parts(), fitted.codec.parts()
    if one != other or guide.lift.space != fitted.lift.space:
        condition = "".join(f" --condition {name}" for name in guide.card.condition)
        raise WrongRows(
            f"the guide reads {told_rows(guide)}, this model draws {told_rows(fitted)}",
            expected="a guide fitted on the same rows, its condition aside",
            remedy=f"likely fit DATA --family {guide.name}{condition}, on the data of {fitted.name}",
        )
    try:
        check_within(guide.model.learned, visited)
    except FieldError as error:
        remedy = "fit the guide with a wider --schedule, or --levels within its own"
        raise FieldError(f"the guide was not shown them all: {error.what}", expected=error.expected,
                         remedy=remedy) from error  # fmt: skip


def check_given(weaker: Any, fitted: Any) -> None:
    """A weaker denoiser is told what the model is told, or nothing."""
    own, other = (None if each.condition_codec is None else each.condition_codec.parts() for each in (fitted, weaker))
    if other is None or other == own:
        return
    what = shown(list(fitted.card.condition)) if fitted.card.condition else "nothing"
    raise ConditionError(f"the weaker denoiser is given {shown(list(weaker.card.condition))}, and the model {what}",
                         expected="a guide that was fitted given the same, on the same rows, or given nothing",
                         remedy="fit it as the model was, with a smaller --budget or network")  # fmt: skip


def _away(denoiser: Denoiser, *, own: Guide | None, weaker: Any, strength: float, like: Model) -> Denoiser:
    """The model's own guidance inside; away from the weaker denoiser around it."""
    strong, weak = denoiser if own is None else own(denoiser), weaker.model.to(next(like.parameters())).denoise
    told = weak if weaker.condition_codec is not None else lambda x_t, sigma, _: weak(x_t, sigma)
    return Autoguided(strong, told, strength)


def _or(said: float | None, usual: float) -> float:
    return usual if said is None else said


def told_rows(fitted: Any) -> str:
    """What a model is of, in a few words."""
    columns = shown(list(fitted.codec.names), 6) if isinstance(fitted.codec, TableCodec) else ""
    what = f"the columns {columns}" if columns else f"{fitted.codec.reads.word} of shape {fitted.codec.space.shape}"
    return f"{what} (of {fitted.card.data.get('source', 'rows')})"


def _told(guide: Any, said: pd.DataFrame) -> tuple[Tensor, Table]:
    """What the guide is given of each row; columns of which nothing is said lead nowhere."""
    names = _names(guide)
    if not set(names) & set(said.columns):
        given = f"only {shown(said.columns)}" if len(said.columns) else "nothing"
        raise ConditionError(f"the guide leads by {shown(names)}, and {given} is given",
                             remedy=f"--given {names[0]}=VALUE (given={{'{names[0]}': ...}})")  # fmt: skip
    if isinstance(guide, Pretrained):
        return guide.told(said)
    codec = guide.condition_codec
    whole = said.reindex(columns=names).astype(object)
    typed = frames.typed(whole, codec.schema) if isinstance(codec, TableCodec) else whole
    told = codec.encode(Table(typed, codec.schema)).x
    return told, codec.decode(told)


def _columns(rows: Rows) -> list[str]:
    return [] if rows.said is None else list(rows.said.frame.columns)
