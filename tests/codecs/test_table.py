import json
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from likely.codecs import Lift, codec_for, codec_from_parts
from likely.codecs.table import TableCodec
from likely.contracts import Lifted
from likely.data import read
from likely.data.rows import Table
from likely.data.schema import ColumnSchema, Constraint, Schema
from likely.errors import EmptyData, FieldError, LikelyError, WrongRows
from likely.rng import Keyed
from likely.spaces import Category, Count, Real


def recorded(table: Table) -> pd.DataFrame:
    """The columns that come back from cells: ids and texts do not, reals without decimals to float32's digits."""
    kept = [c.name for c in table.schema.columns if c.kind not in ("id", "text")]
    return table.frame[kept].reset_index(drop=True)


def check_round_trip(table: Table, codec: TableCodec) -> None:
    """To the byte, but for columns of full precision and those that the codec itself says float32 cannot hold."""
    back = codec.decode(codec.encode(table).x)
    assert list(back.frame.columns) == list(table.frame.columns)
    rough = {note.split(":")[0] for note in codec.notes if "finer than a float32 cell" in note}
    for name, cells in recorded(table).items():
        column = table.schema[name]
        exact = (column.kind != "real" or column.decimals is not None) and name not in rough
        told = back.frame[name]
        if name in rough:
            reader = codec.layout.readers[name]
            told, cells = reader.read(told), reader.read(cells)
            np.testing.assert_allclose(told, cells, atol=1e-6 * cells.std())
        else:
            pd.testing.assert_series_equal(told, cells, check_exact=exact, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "name", ["adult-train.csv", "titanic.csv", "penguins.csv", "penguins_raw.csv", "mushrooms.csv", "uci_kin8nm.txt"]
)
def test_real_tables_come_back_to_the_byte(real_data, name):
    table = read(real_data / "tables" / name)
    check_round_trip(table, codec_for(table))


def test_missing_cells_of_adult_stay_missing(real_data):
    table = read(real_data / "tables" / "adult-train.csv")
    codec = codec_for(table)
    x = codec.encode(table).x
    named = dict(zip(codec.names, codec.space.columns))
    assert sum(column.missing for column in named.values()) == 3
    assert int(torch.isnan(x).sum()) == 4262  # the file's question marks
    assert codec.decode(x).frame.isna().sum().sum() == 4262


def test_a_column_of_every_kind(mixed):
    codec = TableCodec.fit(mixed)
    kinds = dict(zip(codec.names, codec.space.columns))
    assert "key" not in kinds
    assert kinds["height"] == Real()
    assert len(kinds["gain"].atoms) == 1
    assert kinds["weight"] == Real(missing=True)
    assert kinds["children"] == Count()
    assert kinds["visits"] == Count(missing=True)
    assert isinstance(kinds["people"], Real)  # too large for a count's cell
    assert kinds["colour"] == Category(3, missing=True)
    assert kinds["alive"] == Category(2)
    check_round_trip(mixed, codec)
    back = codec.decode(codec.encode(mixed).x).frame
    assert back["key"].tolist()[:2] == ["N401A1", "N402A1"]
    assert back["remark"].isna().all()
    assert codec.decode(codec.encode(mixed).x[:1], first=5).frame["key"].tolist() == ["N406A1"]


def test_the_measure_in_words(mixed):
    assert TableCodec.fit(mixed).measure == (
        "density of 4 reals, 1 date per day and 1 date per second; mass of 2 counts, 4 categories, gain = 0 and "
        "missing cells; the unseen categories of a column are one; the huge counts people as reals"
    )


def test_notes_say_what_is_lost(mixed):
    notes = TableCodec.fit(mixed).notes
    assert any("remark: free text" in note for note in notes)
    assert any("people: counts beyond" in note for note in notes)


def test_every_row_is_encoded_alone(mixed):
    codec = TableCodec.fit(mixed)
    whole, part = codec.encode(mixed), codec.encode(mixed.take(range(50, 60)))
    assert torch.equal(whole.x[50:60].nan_to_num(nan=-9), part.x.nan_to_num(nan=-9))
    assert torch.equal(whole.ladj[50:60], part.ladj)
    assert codec.encode(mixed.take(np.zeros(0, int))).x.shape == (0, len(codec.names))


