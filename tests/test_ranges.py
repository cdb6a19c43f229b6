"""Ranges in words and back."""

import pytest

from likely.errors import FieldError
from likely.ranges import (
    Among,
    Between,
    Both,
    Except,
    above,
    among,
    at_least,
    at_most,
    below,
    between,
    isnot,
    read_range,
)

SAID = {
    "30..40": Between("30", "40"),
    ">=30": Between("30"),
    ">30": Between("30", low_in=False),
    "<=40": Between(None, "40"),
    "< 40": Between(None, "40", high_in=False),
    "..40": Between(None, "40"),
    "a|b c": Among(("a", "b c")),
    "!=>50K": Except((">50K",)),
    "!=a|b": Except(("a", "b")),
    ">=30&<40": Both((Between("30"), Between(None, "40", high_in=False))),
}


@pytest.mark.parametrize("words", SAID)
def test_words_say_ranges_and_ranges_say_words(words):
    assert read_range(words) == SAID[words]
    assert read_range(str(SAID[words])) == SAID[words]


@pytest.mark.parametrize("words", ["", "plain", "3.5", "..", ">", "R&D", "2020-01-01", "a = b"])
def test_other_words_say_none(words):
    assert read_range(words) is None


def test_python_says_the_same():
    told = [between(30, 40), at_least(30), above(30), at_most(40), below(40), among("a", "b"), isnot("a")]
    assert [str(each) for each in told] == ["30..40", ">=30", ">30", "<=40", "<40", "a|b", "!=a"]
    assert str(at_least(30) & below(40)) == ">=30&<40"


def test_a_range_of_nothing_is_refused():
    with pytest.raises(FieldError, match="no bound"):
        between(None, None)
    with pytest.raises(FieldError, match="empty"):
        among()
