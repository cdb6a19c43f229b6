"""Models with exact samplers and critics, for doctors to look at: nothing is trained."""

import math
from typing import final

import numpy as np
import pandas as pd
import torch

from likely.codecs import Lift, codec_for, condition_codec
from likely.contracts import Judges, Lifted, Model
from likely.data import Table, read
from likely.doctor import Patient, Record


@final
class Playing(Judges):
    """Draws what it is told to, and scores as it is told to."""

    def __init__(self, space, draw, score, condition=None) -> None:
        super().__init__(space, condition)
        self.draw, self.score = draw, score

    def sample(self, n, c=None, *, rng):
        return self.draw(n, c, rng)

    def judge(self, x, c=None, *, rng):
        return self.score(x)


@final
class Sampler(Model):
    """Draws, and has no critic."""

    def __init__(self, space, draw, condition=None) -> None:
        super().__init__(space, condition)
        self.draw = draw

    def sample(self, n, c=None, *, rng):
        return self.draw(n, c, rng)


LIKE = torch.zeros(())


def ring(n, seed=0, modes=8, only=None, labels=False):
    """Rows of a ring of Gaussians, of some of its modes alone."""
    rng = np.random.default_rng(seed)
    place = rng.choice(np.arange(modes) if only is None else np.asarray(only), n)
    angle = 2 * math.pi * place / modes
    x = np.stack([2 * np.cos(angle), 2 * np.sin(angle)], 1) + 0.1 * rng.normal(size=(n, 2))
    frame = pd.DataFrame(x, columns=pd.Index(["across", "up"]))
    return frame.assign(place=[f"m{p}" for p in place]) if labels else frame


def rng_seed(rng) -> int:
    """A seed for numpy that differs from draw to draw."""
    return int(rng.integers(2**31 - 1, (1,), like=LIKE).item())


def patient_of(frame, draw, *, score=None, held=0.1, condition=None, seed=0):
    """A patient whose model draws frames (draw(n, c, seed)), its rows split as they come."""
    rows = read(frame)
    assert isinstance(rows, Table)
    left = [name for name in rows.schema.names if name != condition]
    codec = codec_for(rows, columns=left)
    given = None if condition is None else condition_codec(rows, (condition,))
    lift = Lift(codec.space, Lifted.CENTRED)

    def drawn(n, c, rng):
        made = draw(n, None if given is None else given.decode(c).frame[condition], rng_seed(rng))
        x = codec.encode(Table(made[left].reset_index(drop=True), rows.schema.only(left))).x
        return lift.up(x, rng=rng)[0]

    last = int((1 - held) * len(rows))
    learned, held_out = rows.take(np.arange(last)), rows.take(np.arange(last, len(rows))) if held else None
    made_of = (lift.space, drawn)
    model = Sampler(*made_of) if score is None else Playing(*made_of, score)
    return Patient(model, codec, lift, learned, held_out, given, seed)


def played(losses, lengths=None):
    """The record of a game: losses and lengths of gradients by player, ten steps apart."""
    record = Record()
    count = len(next(iter(losses.values())))
    record.hear({"event": "planned", "recipe": {"steps": 10 * count}, "resumed": 0})
    lengths = lengths or {name: np.ones(count) for name in losses}
    for at in range(count):
        record.hear({
            "event": "stepped", "step": 10 * (at + 1), "losses": {name: float(x[at]) for name, x in losses.items()},
            "lengths": {name: float(x[at]) for name, x in lengths.items()},
        })  # fmt: skip
    return record


def rested(count=100, seed=0):
    """Losses of a game that comes to rest: they fall, and noise of their own follows them."""
    rng = np.random.default_rng(seed)
    noise = np.zeros((2, count))
    for at in range(1, count):
        noise[:, at] = 0.6 * noise[:, at - 1] + 0.03 * rng.normal(size=2)
    fall = np.exp(-np.arange(count) / 20)
    return {"critic": 1.38 - fall + noise[0], "generator": 0.7 + fall + noise[1]}


def names(health):
    return [each.name for each in health.findings]


def read_of(health, name):
    """The one reading of this name."""
    (found,) = (each for each in health.readings if each.name == name)
    return found
