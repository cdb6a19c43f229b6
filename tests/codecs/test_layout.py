import json
from dataclasses import replace

import pandas as pd
import pytest

from likely.codecs.layout import layout_from, layout_parts
from likely.codecs.learned import layout_of
from likely.codecs.parts import Part
from likely.errors import Corrupt


@pytest.fixture
def layout(mixed):
    return layout_of(mixed, None, condition=False, reserve=True)


def test_parts_rebuild_the_layout(layout):
    parts = {"is": "TableCodec", **json.loads(json.dumps(layout_parts(layout)))}
    again = layout_from(Part(parts))
    assert again.readers == layout.readers
    assert again.cells == layout.cells
    assert list(again.cells) == list(layout.cells)
    assert again.made == layout.made
    assert again.relations == layout.relations


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p["readers"].pop("height"),
        lambda p: p["cells"].pop("height"),
        lambda p: p["made"].pop("key"),
        lambda p: p["readers"].update(key={"is": "LevelReader", "closed": True}),
        lambda p: p["readers"].update(height={"is": "LevelReader", "closed": True}),
        lambda p: p["readers"].update(born={"is": "DateReader", "unit": "century"}),
        lambda p: p["cells"]["colour"].update(k=4),
        lambda p: p["cells"].update(colour=p["cells"]["height"]),
        lambda p: p["cells"].update(height=p["cells"]["colour"]),
        lambda p: p["anchors"].update(height=0.0),
        lambda p: p.update(welcoming="no"),
    ],
)
def test_parts_that_contradict_themselves_are_refused(layout, change):
    parts = {"is": "TableCodec", **json.loads(json.dumps(layout_parts(layout)))}
    change(parts)
    with pytest.raises(Corrupt):
        layout_from(Part(parts))


def test_the_measure_counts_kinds(table):
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [1, 2], "c": ["x", "y"]})
    plain = layout_of(table(frame, {"a": "real", "b": "count", "c": "category"}), None, condition=False, reserve=True)
    assert plain.measure == "density of 1 real; mass of 1 count and 1 category"
    assert replace(plain, cells={"a": plain.cells["a"]}).measure == "density of 1 real"


def test_which_cells_may_be_missing(layout):
    assert layout.may_miss("weight")
    assert not layout.may_miss("height")
    assert replace(layout, welcoming=True).may_miss("height")
