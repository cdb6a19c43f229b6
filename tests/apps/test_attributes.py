"""Which attributes there are, and what a person wants of them."""

import numpy as np
import pandas as pd
import pytest

from likely.apps.attributes import Wish, attributes_of, coded_cells, wishes_of
from likely.data import read
from likely.errors import FieldError, WrongRows

FRAME = pd.DataFrame({
    "glasses": [True, False, True, False] * 5, "hat": ["yes", "no"] * 10, "colour": ["red", "blue", "red", None] * 5,
    "label": [3, 1, 2, 10] * 5, "age": np.linspace(20, 60, 20), "always": ["here"] * 20, "sex": ["f", "m"] * 10,
    "id": [f"P{at:03d}" for at in range(20)],
})  # fmt: skip
LABELS = read(FRAME, schema={"columns": {"label": {"kind": "category"}}})
KNOWN = attributes_of(LABELS)


def wishes(add=(), remove=()):
    return wishes_of(add, remove, KNOWN, LABELS)


def test_what_tells_rows_apart_is_an_attribute():
    assert list(KNOWN) == ["glasses", "hat", "colour", "label", "age", "sex"]
    assert KNOWN["age"].numeric
    assert KNOWN["label"].keys == ["1", "2", "3", "10"]
    assert attributes_of(None) == {}


def test_cells_as_numbers():
    cells = coded_cells(KNOWN, LABELS, 20)
    assert cells.shape == (20, 6)
    assert cells[:2, 0].tolist() == [1.0, 0.0]
    assert cells[3, 2] == -1.0
    assert KNOWN["colour"].told(-1.0) is None
    assert KNOWN["label"].told(3.0) == 10
    nothing = coded_cells(KNOWN, None, 2)
    assert np.isnan(nothing[0, 4])
    assert nothing[0, 0] == -1.0


def test_wishes_as_people_say_them():
    assert wishes(["glasses"]) == [Wish("glasses", 1.0)]
    assert wishes(["hat"]) == [Wish("hat", 1.0)]
    assert wishes(["glasses=no"]) == [Wish("glasses", 0.0)]
    assert wishes(["glasses=True"]) == [Wish("glasses", 1.0)]
    assert wishes(["colour=Red"]) == [Wish("colour", 1.0)]
    assert wishes(["red"]) == [Wish("colour", 1.0)]
    assert wishes(["label=10"]) == [Wish("label", 3.0)]
    assert wishes(["age = 40.5"]) == [Wish("age", 40.5)]
    assert wishes(remove=["glasses"]) == [Wish("glasses", None, (1,))]
    assert wishes(remove=["label=1", "label=2"]) == [Wish("label", None, (0, 1))]
    assert wishes(["colour=blue"], ["colour=red"]) == [Wish("colour", 0.0)]


@pytest.mark.parametrize(
    ("add", "remove", "kind", "words"),
    [
        ((), (), FieldError, ["nothing is to change", "glasses="]),
        (["glases"], (), WrongRows, ["there is no attribute 'glases'", "'glasses', 'hat'", "did you mean 'glasses'"]),
        (["always"], (), WrongRows, ["'always' is 'here' in every row"]),
        (["always=x"], (), WrongRows, ["nothing tells it"]),
        (["id=P003"], (), WrongRows, ["'id' is id with 20 values"]),
        (["colour=green"], (), WrongRows, ["no row has colour 'green'", "'blue', 'red'"]),
        (["colour"], (), FieldError, ["does not say which colour"]),
        (["sex"], (), FieldError, ["does not say which sex", "'f', 'm'"]),
        (["age"], (), FieldError, ["does not say which age", "age=38.9"]),
        (["age=old"], (), FieldError, ["cannot become 'old'"]),
        (["age=inf"], (), FieldError, ["cannot become 'inf'"]),
        ((), ["age=40"], FieldError, ["cannot lose '40'"]),
        (["colour=red", "colour=blue"], (), FieldError, ["two things"]),
        (["colour=red"], ["colour=red"], FieldError, ["both added and removed"]),
    ],
)
def test_wishes_that_cannot_be(add, remove, kind, words):
    with pytest.raises(kind) as told:
        wishes(add, remove)
    assert all(word in str(told.value) for word in words), str(told.value)


def test_rows_of_which_nothing_is_said():
    with pytest.raises(WrongRows, match="nothing is said of the rows"):
        wishes_of(["glasses"], (), {}, None)
