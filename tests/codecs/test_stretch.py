"""Ranges of every kind of column, as stretches of what can be recorded and of cells."""

import numpy as np
import pandas as pd
import pytest

from likely.codecs import TableCodec
from likely.codecs.stretch import Stretch, recorded
from likely.data import read
from likely.errors import WrongRows
from likely.ranges import above, among, at_least, at_most, below, between, isnot, read_range

INF = np.inf
N = 120


@pytest.fixture(scope="module")
def codec():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({
        "dose": rng.uniform(0, 9, N).round(1),
        "rate": np.where(rng.random(N) < 0.4, 0.0, np.exp(rng.normal(0, 2, N))),
        "visits": rng.poisson(3, N),
        "town": rng.choice(["Ulm", "Bonn", "Kiel", ">50K"], N),
        "size": pd.Categorical(rng.choice(["S", "M", "L"], N), ["S", "M", "L"], ordered=True),
        "stars": rng.choice([1, 2, 5], N).astype(float),
        "since": pd.to_datetime("2019-06-01") + pd.to_timedelta(rng.integers(0, 900, N), unit="D"),
        "born": rng.choice(["03.04.1990", "05.06.1991", "17.01.1992"], N),
        "planet": ["Earth"] * N,
        "id": [f"P{i:04d}" for i in range(N)],
    })  # fmt: skip
    kinds = {
        "stars": {"kind": "category"},
        "born": {"kind": "date"},
        "visits": {"kind": "count"},
        "dose": {"kind": "real"},
    }
    return TableCodec.fit(read(frame, schema={"columns": kinds}))


def left(codec, name, said):
    return recorded(codec.layout.readers[name], said)


def test_numbers_that_are_recorded_to_decimals(codec):
    assert left(codec, "dose", between(1, 2)) == (Stretch(1.0, 2.0),)
    assert left(codec, "dose", above(1.0)) == (Stretch(1.1, INF),)
    assert left(codec, "dose", below(0.3)) == (Stretch(0.0, 0.2),)  # never below 0 when fitted
    assert left(codec, "dose", at_least(0.25) & at_most(0.34)) == (Stretch(0.3, 0.3),)
    assert left(codec, "dose", isnot(0.3, 0.5)) == (Stretch(0.0, 0.2), Stretch(0.4, 0.4), Stretch(0.6, INF))
    assert left(codec, "dose", between(0.31, 0.39)) == ()


def test_counts_join_neighbours(codec):
    assert left(codec, "visits", among(1, 2, 3, 7)) == (Stretch(1, 3), Stretch(7, 7))
    assert left(codec, "visits", isnot(0)) == (Stretch(1, INF),)
    assert left(codec, "visits", read_range(">2&<=4")) == (Stretch(3, 4),)


def test_choices(codec):
    levels = list(codec.schema["town"].levels)
    assert left(codec, "town", isnot(">50K")) == tuple(
        Stretch(low, high)
        for low, high in ((0, levels.index(">50K") - 1), (levels.index(">50K") + 1, 3))
        if low <= high
    )
    assert left(codec, "size", at_least("M")) == (Stretch(1, 2),)
    assert left(codec, "stars", above(1.5)) == (Stretch(1, 2),)
    with pytest.raises(WrongRows, match="without an order"):
        left(codec, "town", above("Kiel"))
    with pytest.raises(WrongRows, match="no 'Kil'"):
        left(codec, "town", isnot("Kil"))


def test_a_date_as_coarse_as_a_year_means_all_of_it(codec):
    def days(name, said):
        reader = codec.layout.readers[name]
        ends = [each for part in left(codec, name, said) for each in part]
        return [str(np.datetime64(0, "D") + int(end)) if abs(end) < 1e6 else "" for end in ends if reader.unit == "day"]

    assert days("since", above("2020"))[0] == "2021-01-01"
    assert days("since", at_least("2020"))[0] == "2020-01-01"
    assert days("since", between("2020", "2020-02")) == ["2020-01-01", "2020-02-29"]
    assert days("since", at_most(pd.Timestamp("2020-03-05 11:00")))[1] == "2020-03-05"
    assert days("born", above("04.03.1990"))[0] == "1990-03-05"
    with pytest.raises(WrongRows, match="no date"):
        left(codec, "since", above("soon"))


def test_atoms_are_in_or_out_to_the_bit(codec):
    cell = codec.layout.cells["rate"]
    mark = cell.marks[0]
    (without,) = codec.stretches("rate", above(0))
    (within,) = codec.stretches("rate", at_least(0))
    assert without.low == np.nextafter(np.float32(mark), np.float32(INF))
    assert within == Stretch(-INF, INF)
    (upto,) = codec.stretches("rate", at_most(0))
    assert mark <= upto.high < without.low


def test_what_rounds_to_a_recorded_number_is_that_number(codec):
    (part,) = codec.stretches("dose", between(1, 2))
    cell = codec.layout.cells["dose"]
    assert cell.down(np.array(part)).tolist() == pytest.approx([0.95, 2.05])


def test_what_holds_and_what_is_brought_in(codec):
    cells = pd.Series([0.5, np.nan, 2.0000001])
    assert codec.holds("rate", between(1, 2), cells).tolist() == [False, False, False]
    assert codec.brought("rate", between(1, 2), cells.dropna()).tolist() == [1.0, 2.0]
    assert codec.holds("planet", among("Earth"), pd.Series(["Earth"])).all()
    with pytest.raises(WrongRows, match="says nothing of a row"):
        codec.holds("id", isnot("P0001"), pd.Series(["P0002"]))
