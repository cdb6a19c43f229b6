import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from likely.codecs.cell import CategoryCell, CountCell, RealCell
from likely.codecs.layout import layout_parts
from likely.codecs.learned import LIFTABLE, check_frame, layout_of
from likely.codecs.monotone import Affine, Logarithm
from likely.data.rows import Table
from likely.data.schema import Constraint, Schema
from likely.errors import WrongRows


def learned(table, frame, kinds, constraints=(), **said):
    return layout_of(table(frame, kinds, constraints, **said), None, condition=False, reserve=True)


@pytest.mark.parametrize(("largest", "cell"), [(LIFTABLE, CountCell), (LIFTABLE + 1, RealCell)])
def test_huge_counts_are_reals(table, largest, cell):
    layout = learned(table, pd.DataFrame({"n": [0, 5, largest]}), {"n": "count"})
    assert isinstance(layout.cells["n"], cell)


def test_the_rarest_level_holds_the_reserve(table):
    layout = learned(table, pd.DataFrame({"c": list("aaabbbbc")}), {"c": "category"})
    assert layout.cells["c"] == CategoryCell(3, rarest=2, reserve=0.5)
    unused = learned(table, pd.DataFrame({"c": list("aab")}), {"c": "category"}, c={"levels": ("a", "b", "z")})
    assert unused.cells["c"] == CategoryCell(3, rarest=2, reserve=0.5)


def test_the_map_is_that_of_the_values_without_atoms(table):
    values = np.array([0.0] * 50 + [10.0, 12.0] * 5)
    layout = learned(table, pd.DataFrame({"x": values}), {"x": "real"}, x={"atoms": (0.0,)})
    assert isinstance(layout.cells["x"].map, Affine)
    np.testing.assert_allclose([layout.cells["x"].map.shift, layout.cells["x"].map.scale], [11, 1])
    alone = learned(table, pd.DataFrame({"x": np.zeros(5)}), {"x": "real"}, x={"atoms": (0.0,)})
    assert alone.cells["x"].atoms == (0.0,)


def test_gaps_are_on_a_logarithm_with_an_atom_for_equals(table):
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [1.0, 2.5, 9.0]})
    layout = learned(table, frame, {"a": "real", "b": "real"}, (Constraint("order", ("a", "b")),))
    assert isinstance(layout.cells["b"].map, Logarithm)
    assert layout.cells["b"].atoms == (0.0,)


def test_dates_in_a_relation_share_the_finest_unit(table):
    frame = pd.DataFrame(
        {
            "a": pd.to_datetime(["2020-01-01", "2020-01-02"]),
            "b": pd.to_datetime(["2020-01-01 10:00", "2020-01-03 11:30"]),
        }
    )
    layout = learned(table, frame, {"a": "date", "b": "date"}, (Constraint("order", ("a", "b")),))
    assert {reader.unit for reader in layout.readers.values()} == {"minute"}
    apart = learned(table, frame, {"a": "date", "b": "date"})
    assert [apart.readers[name].unit for name in "ab"] == ["day", "minute"]


@pytest.mark.parametrize(("lowest", "rows", "positive"), [(0.0, 300, True), (-0.1, 300, False), (0.0, 30, False)])
def test_what_is_never_negative_stays_so(table, lowest, rows, positive):
    values = np.random.default_rng(0).exponential(1, rows)
    values[0] = lowest
    layout = learned(table, pd.DataFrame({"x": values}), {"x": "real"})
    assert layout.readers["x"].positive is positive
    low = layout.readers["x"].settle(layout.cells["x"].down(np.array([-50.0])))
    assert (low == 0 if positive else low < 0).all()


def test_whole_levels_of_a_type_that_samples_cannot_have(table):
    frame = pd.DataFrame({"c": [1, 2, 2]})
    odd = table(frame, {"c": "category"})
    odd = Table(frame, Schema((replace(odd.schema["c"], dtype="int64[pyarrow]"),)))
    assert layout_of(odd, None, condition=False, reserve=True).schema["c"].dtype == "Int64"


@pytest.mark.parametrize("dtype", ["datetime64[ns]", "datetime64[us, Europe/Berlin]"])
def test_a_constant_date_is_kept(table, dtype):
    cells = pd.Series(pd.to_datetime(["2020-03-04 05:06:07"] * 3)).astype("datetime64[us]")
    cells = cells.dt.tz_localize("Europe/Berlin") if "Berlin" in dtype else cells.astype(dtype)
    frame = pd.DataFrame({"day": cells, "x": [1.0, 2.0, 4.0]})
    layout = learned(table, frame, {"day": "constant", "x": "real"}, day={"value": cells[0], "why": "declared"})
    json.dumps(layout_parts(layout))
    layout.made["day"].check(cells)
    pd.testing.assert_series_equal(layout.made["day"].made(3), cells, check_names=False)
    with pytest.raises(WrongRows, match="'day'"):
        layout.made["day"].check(cells + pd.Timedelta(1, "s"))


def test_categories_that_are_dates_are_dates(table):
    cells = pd.Series(pd.to_datetime(["2020-03-04", None]))
    layout = learned(table, pd.DataFrame({"day": cells}), {"day": "category"}, day={"levels": (cells[0],)})
    assert layout.schema["day"].kind == "date"
    pd.testing.assert_series_equal(layout.readers["day"].write(np.array([18325.0, np.nan])), cells)


def test_a_frame_has_every_column_once():
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "b", "b"])
    check_frame(frame, ["a"])
    with pytest.raises(WrongRows, match="more than one"):
        check_frame(frame, ["b"])
    with pytest.raises(WrongRows, match="lack the column 'z'"):
        check_frame(frame, ["a", "z"])