def test_column_order_and_extra_columns_do_not_matter(mixed):
    codec = TableCodec.fit(mixed)
    shuffled = mixed.frame[mixed.frame.columns[::-1]].assign(extra=1)
    assert torch.equal(codec.encode(Table(shuffled, mixed.schema)).ladj, codec.encode(mixed).ladj)


@pytest.mark.parametrize("transform", ["auto", "standard", "log", "quantile"])
def test_other_units_shift_the_score_by_their_log(table, transform):
    """Scaling by 1000 moves ladj by -log 1000 where the cell is present and no atom, and leaves the cells alone."""
    rng = np.random.default_rng(1)
    values = np.where(rng.random(600) < 0.3, 0.0, np.exp(rng.normal(0, 1, 600)))
    values[::7] = np.nan
    frame = pd.DataFrame({"x": values, "c": rng.choice(["a", "b", "d"], 600)})
    said = {"x": {"atoms": (0.0,), "transform": transform}, "c": {"levels": ("a", "b", "d")}}
    small = table(frame, {"x": "real", "c": "category"}, **said)
    large = Table(frame.assign(x=frame["x"] * 1000), small.schema)
    one, other = TableCodec.fit(small).encode(small), TableCodec.fit(large).encode(large)
    dense = (~np.isnan(values) & (values != 0)).astype(float)
    np.testing.assert_allclose((other.ladj - one.ladj).numpy(), -np.log(1000) * dense, atol=1e-7)
    torch.testing.assert_close(other.x, one.x, equal_nan=True, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("transform", ["standard", "log", "quantile"])
def test_ladj_is_the_numeric_derivative(table, transform):
    rng = np.random.default_rng(2)
    values = np.exp(rng.normal(0, 0.5, 800))
    codec = TableCodec.fit(table(pd.DataFrame({"x": values}), {"x": "real"}, x={"transform": transform}))
    h = 1e-6 * values

    def z(v):
        return codec.layout.cells["x"].map.forward(v)[0]

    frame = Table(pd.DataFrame({"x": values}), codec.schema)
    np.testing.assert_allclose(
        codec.encode(frame).ladj.numpy(), np.log((z(values + h) - z(values - h)) / (2 * h)), atol=1e-3
    )
    np.testing.assert_allclose(codec.encode(frame).x[:, 0].numpy(), z(values), rtol=1e-6, atol=1e-6)


def test_a_density_over_cells_integrates_to_one_in_the_datas_units(table):
    """Standard normal cells: the integral of exp(log N(x) + ladj) over the column's own axis is 1."""
    rng = np.random.default_rng(3)
    for transform in ("standard", "log", "quantile"):
        values = np.exp(rng.normal(2, 1, 900))
        codec = TableCodec.fit(table(pd.DataFrame({"x": values}), {"x": "real"}, x={"transform": transform}))
        axis = np.unique(np.concatenate([np.linspace(-40, 60, 300_001), np.geomspace(1e-3, 1e5, 300_001)]))
        cells = codec.encode(Table(pd.DataFrame({"x": axis}), codec.schema))
        density = torch.exp(-0.5 * cells.x[:, 0].double() ** 2 - 0.5 * np.log(2 * np.pi) + cells.ladj).numpy()
        assert np.trapezoid(density, axis) == pytest.approx(1, abs=2e-3)


def test_masses_of_known_and_unseen_categories_add_up_to_one(table):
    frame = pd.DataFrame({"c": ["a"] * 5 + ["b"] * 3 + ["d"] * 2})
    codec = TableCodec.fit(table(frame, {"c": "category"}, c={"levels": ("a", "b", "d")}))
    cells = codec.encode(Table(pd.DataFrame({"c": ["a", "b", "d", "zebra"]}), codec.schema))
    mass = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)[cells.x[:, 0].long()] * cells.ladj.exp()
    assert mass.sum().item() == pytest.approx(1)
    assert mass[3].item() == pytest.approx(0.2 / 3)  # Laplace: one unseen row beside the two of the rarest level
    assert codec.unseen(Table(pd.DataFrame({"c": ["a", "zebra", "gnu"]}), codec.schema)) == {"c": ("zebra", "gnu")}
    assert codec.unseen(Table(frame, codec.schema)) == {}


