import inspect

import pytest

from likely.data import EMBEDDED, Images, read


@pytest.mark.parametrize("name", EMBEDDED)
def test_every_embedded_set_is_there_and_says_what_it_is(name: str) -> None:
    rows = read(name)
    assert len(rows) >= 150
    doc = inspect.getdoc(EMBEDDED[name]) or ""
    assert doc.endswith(".")
    assert "\n" not in doc


def test_digits() -> None:
    digits = read("digits")
    assert isinstance(digits, Images)
    assert digits.pixels.shape == (1797, 8, 8, 1)
    assert digits.levels == 17
    assert digits.about.schema["label"].levels == tuple(range(10))


@pytest.mark.parametrize(("name", "label"), [("iris", "species"), ("wine", "grower"), ("breast_cancer", "diagnosis")])
def test_classes_are_words(name: str, label: str) -> None:
    schema = read(name).schema
    assert schema.names[-1] == label
    assert schema[label].kind == "category"
    assert all(isinstance(level, str) for level in schema[label].levels)


def test_diabetes_is_in_its_own_units() -> None:
    table = read("diabetes")
    assert table.frame["age"].between(18, 80).all()
    assert table.schema["progression"].kind == "count"
