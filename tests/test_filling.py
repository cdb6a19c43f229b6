"""Unknown cells are drawn in batches that nobody can see, and the way says how."""

from dataclasses import dataclass
from typing import final

import pandas as pd
import pytest
import torch

import likely
from likely import filling
from likely.contracts import Family, Filled, Fills, Model
from likely.errors import FieldError
from likely.filling import filled, way_of
from likely.spaces import reals


@final
@dataclass(frozen=True, kw_only=True)
class Guess(Family["Guesses"]):
    """Unknown cells are standard normals."""

    def build(self, space, condition=None):
        return Guesses(space, condition)


@final
class Guesses(Fills, Model):
    """Half of its particles weigh anything."""

    def sample(self, n, c=None, *, rng):
        return rng.normal((n, *self.space.shape), like=torch.empty(0))

    def fill(self, x, evidence, c=None, *, particles, rng):
        drawn = rng.normal(x.shape, like=x)
        return Filled(torch.where(evidence.known, x, drawn), torch.full((len(x),), 0.5))


def test_batches_do_not_show(monkeypatch):
    model, x = Guess().build(reals(3)), torch.zeros(40, 3)
    known = torch.arange(120).view(40, 3) % 2 == 0
    whole, share = filled(model, x, known, None, seed=3)
    monkeypatch.setattr(filling, "BATCH", 7)
    assert torch.equal(filled(model, x, known, None, seed=3)[0], whole)
    assert share == 0.5
    assert torch.equal(whole[known], x[known])


def test_rows_with_nothing_to_draw_do_not_count():
    model, x = Guess().build(reals(2)), torch.zeros(4, 2)
    assert filled(model, x, torch.ones_like(x).bool(), None, seed=0)[1] == 1.0


def test_ways():
    assert way_of(Guess().build(reals(2))) == "asymptotic"
    table = pd.DataFrame({"a": [0.1, 1.2, 2.5, 0.4] * 5, "b": list("xyxy") * 5})
    assert way_of(likely.fit(table, likely.NaiveBayes()).model) == "exact"


def test_no_particles_are_refused():
    table = pd.DataFrame({"a": [0.1, 1.2, 2.5, 0.4] * 5, "b": list("xyxy") * 5})
    with pytest.raises(FieldError, match="at least 1"):
        likely.fit(table, likely.NaiveBayes()).complete(table, particles=0)