def test_cells_missing_by_chance_are_left_out_of_the_space_and_told_by_their_chance(table):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=60), "c": rng.choice(["a", "b", "d"], 60), "k": rng.poisson(3, 60)})
    frame.loc[:8, "x"], frame.loc[5:24, "c"] = np.nan, None
    kinds, chance = {"x": "real", "c": "category", "k": "count"}, {"missing_at_random": True}
    told = TableCodec.fit(table(frame, kinds))
    left = TableCodec.fit(table(frame, kinds, x=chance, c=chance, k=chance))
    assert [column.missing for column in told.space.columns] == [True, True, False]
    assert not any(column.missing for column in left.space.columns)
    assert left.measure == told.measure
    rows = Table(frame, left.schema)
    gone = frame.isna()
    p = {"x": 9.5 / 61, "c": 20.5 / 61}
    wanted = sum(np.log(np.where(gone[name], p[name], 1 - p[name])) for name in p)
    assert torch.equal(left.encode(rows).x.isnan(), torch.from_numpy(gone.to_numpy()))
    assert torch.allclose(left.encode(rows).ladj - told.encode(rows).ladj, torch.from_numpy(wanted))
    again = codec_from_parts(json.loads(json.dumps(left.parts())))
    assert torch.equal(again.encode(rows).ladj, left.encode(rows).ladj)
    with pytest.raises(WrongRows, match="'k'"):  # no cell of it was missing
        left.encode(Table(frame.astype({"k": float}).assign(k=np.nan), left.schema))
    with pytest.raises(WrongRows, match="not finite"):  # and none is drawn missing
        left.decode(torch.full((1, 3), torch.nan))


def test_another_value_in_a_column_that_was_constant_has_the_mass_of_one_row(table):
    frame = pd.DataFrame({"x": [0.0, 1.0, 3.0] * 3, "k": [0] * 9})
    codec = TableCodec.fit(
        table(frame, {"x": "real", "k": "constant"}, k={"value": 0, "why": "every cell is the same"})
    )
    cells = codec.encode(Table(pd.DataFrame({"x": [1.0, 1.0], "k": [0, 1]}), codec.schema))
    assert torch.equal(cells.x[0], cells.x[1])
    assert (cells.ladj[1] - cells.ladj[0]).exp().item() == pytest.approx(0.1 / 0.9)
    assert "all but one value of k are one" in codec.measure
    assert codec.unseen(Table(pd.DataFrame({"x": [1.0], "k": [5]}), codec.schema)) == {"k": (5,)}
    for how in ({"reserve": False}, {"condition": True}):
        closed = TableCodec.fit(Table(frame, codec.schema), **how)
        with pytest.raises(WrongRows, match="constant"):
            closed.encode(Table(pd.DataFrame({"x": [1.0], "k": [5]}), codec.schema))


def test_categories_of_two_levels_and_conditions_are_closed(table, mixed):
    two = TableCodec.fit(table(pd.DataFrame({"c": ["a", "b"]}), {"c": "category"}))
    strict = TableCodec.fit(mixed, columns=["colour"], reserve=False)
    condition = TableCodec.fit(mixed, columns=["colour"], condition=True)
    for codec, value in ((two, "z"), (strict, "mauve"), (condition, "mauve")):
        name = codec.names[0]
        with pytest.raises(WrongRows, match=f"column '{name}', row 1.*'{value}'") as error:
            codec.encode(Table(pd.DataFrame({name: [value]}), codec.schema))
        assert "one of" in error.value.expected
        assert not codec.encode(
            mixed if name == "colour" else Table(pd.DataFrame({"c": ["a"]}), codec.schema)
        ).ladj.any()


