"""A way to see pictures that is learned from labelled ones: the same pictures, steps and seed give the same features.

Distances between samples of pictures mean more among the features of a classifier than among pixels, and a classifier
can also say how many of the classes a sample visits. It is learned from real rows alone, never from those it judges.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from likely.atomic import appearing
from likely.data import Images, Table, content_hash, read
from likely.data.schema import Level
from likely.errors import EmptyData, FieldError, Unreadable, WrongRows
from likely.metrics import PLAIN as PRINCIPAL
from likely.metrics import Sight
from likely.metrics.classifier import Classified, Classifier, cells_shape, planes
from likely.metrics.inception import Inception
from likely.spaces import Image
from likely.training import Budget, Engine, Examples, learn

BATCH, EPOCHS, FEWEST = 128, 8, 500  # rows of a step; passes over the rows, and steps at least
HELD_OUT, MOST_HELD_OUT = 0.1, 5_000  # of the rows, to choose the kept weights
Array = np.ndarray[Any, Any]
PLAIN = Engine(compile=False, probe=False, threads=1)  # what is measured would change the weights
WEIGHTS = "classifier.safetensors"


def learned_sight(
    pictures: Images,
    label: str = "label",
    *,
    steps: int | None = None,
    seed: int = 0,
    folder: Path | None = None,
    engine: Engine = PLAIN,
) -> Classified:
    """The sight of a classifier of this label; in a folder it is kept, and not learned again from the same rows."""
    levels = levels_of(pictures, label)
    classes = torch.from_numpy(coded(pictures, label, levels))
    steps = steps or max(FEWEST, EPOCHS * len(pictures) // BATCH)
    stamp = f"{content_hash(pictures)} {label} {steps} {seed}"
    shape = Image(*cells_shape(pictures), levels=pictures.levels)
    model = _built(len(levels), shape, seed)
    kept = None if folder is None else folder / WEIGHTS
    if kept is None or not _recalled(model, kept, stamp):
        _learn(model, classes, planes(pictures.pixels), steps, seed, engine)
        if kept is not None:
            with appearing(kept) as place:
                save_file(model.state_dict(), place, {"of": stamp, "sight": _told(label, levels, shape)})
    return Classified(model, label, levels)


def kept_sight(folder: Path) -> Classified:
    """The sight that `learned_sight` kept in a folder; no pictures are needed."""
    kept = folder / WEIGHTS
    try:
        with safe_open(kept, "pt") as held:
            told = json.loads((held.metadata() or {})["sight"])
            *size, levels = told["pictures"]
            model = _built(len(told["levels"]), Image(*size, levels=levels), 0)
            model.load_state_dict({name: held.get_tensor(name) for name in held.keys()})  # noqa: SIM118
    except (OSError, SafetensorError, RuntimeError, KeyError, ValueError) as error:
        remedy = "likely measure REAL SYNTHETIC --features LABEL --keep FOLDER makes one"
        raise Unreadable(f"{folder} holds no sight", expected=f"a folder with {WEIGHTS}", remedy=remedy) from error
    return Classified(model, told["label"], told["levels"])


def sight_of(said: str | None, real: Any, keep: Path | None = None) -> Sight:
    """What a command line names: nothing (plain), "inception", a folder that was kept, or a label to learn by."""
    if said in (None, "plain"):
        if keep is not None:
            raise FieldError("plain features learn nothing to keep", expected="--features LABEL with --keep")
        return PRINCIPAL
    rows = read(real)
    if not isinstance(rows, Images):
        what = f"features are learned of pictures, and these rows are {rows.word}"
        raise FieldError(what, expected="no --features: such rows are seen by their standardised cells or parts")
    if said == "inception":
        return Inception()
    return kept_sight(Path(said)) if Path(said).is_dir() else learned_sight(rows, said, folder=keep)


def accuracy(sight: Classified, pictures: Images) -> float:
    """The share of pictures whose class is told right; they should be others than those learned from."""
    return float((sight.classes(pictures) == coded(pictures, sight.label, sight.levels)).mean())


def levels_of(pictures: Images, label: str) -> tuple[Level, ...]:
    """The classes that a label says."""
    said = _said(pictures, label)
    levels = said.schema[label].levels or tuple(sorted(set(said.frame[label].tolist())))
    if len(levels) < 2:
        raise EmptyData(f"'{label}' has one class", expected="two at least, for a classifier to tell apart")
    return levels


def coded(pictures: Images, label: str, levels: Sequence[Level]) -> Array:
    """Each picture's class by its place among the levels; -1 where it is none of them."""
    places = {level: place for place, level in enumerate(levels)}
    return np.array([places.get(word, -1) for word in _said(pictures, label).frame[label].tolist()])


def _said(pictures: Images, label: str) -> Table:
    if pictures.about is None or label not in pictures.about.frame:
        raise WrongRows(f"nothing is said of these pictures under '{label}'", expected="pictures with labels")
    return pictures.about


def _built(classes: int, shape: Image, seed: int) -> Classifier:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Classifier(classes, shape)


def _told(label: str, levels: Sequence[Level], shape: Image) -> str:
    """What weights alone do not say."""
    size = [shape.channels, shape.height, shape.width, shape.levels]
    return json.dumps({"label": label, "levels": list(levels), "pictures": size})


def _learn(model: Classifier, classes: Tensor, cells: Tensor, steps: int, seed: int, engine: Engine) -> None:
    x, order = classes[:, None].float(), torch.from_numpy(np.random.default_rng(seed).permutation(len(classes)))
    held = min(MOST_HELD_OUT, int(HELD_OUT * len(x)))
    learned, judged = (Examples(x[rows], cells[rows]) for rows in (order[held:], order[:held]))
    for _ in learn(
        model, learned, validation=judged if held else None, budget=Budget(steps=steps), seed=seed, engine=engine,
        batch=min(BATCH, len(learned)),
    ):  # fmt: skip
        pass


def _recalled(model: Classifier, kept: Path, stamp: str) -> bool:
    """The weights of an earlier call, where they are of this one."""
    try:
        with safe_open(kept, "pt") as held:
            if (held.metadata() or {}).get("of") != stamp:
                return False
            model.load_state_dict({name: held.get_tensor(name) for name in held.keys()})  # noqa: SIM118
    except (OSError, SafetensorError, RuntimeError):
        return False
    return True
