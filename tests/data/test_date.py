import numpy as np
import pandas as pd
import pytest

from likely.data.date import FORMATS, compact_date, date_format, parsed_dates


@pytest.mark.parametrize("written", FORMATS)
def test_every_format_is_found_and_reads_its_own_dates(written: str) -> None:
    moments = pd.Series(pd.date_range("2001-02-03 04:05:06", periods=400, freq="37h"))
    text = moments.dt.strftime(written)
    found = date_format(text)
    assert found is not None
    assert parsed_dates(text, found[0]).dt.strftime(found[0]).equals(text)
    assert parsed_dates(text, found[0]).equals(parsed_dates(text, written))


def test_days_after_the_twelfth_decide_between_day_and_month_first() -> None:
    assert date_format(pd.Series(["13/02/2020", "01/03/2020"]))[0] == "%d/%m/%Y"
    assert date_format(pd.Series(["02/13/2020", "01/03/2020"]))[0] == "%m/%d/%Y"


def test_an_ambiguous_order_is_said() -> None:
    _, why = date_format(pd.Series(["01/02/2020", "03/04/2020"]))
    assert "%d/%m/%Y would read as well" in why


@pytest.mark.parametrize("cells", [["a", "b"], ["1.5", "2.5"], ["2020-01-02", "soon"], ["555-1234"], ["12-34-56"]])
def test_other_words_are_no_dates(cells: list[str]) -> None:
    assert date_format(pd.Series(cells)) is None


def test_whole_numbers_may_be_dates() -> None:
    assert compact_date(np.array([20200101.0 + day for day in range(20)]))
    assert not compact_date(np.array([20200101.0 + 50 * day for day in range(20)]))
    assert not compact_date(np.array([5.0] * 20))
