"""Small things in words."""

import pytest

from likely.apps.words import cut, duration, first_line, listed


@pytest.mark.parametrize(
    ("seconds", "words"), [(90, "1.5 min"), (2.04, "2.0 s"), (0.0123, "12.3 ms"), (5e-6, "5 µs"), (0.0, "< 1 µs")]
)
def test_durations(seconds, words):
    assert duration(seconds) == words


def test_listed():
    assert [listed(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


def test_beginnings():
    assert first_line("it broke.\nTry: something") == "it broke"
    assert (cut("short", 5), cut("too long a text", 9)) == ("short", "too long…")
