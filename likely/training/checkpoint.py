"""The state of a training on disk: one file, replaced as a whole, so that a kill at any moment leaves a good one.

`state.safetensors` holds every tensor (weights, average, best weights, optimizer moments) under a plain name, and in
its metadata the rest as JSON. It is written beside, flushed to the disk, and renamed over the earlier one.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from likely.atomic import appearing, swept
from likely.errors import Corrupt
from likely.training.course import Course
from likely.training.recipe import Recipe

STATE, RECIPE = "state.safetensors", "recipe.json"
REQUEST = "request.json"  # what was asked for: there until it is done
REMEDY = "make room, then likely resume {}"
Tensors = dict[str, Tensor]


@final
@dataclass(frozen=True)
class Moment:
    """A training at the end of a round, apart from what keeps running. Its tensors are never changed in place."""

    course: Course
    tensors: Tensors  # model/..., average/..., optimizer/...
    best: Tensors = field(default_factory=dict)  # the best weights so far, if the model can be judged


@final
@dataclass(frozen=True)
class State:
    """What is on disk: where the training stands, and the last good moment if that is an earlier one."""

    recipe: Recipe
    identity: dict[str, Any]  # seed and data: what must be the same to go on
    now: Moment
    good: Moment | None = None


def save(folder: Path, state: State) -> Path:
    """Replace the state in the folder by this one, or leave it untouched and say why."""
    told = {"recipe": state.recipe.to_json(), "identity": state.identity, "now": state.now.course.to_json()}
    tensors = _named("now", state.now)
    if state.good is not None:
        same = state.good.best is state.now.best
        told |= {"good": state.good.course.to_json(), "shared_best": same}
        tensors |= _named("good", Moment(state.good.course, state.good.tensors, {} if same else state.good.best))
    with appearing(folder / STATE, failures=(SafetensorError,), remedy=REMEDY.format(folder)) as part:
        save_file(tensors, part, metadata={"likely": json.dumps(told)})
    return folder / STATE


def write_recipe(folder: Path, recipe: Recipe) -> Path:
    """The recipe, for people and for `recipe=`."""
    with appearing(folder / RECIPE, remedy=REMEDY.format(folder)) as part:
        part.write_text(json.dumps(recipe.to_json(), indent=2) + "\n")
    return folder / RECIPE


def read_recipe(folder: Path) -> Recipe | None:
    """The recipe a training in this folder was started with."""
    try:
        return Recipe.from_json(json.loads((folder / RECIPE).read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as reason:
        raise Corrupt(
            f"{folder / RECIPE} cannot be read: {reason}", expected="a recipe as likely writes it"
        ) from reason


def read(folder: Path) -> State | None:
    """The state in the folder, if there is one."""
    path = folder / STATE
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            told = json.loads((file.metadata() or {})["likely"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        return _understood(told, tensors)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as reason:
        raise Corrupt(
            f"{path} cannot be read: {reason}",
            expected="a state as likely saves it",
            remedy="train anew without resuming",
        ) from reason


def unfinished(folder: Path) -> bool:
    """Whether a training was begun here that has not ended; a disk may have been too full for its first state."""
    return any((folder / name).exists() for name in (STATE, REQUEST))


def forget(folder: Path) -> None:
    """Remove the state, and what a kill left half-written: the model is stored elsewhere and nobody will resume."""
    (folder / STATE).unlink(missing_ok=True)
    swept(folder / STATE)
    (folder / REQUEST).unlink(missing_ok=True)


def restore(module: nn.Module, tensors: Tensors) -> None:
    """Put weights and buffers back, in place. A buffer of another size (a kernel's points) is replaced."""
    held = module.state_dict()
    if set(held) - set(tensors):
        missing = ", ".join(sorted(set(held) - set(tensors))[:3])
        raise Corrupt(
            f"these weights are of another model: {missing} missing", remedy="the family and data of this run"
        )
    for name, tensor in tensors.items():
        if name in held and held[name].shape == tensor.shape:
            held[name].copy_(tensor)
        else:
            _replace_buffer(module, name, tensor)


def _replace_buffer(module: nn.Module, name: str, tensor: Tensor) -> None:
    path, _, leaf = name.rpartition(".")
    try:
        owner = module.get_submodule(path)
    except AttributeError:
        owner = None
    if owner is None or leaf not in owner._buffers:
        raise Corrupt(f"these weights are of another model: {name} of shape {tuple(tensor.shape)}")
    old = owner._buffers[leaf]
    owner._buffers[leaf] = tensor.clone() if old is None else tensor.to(old)


def _named(place: str, moment: Moment) -> Tensors:
    held = {f"{place}/{name}": tensor for name, tensor in moment.tensors.items()}
    return held | {f"{place}/best/{name}": tensor for name, tensor in moment.best.items()}


def _understood(told: dict[str, Any], tensors: Tensors) -> State:
    now = _moment("now", told["now"], tensors)
    good = _moment("good", told["good"], tensors) if "good" in told else None
    if good is not None and told["shared_best"]:
        good = Moment(good.course, good.tensors, now.best)
    return State(Recipe.from_json(told["recipe"]), dict(told["identity"]), now, good)


def _moment(place: str, course: Any, tensors: Tensors) -> Moment:
    held = under(tensors, place)
    best = under(held, "best")
    return Moment(Course.from_json(course), {k: v for k, v in held.items() if not k.startswith("best/")}, best)


def under(tensors: Tensors, place: str) -> Tensors:
    """The tensors whose name starts with `place/`, without that."""
    return {name.removeprefix(place + "/"): tensor for name, tensor in tensors.items() if name.startswith(place + "/")}
