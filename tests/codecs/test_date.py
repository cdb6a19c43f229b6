import numpy as np
import pandas as pd
import pytest

from likely.codecs.date import DateReader, finest
from likely.data.schema import ColumnSchema
from likely.errors import WrongRows

DAYS = pd.Series(["2007-11-11", "2009-12-01", "1999-01-31"])


def reader(cells, written="", **said):
    column = ColumnSchema("born", "date", str(cells.dtype), date_format=written, **said)
    return DateReader(column, DateReader(column).unit_of(cells))


@pytest.mark.parametrize(
    ("cells", "written", "unit"),
    [
        (DAYS, "%Y-%m-%d", "day"),
        (pd.to_datetime(DAYS), "", "day"),
        (pd.to_datetime(DAYS).astype("datetime64[ns]"), "", "day"),
        (pd.to_datetime(DAYS).astype("datetime64[s]"), "", "day"),
        (pd.to_datetime(DAYS).dt.tz_localize("Europe/Berlin"), "", "hour"),
        (pd.Series(["11.11.2007 13:45", "01.12.2009 00:30"]), "%d.%m.%Y %H:%M", "minute"),
        (pd.Series(["2007-11-11 13:00:00", "2009-12-01 01:00:00"]), "%Y-%m-%d %H:%M:%S", "hour"),
        (pd.Series(["2007-11-11 13:00:01.25"]).astype("datetime64[us]"), "", "millisecond"),
        (pd.Series([20071111, 20091201]), "%Y%m%d", "day"),
        (pd.Series(["2007-11", "2009-12"]), "%Y-%m", "day"),
        (pd.Series(["Nov 11, 2007"]), "%b %d, %Y", "day"),
    ],
)
def test_dates_come_back_as_they_were_written(cells, written, unit):
    dates = reader(cells, written)
    assert dates.unit == unit
    numbers = dates.read(cells)
    assert (numbers == np.rint(numbers)).all()
    pd.testing.assert_series_equal(dates.write(dates.settle(numbers + 0.3)), cells, check_names=False)


@pytest.mark.parametrize("cells", [DAYS.mask(DAYS.index == 1), pd.to_datetime(DAYS).mask(DAYS.index == 1)])
def test_missing_dates(cells):
    dates = reader(cells, "%Y-%m-%d" if cells.dtype.kind != "M" else "")
    numbers = dates.read(cells)
    assert np.isnan(numbers).tolist() == [False, True, False]
    pd.testing.assert_series_equal(dates.write(dates.settle(numbers)), cells, check_names=False)


def test_days_since_1970():
    assert reader(DAYS, "%Y-%m-%d").read(pd.Series(["1970-01-03"])).tolist() == [2]


def test_missing_whole_numbers_that_are_dates():
    cells = pd.Series([20071111.0, np.nan])
    dates = reader(cells, "%Y%m%d")
    pd.testing.assert_series_equal(dates.write(dates.read(cells)), cells)


def test_another_format_is_named():
    with pytest.raises(WrongRows, match=r"column 'born', row 2: not a date .*'11/12/2007'") as error:
        reader(DAYS, "%Y-%m-%d").read(pd.Series(["2007-11-11", "11/12/2007"]))
    assert "%Y-%m-%d" in error.value.expected


def test_draws_beyond_the_calendar_stop_at_its_ends():
    text = reader(DAYS, "%Y-%m-%d")
    assert text.write(text.settle(np.array([1e9, -1e9]))).str[:4].tolist() == ["9999", "0001"]
    narrow = reader(pd.to_datetime(DAYS).astype("datetime64[ns]"))
    assert narrow.write(narrow.settle(np.array([1e9, -1e9]))).dt.year.tolist() == [2261, 1678]


def test_the_finest_unit():
    assert finest(["day", "second", "hour"]) == "second"
    assert reader(DAYS, "%Y-%m-%d").step == 1
