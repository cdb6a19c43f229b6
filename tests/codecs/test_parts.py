import pytest

from likely.codecs.parts import Part
from likely.errors import Corrupt

SOUND = {"t": "x", "f": True, "i": 3, "n": 0.5, "ns": [1, 2.5], "ts": ["a"], "s": ["a", 1, True], "o": None, "p": {}}


def test_sound_values_come_through():
    part = Part(SOUND)
    assert part.text("t") == "x"
    assert part.flag("f") is True
    assert part.integer("i", 0, 3) == 3
    assert part.number("n") == 0.5
    assert part.numbers("ns") == (1.0, 2.5)
    assert part.texts("ts") == ("a",)
    assert part.scalars("s") == ("a", 1, True)
    assert part.optional("o") is None
    assert part.scalar("o") is None
    assert part.part("p").place == "codec.p"
    assert part.choice("t", {"x": 7}) == 7


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (1, lambda part: part.text("k")),
        (1, lambda part: part.flag("k")),
        (True, lambda part: part.integer("k", 0, 9)),
        (10, lambda part: part.integer("k", 0, 9)),
        (1.0, lambda part: part.integer("k", 0, 9)),
        (float("inf"), lambda part: part.number("k")),
        (float("nan"), lambda part: part.number("k")),
        ("1", lambda part: part.number("k")),
        (True, lambda part: part.number("k")),
        (10**400, lambda part: part.number("k")),
        ([1, "a"], lambda part: part.numbers("k")),
        ([1], lambda part: part.texts("k")),
        ([1, 1], lambda part: part.scalars("k")),
        ([[]], lambda part: part.scalars("k")),
        ("abc", lambda part: part.items("k")),
        ({}, lambda part: part.items("k")),
        ("z", lambda part: part.choice("k", {"x": 7})),
        ([], lambda part: part.choice("k", {"x": 7})),
        ([], lambda part: part.part("k")),
        (5, lambda part: part.optional("k", 0, 1)),
        ("k", lambda part: part.only("k", "l")),
    ],
)
def test_anything_else_is_refused_with_its_place(value, read):
    with pytest.raises(Corrupt, match="codec"):
        read(Part({"k": value}))


def test_keys_that_are_not_there_are_refused():
    with pytest.raises(Corrupt, match="entries"):
        Part({"a": 1}).only("a", "b")