def test_conditions_welcome_missing_cells(mixed):
    codec = TableCodec.fit(mixed, columns=["height", "alive", "grade"], condition=True)
    nothing = pd.DataFrame({"height": [np.nan], "alive": [None], "grade": [np.nan]})
    x = codec.encode(Table(nothing, codec.schema)).x
    assert torch.isnan(x).all()
    assert codec.decode(x).frame.isna().all(axis=None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.drop(columns=["height", "alive"]), "lack the columns 'height', 'alive'"),
        (
            lambda f: f.assign(height=f["height"].mask(f.index == 4)),
            "'height', row 5: a missing cell in a column that had none",
        ),
        (
            lambda f: f.assign(height=f["height"].astype(object).mask(f.index == 4, "tall")),
            "row 5: text where a number",
        ),
        (lambda f: f.assign(weight=np.inf), "'weight'.*infinite"),
        (lambda f: f.assign(children=-1), "'children'.*limits"),
        (lambda f: f.assign(children=0.5), "'children'.*not a whole number"),
        (lambda f: f.assign(children=2**40), "'children'.*limits"),
        (lambda f: f.assign(height=1e200), "'height'.*float32"),
        (lambda f: f.assign(planet="Mars"), "'planet'.*'Mars'"),
        (lambda f: f.assign(born="1.1.20"), "'born'.*not a date"),
        (lambda f: f.assign(alive="perhaps"), "'alive'.*'perhaps'"),
        (lambda f: pd.concat([f, f[["height"]]], axis=1), "more than one column is named 'height'"),
    ],
)
def test_rows_that_do_not_fit_are_named(mixed, change, words):
    codec = TableCodec.fit(mixed)
    with pytest.raises(WrongRows, match=words) as error:
        codec.encode(Table(change(mixed.frame.copy()), mixed.schema))
    assert error.value.expected
    assert error.value.remedy


def test_what_cannot_be_fitted_says_so(table, mixed):
    with pytest.raises(EmptyData, match="no rows"):
        TableCodec.fit(mixed.take(np.zeros(0, int)))
    with pytest.raises(EmptyData, match="'key' is an id"):
        TableCodec.fit(mixed, columns=["key", "remark"])
    with pytest.raises(WrongRows, match="no column 'hight'"):
        TableCodec.fit(mixed, columns=["hight"])
    with pytest.raises(FieldError, match="unusable pattern"):
        TableCodec.fit(
            table(pd.DataFrame({"a": [1.0], "k": ["x"]}), {"a": "real", "k": "id"}, k={"pattern": "{0.real}"})
        )
    with pytest.raises(EmptyData, match="all of its cells are missing"):
        TableCodec.fit(table(pd.DataFrame({"c": pd.Series([None, None], dtype="str")}), {"c": "category"}))


def test_a_column_whose_cells_are_all_missing_is_learned_as_missing(table):
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [np.nan, np.nan]})
    codec = TableCodec.fit(table(frame, {"a": "real", "b": "real"}))
    assert codec.space.columns[1] == Real(missing=True)
    assert codec.decode(codec.encode(table(frame, {"a": "real", "b": "real"})).x).frame["b"].isna().all()


def test_one_row_and_one_column(table):
    one = table(pd.DataFrame({"a": [3.5]}), {"a": "real"}, a={"decimals": 1})
    codec = TableCodec.fit(one)
    assert codec.encode(one).x.isfinite().all()
    check_round_trip(one, codec)


def test_any_cells_decode_to_sound_rows(mixed):
    codec = TableCodec.fit(mixed)
    x = Keyed(0).normal((300, len(codec.names)), like=torch.ones(1)) * 20
    back = codec.decode(x)
    codec.encode(back)  # fits the schema
    assert (back.frame["gain"] >= 0).all()
    for name, column in zip(codec.names, codec.space.columns):
        assert column.missing or not back.frame[name].isna().any()
        assert str(back.frame[name].dtype) == str(mixed.frame[name].dtype)


def test_cells_that_a_model_could_not_draw_are_refused(mixed):
    codec = TableCodec.fit(mixed)
    for bad in (float("nan"), float("inf")):
        with pytest.raises(WrongRows, match="'height' are not finite in row 1"):
            codec.decode(torch.full((2, len(codec.names)), bad))


def test_partial_rows(mixed):
    codec = TableCodec.fit(mixed)
    x, known = codec.encode_partial(pd.DataFrame({"colour": ["red", None], "height": [np.nan, 170.0], "other": 1}))
    places = {name: place for place, name in enumerate(codec.names)}
    assert known.sum() == 2
    assert known[0, places["colour"]]
    assert known[1, places["height"]]
    assert x[0, places["colour"]] == 2
    assert torch.equal(~torch.isnan(x), known)
    assert codec.encode_partial(pd.DataFrame(index=range(3)))[1].sum() == 0
    with pytest.raises(WrongRows, match=r"'colour', row 1.*'mauve'"):  # nothing can follow from what was never seen
        codec.encode_partial(pd.DataFrame({"colour": ["mauve"]}))


