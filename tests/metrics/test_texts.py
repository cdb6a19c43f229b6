"""Planted repeats, planted copies, planted nonsense."""

import pytest

from likely.data import Texts
from likely.metrics.texts import of_texts

CHAINS = ["C" * size + end for size in range(1, 30) for end in ("", "O", "N", "F")]


def by_name(*rows):
    return {measure.name: measure for measure in of_texts(*rows)}


def lines(told):
    return Texts(tuple(told), "lines")


def molecules(told):
    return Texts(tuple(told), "molecules")


def test_repeats_and_copies_of_texts_are_counted():
    real, learned = lines(f"name {i}" for i in range(50)), lines(f"old {i}" for i in range(50))
    drawn = lines([f"new {i}" for i in range(30)] + [f"old {i}" for i in range(10)] + ["old 0"] * 10)
    found = by_name(real, drawn, learned)
    assert list(found) == ["unique", "novel"]
    assert found["unique"].value == pytest.approx(0.8)
    assert found["unique"].ideal == found["novel"].ideal == 1.0
    assert found["novel"].value == pytest.approx(30 / 40)  # of the different ones
    assert found["novel"].low < 0.75 < found["novel"].high
    assert list(by_name(real, drawn, None)) == ["unique"]


def test_molecules_are_told_apart_by_what_they_are():
    pytest.importorskip("rdkit")
    real, learned = molecules(CHAINS[:40]), molecules(["CCO", "CCN"])
    drawn = molecules(["OCC", "CCO", "C(C)O", "c1ccccc1", "C1=CC=CC=C1", "C1CC", "CC(", "F(C)(C)C", "", "CCCl"])
    found = by_name(real, drawn, learned)
    assert list(found) == ["valid", "unique", "novel"]
    assert found["valid"].value == pytest.approx(0.6)
    assert found["unique"].value == pytest.approx(3 / 6)  # ethanol, benzene, chloroethane
    assert found["novel"].value == pytest.approx(2 / 3)
    assert list(by_name(real, molecules(["C1CC"] * 3), learned)) == ["valid"]


def test_without_the_library_letters_tell_and_the_note_says_so(monkeypatch):
    monkeypatch.setattr("likely.metrics.texts.find_spec", lambda name: None)
    found = by_name(molecules(CHAINS[:40]), molecules(["OCC", "CCO", "CCO", "C1CC"]), molecules(["CCO"]))
    assert list(found) == ["unique", "novel"]
    assert found["unique"].value == pytest.approx(3 / 4)
    assert found["novel"].value == pytest.approx(2 / 3)
    assert "RDKit is not installed" in found["unique"].note
