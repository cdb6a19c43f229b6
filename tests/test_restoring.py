"""Rows mended: which cells a model is shown, and what of a table is none of its business."""

from typing import final

import numpy as np
import pandas as pd
import pytest
import torch

from likely.codecs import Lift, TableCodec
from likely.contracts import Lifted, Restores
from likely.data import Table, read
from likely.restoring import mended
from likely.spaces import Vector


@final
class Filling(Restores):
    """Missing cells are 0, the rest stays; remembers what it was shown."""

    def __init__(self, space):
        super().__init__(space)
        self.shown = []

    def restore(self, x, c=None):
        self.shown.append(x)
        return torch.where(torch.isnan(x), 0.0, x)

    def sample(self, n, c=None, *, rng):
        return torch.zeros(n, *self.space.shape)


@pytest.fixture
def people():
    return pd.DataFrame({
        "id": [f"P{i:04d}" for i in range(90)],
        "size": [10 + i % 7 * 0.5 for i in range(90)],
        "town": [["Ulm", "Bonn", "Köln"][i * 7 % 3] for i in range(90)],
        "planet": ["Earth"] * 90,
    })  # fmt: skip


def of(frame, fitted_on):
    table = read(fitted_on)
    codec = TableCodec.fit(table)
    assert isinstance(codec.space, Vector)
    model = Filling(codec.space)
    rows = Table(frame, table.schema)
    return mended(model, Lift(codec.space, Lifted.NOT), codec, rows, None), model


def test_ids_stay_and_what_is_known_comes_back(people):
    found, model = of(people, people)
    pd.testing.assert_frame_equal(found.frame, people)
    assert not torch.isnan(model.shown[0]).any()


def test_cells_that_are_missing_or_were_never_seen_are_shown_as_missing(people):
    spoilt = people.copy()
    spoilt.loc[2, "size"] = np.nan
    spoilt.loc[4, "town"] = "Paris"
    spoilt.loc[5, "planet"] = "Mars"
    found, model = of(spoilt, people)
    assert torch.isnan(model.shown[0]).nonzero().tolist() == [[2, 0], [4, 1]]
    assert found.frame["town"].isin(["Ulm", "Bonn", "Köln"]).all()
    assert found.frame.loc[2, "size"] == pytest.approx(people["size"].mean(), abs=0.5)
    assert (found.frame["planet"] == "Earth").all()
    assert found.frame["id"].tolist() == people["id"].tolist()


def test_many_rows_go_in_batches(people):
    many = pd.concat([people] * 15, ignore_index=True)
    found, model = of(many, people)
    assert len(model.shown) == 2
    assert found.frame["town"].tolist() == many["town"].tolist()