def test_recorded_values_as_masses_of_their_cells(table):
    """N(0, 1) recorded to two decimals: the masses of all recorded values add up to 1."""
    frame = pd.DataFrame({"x": np.round(np.linspace(-6, 6, 1201), 2)})
    said = table(frame, {"x": "real"}, x={"decimals": 2})
    codec = TableCodec.fit(said)
    cells = codec.encode(said)
    log_p = -0.5 * torch.tensor(frame["x"].to_numpy(copy=True)) ** 2 - 0.5 * np.log(2 * np.pi)  # in the data's units
    assert torch.exp(log_p + codec.log_widths(said)).sum().item() == pytest.approx(1, abs=1e-6)
    assert codec.log_widths(said)[0].item() == pytest.approx(np.log(0.01))
    atoms = TableCodec.fit(table(frame, {"x": "real"}, x={"decimals": 2, "atoms": (-6.0,)}))
    assert atoms.log_widths(said)[0] == 0
    assert len(cells) == 1201


def ordered_table(table, **constraint):
    rng = np.random.default_rng(4)
    start = rng.integers(0, 2000, 500)
    stay = np.where(rng.random(500) < 0.3, 0, rng.poisson(9, 500))
    net, tax = np.round(rng.normal(100, 20, 500), 2), np.round(rng.gamma(2, 9, 500), 2)
    frame = pd.DataFrame(
        {
            "low": rng.poisson(3, 500),
            "high": 0,
            "arrives": pd.to_datetime("2020-01-01") + pd.to_timedelta(start, unit="D"),
            "leaves": pd.to_datetime("2020-01-01") + pd.to_timedelta(start + stay, unit="D"),
            "net": net,
            "gross": np.round(net + tax, 2),
            "tax": np.round(np.round(net + tax, 2) - net, 2),
        }
    )
    frame["high"] = frame["low"] + rng.poisson(2, 500)
    kinds = dict(zip(frame.columns, ["count", "count", "date", "date", "real", "real", "real"]))
    rules = (
        Constraint("order", ("low", "high")),
        Constraint("order", ("arrives", "leaves")),
        Constraint("order", ("net", "gross")),
        Constraint("formula", ("tax", "gross", "net"), "gross - net"),
    )
    said = {name: {"decimals": 2} for name in ("net", "gross", "tax")}
    return table(frame, kinds, rules, **said)


def test_constraints_are_kept_by_every_sample(table):
    said = ordered_table(table)
    codec = TableCodec.fit(said)
    kinds = dict(zip(codec.names, codec.space.columns))
    assert "tax" not in kinds
    assert kinds["high"] == Count()
    assert len(kinds["leaves"].atoms) == 1  # equal dates
    check_round_trip(said, codec)
    drawn = codec.decode(Keyed(0).normal((2000, len(codec.names)), like=torch.ones(1)) * 3).frame
    assert (drawn["low"] <= drawn["high"]).all()
    assert (drawn["arrives"] <= drawn["leaves"]).all()
    assert (drawn["net"] <= drawn["gross"]).all()
    np.testing.assert_allclose(drawn["tax"], drawn["gross"] - drawn["net"], atol=1e-6)
    codec.encode(Table(drawn, said.schema))
    assert "leaves = arrives" in codec.measure
    assert "tax computed" in codec.measure


def test_rows_that_break_a_constraint_are_named(table):
    said = ordered_table(table)
    codec = TableCodec.fit(said)
    for column, value, words in [
        ("high", -1, "limits"),
        ("leaves", pd.Timestamp("2000-01-01"), "'leaves', row 3: below arrives"),
        ("tax", 5000.0, "'tax', row 3: not what its formula gives"),
    ]:
        broken = said.frame.copy()
        broken.loc[2, column] = value
        with pytest.raises(WrongRows, match=words):
            codec.encode(Table(broken, said.schema))
        with pytest.raises(WrongRows, match=words):
            TableCodec.fit(Table(broken, said.schema))


