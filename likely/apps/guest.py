"""Models that others made, as rows of a comparison. They are told apart by how they are called, not by who made them.

    a path, a frame, an array, `Rows`      samples, and nothing else
    anything with sample(n)                rows as a frame, an array or a tensor; log_prob or score_samples, if any
    sample(num_rows=n)                     SDV's synthesizers
    sample((n,)), log_prob(x)              torch's distributions; a module that gives one when called (zuko's flows)
    called with batch_size=n               diffusers' pipelines, whose pictures are floats in 0 .. 1; fewer steps by
                                           functools.partial(pipeline, num_inference_steps=50)
    any other function                     is given the training rows, and gives back one of these

A log-density is asked for in the data's own units. Over which measure it is, only its maker knows: `Guest(model,
measure=...)` says so, in the words of our own scores, and only then is it ranked beside them.
"""

# what others made has the types that others gave it
# pyright: reportUnknownMemberType=false, reportArgumentType=false

import inspect
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from likely.apps.arena import Arena
from likely.apps.contender import Contender
from likely.apps.judging import DRAWN
from likely.apps.measure import measures
from likely.codecs import codec_for
from likely.contracts import Scores
from likely.data import Images, Rows, Table, read
from likely.errors import CannotAnswer, LikelyError, WrongRows
from likely.frames import form_of, returned

Array = np.ndarray[Any, Any]
SHAPED, COUNTED = ("sample_shape", "shape"), ("num_rows",)  # how a sampler's first argument is called
TOGETHER = 128  # pictures that a pipeline draws at a time


@final
@dataclass(frozen=True)
class Guest:
    """Somebody's model, with what only its maker knows."""

    model: Any
    measure: str = ""  # what its log_prob is over, as our scores say it ("density of 4 reals"); "": it is not ranked
    bound: bool = False  # its log_prob is a lower bound


class Asked(ABC):
    """A model of others, and how it is asked."""

    @abstractmethod
    def draw(self, n: int) -> Any:
        """n rows, in a form of its own."""

    @abstractmethod
    def log_prob(self, rows: Rows, form: str) -> Any:
        """One number a row; an error where it has none."""


@final
@dataclass(frozen=True)
class Rowed(Asked):
    """Rows that somebody drew."""

    rows: Any

    def draw(self, n: int) -> Any:
        return self.rows

    def log_prob(self, rows: Rows, form: str) -> Any:
        raise CannotAnswer("rows, not a model")


@final
@dataclass(frozen=True)
class Sampled(Asked):
    """Anything with `sample`."""

    model: Any

    def draw(self, n: int) -> Any:
        named = _first_argument(self.model.sample)
        if named in COUNTED:
            return self.model.sample(num_rows=n)
        return self.model.sample((n,) if named in SHAPED else n)

    def log_prob(self, rows: Rows, form: str) -> Any:
        model, tensors = self.model, isinstance(self.model, nn.Module)
        if tensors or _first_argument(model.sample) in SHAPED:
            return model.log_prob(torch.as_tensor(numbers(rows), dtype=torch.get_default_dtype()))
        told: Any = getattr(self.model, "log_prob", None) or getattr(self.model, "score_samples", None)
        if told is None:
            raise CannotAnswer("it samples, and has neither log_prob nor score_samples")
        return told(returned(rows, form))


@final
@dataclass(frozen=True)
class Piped(Asked):
    """A pipeline of pictures."""

    pipeline: Any

    def draw(self, n: int) -> Any:
        parts = [min(TOGETHER, n - at) for at in range(0, n, TOGETHER)]
        return np.concatenate([np.asarray(self.pipeline(batch_size=k, output_type="np").images) for k in parts])

    def log_prob(self, rows: Rows, form: str) -> Any:
        raise CannotAnswer("a pipeline draws pictures, and tells nothing of others")


def asked(model: Any, train: Rows, form: str) -> Asked:
    """How this model is asked; a function that is none of the known ones is given the training rows first."""
    if isinstance(model, str | Path | pd.DataFrame | np.ndarray | Tensor | Rows):
        return Rowed(model)
    if callable(getattr(model, "sample", None)):
        return Sampled(model)
    if isinstance(model, nn.Module):
        _check_called(model)
        return asked(model(), train, form)
    if callable(model):
        made: Any = model
        piped = {"batch_size", "output_type"} <= set(_arguments(made))
        return Piped(made) if piped else asked(made(returned(train, form)), train, form)
    expected = "samples, an object with sample, or a function of the training rows that gives one"
    raise WrongRows(f"a {type(model).__name__} cannot be compared", expected=expected)


def _check_called(network: nn.Module) -> None:
    """A flow says its law of nothing; what needs an input is only a part of a model."""
    needed = [each.name for each in inspect.signature(network.forward).parameters.values()
              if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]  # fmt: skip
    if needed:
        told = f"a {type(network).__name__} is a network that wants {', '.join(needed)}"
        remedy = "what draws with it: a pipeline, or a function that gives an object with sample"
        raise WrongRows(told, expected="a model that samples", remedy=remedy)


