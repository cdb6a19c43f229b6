"""A model whose codes are its rows turned by a known rotation: what an edit must do can be reckoned by hand."""

from dataclasses import dataclass
from itertools import product
from typing import final

import numpy as np
import pandas as pd
import torch

from likely.card import Card
from likely.codecs import TableCodec
from likely.contracts import Family, Latent
from likely.data import Table, read
from likely.fitted import Fitted
from likely.spaces import reals

WIDTH = 5
TURN = np.linalg.qr(np.random.default_rng(3).normal(size=(WIDTH, WIDTH)))[0]  # row j: the code of column j
GLASSES, SHADE, TOWN = 0, 1, 2  # the numbers of the code that say each; the others say nothing that has a name


@dataclass(frozen=True, kw_only=True)
class Rotated(Family["RotatedModel"]):
    """Nothing to learn."""

    def build(self, space, condition=None):
        return RotatedModel(space, condition)


@final
class RotatedModel(Latent):
    """z = s x R, x = z R' / s: the scales s undo what a codec did to each column."""

    def __init__(self, space, condition=None):
        super().__init__(space, condition)
        self.codes = reals(WIDTH)
        self.register_buffer("turn", torch.from_numpy(TURN).float())
        self.register_buffer("scale", torch.ones(WIDTH))

    def sample(self, n, c=None, *, rng):
        return rng.normal((n, WIDTH), like=self.turn)

    def encode(self, x, c=None):
        return (x * self.scale) @ self.turn

    def decode(self, z, c=None):
        return z @ self.turn.T / self.scale


def facts(counts=None):
    """Every combination of three attributes, as often as `counts` says: (glasses, shade, town) -> rows."""
    rows = [
        each
        for each in product((False, True), ("dark", "light", "none"), ("Bonn", "Ulm"))
        for _ in range(4 if counts is None else counts(*each))
    ]
    return pd.DataFrame(rows, columns=["glasses", "shade", "town"])


def codes_of(said, seed=0):
    """What the attributes say, and noise in the other numbers, which sums to nothing in every combination."""
    z = np.zeros((len(said), WIDTH))
    z[:, GLASSES] = 2.0 * said["glasses"]
    z[:, SHADE] = said["shade"].map({"dark": -1.0, "light": 1.5, "none": 0.0})
    z[:, TOWN] = said["town"].map({"Bonn": 0.0, "Ulm": 1.0})
    noise = np.random.default_rng(seed).normal(size=(len(said), 2))
    keys = said.groupby(["glasses", "shade", "town"]).ngroup().to_numpy()
    for key in np.unique(keys):
        noise[keys == key] -= noise[keys == key].mean(0)
    z[:, 3:] = noise
    return z


def rotated(z):
    """A fitted model, and the rows (a table of numbers) whose codes differ as these do.

    The model undoes the scales of the codec, so that its codes are the ones given, moved and scaled alike.
    """
    names = [f"x{at}" for at in range(WIDTH)]
    columns = {name: {"kind": "real", "transform": "standard", "atoms": []} for name in names}
    rows = read(pd.DataFrame(z @ TURN.T, columns=names), schema={"columns": columns})
    assert isinstance(rows, Table)
    codec = TableCodec.fit(rows)
    model = Rotated().build(codec.space)
    model.scale.copy_(torch.tensor(rows.frame.std().tolist()))
    return Fitted(model, codec, Card(family=Rotated(), order=tuple(names))), rows


def code_of(frame):
    """The codes that rows were made from."""
    return frame.to_numpy() @ TURN
