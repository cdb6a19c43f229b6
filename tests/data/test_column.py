import numpy as np
import pandas as pd
import pytest

from likely.data.column import atoms_of, decimals_of, guess_numbers, guess_text, numbers, plain_levels
from likely.errors import WrongRows

RNG = np.random.default_rng(0)


def kind(values: object, name: str = "x") -> str:
    return guess_numbers(numbers(name, pd.Series(values)))[0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (RNG.normal(size=300), "real"),
        (RNG.integers(17, 91, size=500), "count"),
        (RNG.integers(0, 2, size=50), "category"),
        (RNG.integers(0, 10, size=500), "category"),  # labels: no tail
        (RNG.poisson(0.5, size=900), "count"),  # starts at 0 and thins out
        (RNG.geometric(0.4, size=900) - 1, "count"),
        (RNG.choice([-1, 1], size=40), "category"),
        (RNG.integers(2007, 2010, size=300), "category"),
        (RNG.integers(12285, 1484705, size=900), "real"),
        (RNG.integers(-50, 50, size=900), "real"),
        (np.arange(1, 101), "id"),
        (RNG.permutation(200), "id"),
        (RNG.choice([0.5, 1.0, 1.5], size=300), "category"),
        (RNG.choice([0.5, 1.0, 1.5], size=12), "real"),
        (np.float32(RNG.integers(0, 30, size=400)), "count"),
        ([20200100 + day for day in range(1, 29)], "date"),
    ],
)
def test_the_kind_of_numbers(values: object, expected: str) -> None:
    assert kind(values) == expected


def test_unique_numbers_are_an_identifier_by_name_or_by_running_through() -> None:
    scattered = RNG.choice(10**6, size=300, replace=False)
    assert kind(scattered) == "real"
    assert kind(scattered, "customer_id") == "id"


def test_whole_numbers_beyond_two_to_the_53_are_told_apart() -> None:
    values = [2**53 + place for place in range(30)]
    assert kind(values) == "id"
    assert kind(values + values[:1]) != "id"


def test_a_small_table_is_not_called_an_identifier() -> None:
    assert kind([1, 2, 3, 4, 5]) == "count"


def test_a_value_that_stands_apart_is_an_atom() -> None:
    gain = np.where(RNG.uniform(size=5000) < 0.9, 0, RNG.integers(100, 9999, size=5000))
    assert atoms_of(numbers("x", pd.Series(gain))) == (0.0,)
    two = np.where(RNG.uniform(size=5000) < 0.3, 99.0, RNG.normal(size=5000))
    two[:1000] = -1.0
    assert atoms_of(numbers("x", pd.Series(two))) == (-1.0, 99.0)


def test_a_coarse_grid_has_no_atoms() -> None:
    assert atoms_of(numbers("x", pd.Series(np.round(RNG.normal(size=5000), 1)))) == ()
    assert atoms_of(numbers("x", pd.Series(RNG.normal(size=5000)))) == ()


@pytest.mark.parametrize("digits", range(5))
def test_recorded_decimals(digits: int) -> None:
    values = np.round(RNG.normal(size=1000) * 100, digits)
    assert decimals_of(numbers("x", pd.Series(values)), "float64") == digits
    assert decimals_of(numbers("x", pd.Series(RNG.normal(size=100))), "float64") is None


def test_decimals_of_single_precision() -> None:
    values = np.round(RNG.uniform(size=1000), 2).astype(np.float32)
    assert decimals_of(numbers("x", pd.Series(values)), "float32") == 2
    full = RNG.uniform(size=1000).astype(np.float32)
    assert decimals_of(numbers("x", pd.Series(full)), "float32") is None


def test_one_cell_with_more_decimals_counts_even_outside_the_sample() -> None:
    values = np.round(RNG.normal(size=250_000), 1)
    values[3] = 0.123
    assert decimals_of(numbers("x", pd.Series(values)), "float64") == 3


def test_infinity_is_an_error_that_names_the_row() -> None:
    with pytest.raises(WrongRows, match="'x' holds an infinite number in row 3 "):
        numbers("x", pd.Series([1.0, np.nan, np.inf]))


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["red", "green", "blue"] * 20, "category"),
        (["0", "1", "2", "3+"] * 20, "category"),
        ([f"N{i}A1" for i in range(100)], "id"),
        ([f"N{i // 2}A1" for i in range(100)], "id"),
        ([f"name{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(100)], "text"),
        (["a long sentence of words " + chr(97 + i % 26) * (i // 26 + 1) for i in range(100)] * 5, "text"),
        (["Adelie Penguin (Pygoscelis adeliae)", "Gentoo penguin (Pygoscelis papua)"] * 20, "category"),
        (["2020-01-02", "2020-01-03"] * 20, "date"),
    ],
)
def test_the_kind_of_words(cells: list[str], expected: str) -> None:
    assert guess_text("x", pd.Series(cells))[0] == expected


def test_a_word_among_numbers_is_an_error_not_a_thousand_categories() -> None:
    cells = pd.Series([str(i * 1.5) for i in range(100)] + ["abc"])
    with pytest.raises(WrongRows, match="row 101 says 'abc'") as caught:
        guess_text("x", cells)
    assert "missing_as" in caught.value.remedy


def test_levels_are_plain_and_ascending() -> None:
    assert list(plain_levels(pd.Series(["b", None, "a"]))) == ["a", "b"]
    levels = list(plain_levels(pd.Series([3, 1, 3])))
    assert levels == [1, 3]
    assert type(levels[0]) is int