def test_the_gaps_jacobian_is_that_of_the_joint_density(table):
    """Standard normal cells for (a, gap): the density of (a, b) over the half-plane a < b integrates to 1."""
    rng = np.random.default_rng(5)
    a, gap = rng.normal(0, 1, 2000), np.exp(rng.normal(0, 0.4, 2000))
    said = table(pd.DataFrame({"a": a, "b": a + gap}), {"a": "real", "b": "real"}, (Constraint("order", ("a", "b")),))
    codec = TableCodec.fit(said)
    grid_a, grid_gap = np.meshgrid(np.linspace(-6, 6, 401), np.linspace(0, 9, 901), indexing="ij")
    frame = pd.DataFrame({"a": grid_a.ravel(), "b": (grid_a + grid_gap).ravel()})
    cells = codec.encode(Table(frame, said.schema))
    log_p = (-0.5 * cells.x.double() ** 2 - 0.5 * np.log(2 * np.pi)).sum(1) + cells.ladj
    assert torch.exp(log_p).sum().item() * (12 / 400) * (9 / 900) == pytest.approx(1, abs=5e-3)


def test_a_partial_row_of_constrained_columns(table):
    codec = TableCodec.fit(ordered_table(table))
    x, known = codec.encode_partial(pd.DataFrame({"low": [1], "high": [4]}))
    assert known.sum() == 2
    assert x[0, codec.names.index("high")] == 3
    with pytest.raises(WrongRows, match="'high', row 1: known without low"):
        codec.encode_partial(pd.DataFrame({"high": [4]}))
    with pytest.raises(WrongRows, match="'tax', row 1: known without"):
        codec.encode_partial(pd.DataFrame({"tax": [4.0], "net": [1.0]}))


def test_declared_limits_hold(table):
    frame = pd.DataFrame({"x": np.linspace(0, 1, 50)})
    codec = TableCodec.fit(table(frame, {"x": "real"}, x={"low": 0.0, "high": 1.0}))
    drawn = codec.decode(torch.tensor([[-9.0], [0.0], [9.0]])).frame["x"]
    assert drawn.between(0, 1).all()
    with pytest.raises(WrongRows, match="outside"):
        codec.encode(Table(pd.DataFrame({"x": [1.5]}), codec.schema))


def test_types_that_samples_cannot_have_become_plain_ones(table):
    frame = pd.DataFrame({"x": pd.Series([1.0, 2.0, 4.0])})
    said = table(frame, {"x": "real"})
    odd = Schema((replace(said.schema["x"], dtype="double[pyarrow]"),))
    assert TableCodec.fit(Table(frame, odd)).schema["x"].dtype == "float64"


@pytest.mark.parametrize("which", ["mixed", "constrained", "condition"])
def test_parts_rebuild_the_codec(mixed, table, which):
    said = ordered_table(table) if which == "constrained" else mixed
    codec = TableCodec.fit(said, condition=which == "condition")
    again = codec_from_parts(json.loads(json.dumps(codec.parts(), allow_nan=False)))
    assert again.parts() == codec.parts()
    assert again.space == codec.space
    assert again.measure == codec.measure
    one, other = codec.encode(said), again.encode(said)
    assert torch.equal(one.x.nan_to_num(nan=-9), other.x.nan_to_num(nan=-9))
    assert torch.equal(one.ladj, other.ladj)
    pd.testing.assert_frame_equal(codec.decode(one.x).frame, again.decode(one.x).frame)


def test_encoding_adult_is_fast(real_data):
    table = read(real_data / "tables" / "adult-train.csv")
    codec = codec_for(table)
    codec.encode(table)
    start = time.perf_counter()
    codec.encode(table)
    assert time.perf_counter() - start < 1.0  # 0.06 s on a quiet core; the room is for busy ones


def test_atoms_and_recorded_decimals_are_those_of_the_raw_values(table):
    """Cents beyond what float32 tells apart are no atoms of their neighbour."""
    frame = pd.DataFrame({"x": [1e7, 1e7, 1e7 + 0.01, 1e7 - 0.01, 0.0, 2e7] * 50})
    said = table(frame, {"x": "real"}, x={"decimals": 2, "atoms": (1e7,)})
    codec = TableCodec.fit(said)
    cells = codec.encode(said)
    mark = codec.space.columns[0].atoms[0]
    assert int((cells.x[:, 0] == mark).sum()) == 100
    assert (cells.ladj == 0).sum() == 100
    assert any("finer than a float32 cell" in note for note in codec.notes)


