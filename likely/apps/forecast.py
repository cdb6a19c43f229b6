"""Series and sounds that go on from where they end: a model's own continuations, one for each beginning."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from likely.codecs import SeriesCodec, SoundCodec
from likely.contracts import Continues, Sharpness
from likely.data import Panel, Sounds
from likely.distributions import PLAIN
from likely.errors import CannotAnswer, WrongRows
from likely.fitted import Fitted
from likely.promises import promised
from likely.rng import Keyed
from likely.scoring import placed

Waves = Panel | Sounds


def forecast(fitted: Fitted[Any], begun: Waves, *, sharpness: Sharpness = PLAIN, seed: int = 0) -> Waves:
    """Each of these to the length of the model's rows; what is given stays as it was.

    A model with a condition is given what is said about each beginning. Continuation i depends on its beginning, the
    seed and i alone; several of one beginning, taken several times, show how sure the model is.
    """
    codec, model = fitted.codec, promised(fitted.model, fitted.name, Continues)
    if not isinstance(codec, SeriesCodec | SoundCodec):
        raise CannotAnswer(f"a model of {codec.reads.word} does not go on from a series", expected="series or sounds")
    lengths = begun.lengths
    if len(begun) and int(lengths.max()) >= (most := codec.space.length):
        raise WrongRows(f"a beginning has {int(lengths.max())} moments", expected=f"fewer than {most}",
                        remedy="its last moments, where rows are windows of a record")  # fmt: skip
    c = _condition(fitted, begun)
    whole = torch.empty(len(begun), *codec.space.shape)
    for places in _alike(lengths.tolist()):
        start = _beginning(codec, begun.take(places.numpy()))
        rng = Keyed(seed, rows=places)
        given = None if c is None else placed(c[places], model)
        more = [moment.cpu() for moment in model.continued(placed(start, model), given, sharpness=sharpness, rng=rng)]
        whole[places] = torch.cat([start, torch.stack(more, -1)], -1).to(whole.dtype)
    return _kept(codec.decode(whole), begun)


def _beginning(codec: SeriesCodec | SoundCodec, rows: Waves) -> Tensor:
    """Cells of beginnings of one length."""
    match codec, rows:
        case SeriesCodec(), Panel():
            return codec.beginning(rows)
        case SoundCodec(), Sounds():
            return codec.beginning(rows)
    raise WrongRows(f"the beginnings are {rows.word}", expected=codec.reads.word)


def _condition(fitted: Fitted[Any], begun: Waves) -> Tensor | None:
    if fitted.condition_codec is None:
        return None
    return fitted.condition_codec.encode(begun.naming(fitted.card.condition, "to go on by")).x


def _alike(lengths: list[int]) -> Iterator[Tensor]:
    """The places of beginnings of one length."""
    for length in sorted(set(lengths)):
        yield torch.tensor([place for place, each in enumerate(lengths) if each == length])


def _kept(drawn: Waves, begun: Waves) -> Waves:
    """The given moments as they were, and what is said about each."""
    if isinstance(drawn, Panel) and isinstance(begun, Panel):
        for row, length in enumerate(begun.lengths):
            drawn.values[row, :length] = begun.values[row, :length]
        return replace(drawn, about=begun.about)
    assert isinstance(drawn, Sounds)
    assert isinstance(begun, Sounds)
    parts = tuple(_over(sound, given) for sound, given in zip(drawn.samples, begun.samples, strict=True))
    return replace(drawn, samples=parts, about=begun.about)


def _over(sound: Any, given: Any) -> Any:
    """A sound that begins with another, to the bit."""
    return np.concatenate([given, sound[len(given) :]])