def _arguments(function: Any) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []


def _first_argument(function: Any) -> str:
    return next(iter(_arguments(function)), "")


# As a row of the comparison ------------------------------------------------------------------------------------------


def contender_of(name: str, model: Any, arena: Arena, form: str) -> Contender:
    """Its samples measured and its numbers, where they can be ranked; its failure stops nobody."""
    guest = model if isinstance(model, Guest) else Guest(model)
    try:
        return _contender(name, guest, arena, form)
    except LikelyError as error:
        return Contender(name, failed=str(error))
    except Exception as error:
        return Contender(name, failed=f"it raised {type(error).__name__}: {error}")


def _contender(name: str, guest: Guest, arena: Arena, form: str) -> Contender:
    parts, began = arena.parts, time.perf_counter()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(arena.seed)
        answering = asked(guest.model, parts.train, form)
        learned, began = time.perf_counter() - began, time.perf_counter()
        drawn = rows_like(answering.draw(min(2 * len(parts.test), DRAWN)), parts.test)
    each = (time.perf_counter() - began) / max(len(drawn), 1)
    found = measures(parts.test, drawn, parts.train, seed=arena.seed)
    row = Contender(name, measures=found, samples=drawn)
    if isinstance(answering, Rowed):
        return replace(row, why_no_score="rows, not a model")
    scores, why = _scores(guest, answering, arena, form)
    return replace(row, scores=scores, why_no_score=why, fit_seconds=learned, sample_seconds=each)


def _scores(guest: Guest, answering: Asked, arena: Arena, form: str) -> tuple[Scores | None, str]:
    ours = codec_for(arena.parts.train).measure
    if arena.condition:
        return None, "a guest's numbers are not asked for given a condition"
    if guest.measure != ours:
        theirs = f"over another measure ({guest.measure})" if guest.measure else "over a measure that nobody declared"
        return None, f"its numbers, if it has any, are {theirs}; ours are over: {ours}"
    try:
        with torch.no_grad():
            told = answering.log_prob(arena.parts.test, form)
        nats = (
            (told if isinstance(told, Tensor) else torch.from_numpy(np.array(told))).detach().cpu().double().flatten()
        )
    except CannotAnswer as refusal:
        return None, str(refusal)
    if len(nats) != len(arena.parts.test):
        return None, f"{len(nats)} numbers came back for {len(arena.parts.test)} rows"
    return Scores(nats, guest.bound, None, ours), ""


def numbers(rows: Rows) -> Array:
    """Rows as numbers, for models that take nothing else."""
    if isinstance(rows, Table) and rows.frame.select_dtypes("number").shape[1] < rows.frame.shape[1]:
        raise CannotAnswer("it takes numbers, and some columns are none")
    return np.array(rows.array(), dtype=np.float64)


def rows_like(drawn: Any, real: Rows) -> Rows:
    """What somebody's model drew, as rows like the real ones."""
    drawn = drawn[0] if isinstance(drawn, tuple) else drawn  # with the component that each row came from
    drawn = drawn.detach().cpu().numpy() if isinstance(drawn, Tensor) else drawn
    if isinstance(drawn, np.ndarray) and isinstance(real, Images):
        return real.alike(_pictures(drawn, real))
    if isinstance(real, Table) and not isinstance(drawn, Rows):
        return read(_framed(drawn, real), schema=real.schema)
    return real.alike(drawn if isinstance(drawn, Rows) else read(drawn))


def _framed(drawn: Any, real: Table) -> Any:
    """An array under the columns' names."""
    if form_of(drawn) != "array":
        return drawn
    names = list(real.frame.columns)
    if drawn.ndim != 2 or drawn.shape[1] != len(names):
        raise WrongRows(f"an array of shape {drawn.shape} was drawn", expected=f"{len(names)} columns: {names}")
    return pd.DataFrame(drawn, columns=pd.Index(names))


def _pictures(drawn: Array, real: Images) -> Images:
    """Pictures (N, H, W), (N, H, W, C) or (N, C, H, W): whole numbers are levels, others shares of the highest one."""
    height, width, channels = real.pixels.shape[1:]
    drawn = drawn[..., None] if drawn.ndim == 3 else drawn
    if drawn.shape[1:] == (channels, height, width) and channels != width:
        drawn = drawn.transpose(0, 2, 3, 1)
    if drawn.shape[1:] != (height, width, channels):
        raise WrongRows(f"pictures of {drawn.shape[1:]} were drawn", expected=f"{(height, width, channels)}")
    whole = np.issubdtype(drawn.dtype, np.integer)
    scaled = drawn if whole else np.nan_to_num(drawn) * (real.levels - 1)
    return Images(np.rint(scaled).clip(0, real.levels - 1).astype(np.uint8), real.levels)


def guests_of(also: Mapping[str, Any] | None, known: Callable[[str], bool]) -> dict[str, Any]:
    """Guests by names that no family has."""
    if taken := [name for name in also or {} if known(name)]:
        raise WrongRows(f"'{taken[0]}' is the name of a family in this comparison", expected="another name for it")
    return dict(also or {})