def test_hostile_parts_never_crash(mixed):
    """Every value of the parts replaced by nonsense, one at a time: a foreseen error or a working codec."""
    parts = TableCodec.fit(mixed).parts()
    text = json.dumps(parts)
    for path in paths(parts):
        for nonsense in (None, -1, 1e308, "x", [], {}, [[1]], True, 10**30):
            hostile = json.loads(text)
            place = hostile
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = nonsense
            try:
                codec_from_parts(hostile)
            except LikelyError:
                continue


def paths(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value[:3]) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from paths(inner, (*path, key))


def test_columns_of_a_schema_by_hand(table):
    frame = pd.DataFrame({"a": ["x", "y", "z"], "b": [True, False, True]})
    codec = TableCodec.fit(table(frame, {"a": "category", "b": "boolean"}))
    assert codec.schema["a"].levels == ("x", "y", "z")
    assert codec.schema["b"].levels == (False, True)
    assert isinstance(codec.schema.columns[0], ColumnSchema)


def drawn_column(rng: np.random.Generator, rows: int) -> pd.Series:
    """A column of a random kind, some of its cells missing."""
    kinds = [
        lambda: rng.normal(10.0 ** rng.integers(-6, 7), 10.0 ** rng.integers(-6, 7), rows),
        lambda: np.round(rng.normal(0, 10.0 ** rng.integers(0, 4), rows), rng.integers(0, 4)),
        lambda: rng.integers(0, 2 ** rng.integers(1, 50), rows),
        lambda: np.exp(rng.normal(0, rng.integers(1, 10), rows)),
        lambda: rng.choice(["a", "b", "ä", " x"], rows),
        lambda: rng.random(rows) < 0.5,
        lambda: pd.to_datetime("2000-01-01") + pd.to_timedelta(rng.integers(0, 9999, rows), unit="D"),
        lambda: pd.Categorical(rng.choice(["lo", "hi", "mid"], rows)),
        lambda: rng.standard_cauchy(rows),
        lambda: np.where(rng.random(rows) < 0.7, 0, rng.gamma(1, 100, rows)),
        lambda: rng.normal(0, 1, rows).astype(np.float32),
        lambda: rng.choice([1e-300, 1e300, -1e300, 0.0], rows),
        lambda: np.concatenate([rng.normal(-100, 0.1, rows // 2), rng.normal(100, 0.1, rows - rows // 2)]),
    ]
    cells = pd.Series(kinds[rng.integers(len(kinds))]())
    return cells.mask(rng.random(rows) < 0.2) if rng.random() < 0.3 and rows > 9 else cells


@pytest.mark.parametrize("seed", range(30))
def test_random_tables_of_every_kind(seed):
    """Whatever the data room makes of a frame: it comes back, any cells decode to rows that encode, parts rebuild."""
    rng = np.random.default_rng(seed)
    rows = int(rng.choice([1, 3, 10, 60, 300, 1000]))
    table = read(pd.DataFrame({f"c{i}": drawn_column(rng, rows) for i in range(4)}))
    try:
        codec = codec_for(table)
    except EmptyData:  # nothing but constants and ids
        return
    cells = codec.encode(table)
    assert cells.ladj.isfinite().all()
    rough = {note.split(":")[0] for note in codec.notes if "finer than a float32 cell" in note}
    back = codec.decode(cells.x)
    for column in codec.schema.columns:
        if (
            column.kind not in ("id", "text")
            and column.name not in rough
            and (column.kind != "real" or column.decimals)
        ):
            pd.testing.assert_series_equal(back.frame[column.name], table.frame[column.name], check_exact=True)
    codec.encode(codec.decode(Keyed(seed).normal((20, len(codec.names)), like=torch.ones(1)) * 5))
    assert codec_from_parts(json.loads(json.dumps(codec.parts(), allow_nan=False))).parts() == codec.parts()
    for lifted in (Lifted.DEQUANTISED, Lifted.CENTRED):
        lift = Lift(codec.space, lifted)
        u, ladj = lift.up(cells.x, rng=Keyed(seed))
        assert u.isfinite().all()
        assert ladj.isfinite().all()
        assert torch.equal(lift.down(u).nan_to_num(nan=-9e9), cells.x.nan_to_num(nan=-9e9))
