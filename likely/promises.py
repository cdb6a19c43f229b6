"""What a model has not promised is refused by name, with the families that can."""

from typing import TypeVar

from likely.contracts import (
    Bound,
    Completes,
    Continues,
    Counted,
    Decodes,
    Denoises,
    Density,
    Guides,
    Latent,
    Model,
    Restores,
    Sharpens,
    Truncates,
)
from likely.diffusion import Descends, Flows, Walks
from likely.errors import CannotAnswer
from likely.source import families_that

P = TypeVar("P", bound=Model)
ASKED = {
    Density: ("density", "it samples but cannot score"),
    Bound: ("bound", "what it says of a row is not made of two terms"),
    Completes: ("completion", "it cannot draw unknown cells given known ones"),
    Descends: ("denoiser", "it has no way from noise to rows"),
    Counted: ("additive statistics", "it cannot go on counting rows"),
    Decodes: ("codes", "it has no latent space"),
    Denoises: ("denoiser", "it does not know clean rows from noised ones"),
    Walks: ("way down from noise", "there are no steps, levels or sampler to choose"),
    Flows: ("flow to be scored by", "no path leads from its rows to noise and back"),
    Guides: ("guidance to give", "it does not tell a condition from noised rows"),
    Latent: ("codes", "it has no latent space to encode to"),
    Restores: ("way to mend rows", "it has not learned to undo noise"),
    Truncates: ("codes to truncate", "it does not draw from the middle of a normal law"),
    Sharpens: ("sharpness", "it does not draw choice by choice"),
    Continues: ("continuations", "it does not draw token by token"),
}


def promised(model: Model, name: str, *promises: type[P], remedy: str = "") -> P:
    """The model, where it keeps one of these promises; else an error names families that do."""
    if isinstance(model, promises):
        return model
    raise CannotAnswer(_refusal(name, promises), remedy=remedy)


def _refusal(name: str, promises: tuple[type[Model], ...]) -> str:
    thing, consequence = ASKED[promises[0]]
    able = families_that(*(each.__name__ for promise in promises for each in _among(promise)))
    return f"{name} has no {thing}: {consequence}. Families that can: {', '.join(able) or 'none yet'}."


def _among(promise: type[Model]) -> list[type[Model]]:
    """The promise and all that promise it besides."""
    return [promise, *(each for kind in promise.__subclasses__() for each in _among(kind))]
