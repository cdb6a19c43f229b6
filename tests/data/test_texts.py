"""Texts as rows, and pages that are read where they lie."""

import numpy as np
import pytest

from likely.data import BytePages, Texts, content_hash, describe, read, split, texts_of, write
from likely.data.texts import PAGE, form_of, is_molecule
from likely.errors import WrongRows
from likely.metrics import two_sample

NAMES = ("anna", "bert", "zoë", "x")


def test_strings_are_texts_and_come_back_in_order():
    rows = read(list(NAMES))
    assert isinstance(rows, Texts)
    assert tuple(rows) == NAMES
    assert tuple(rows.take([2, 0])) == ("zoë", "anna")
    assert rows.array().tolist() == list(NAMES)
    with pytest.raises(WrongRows, match="text 2 is 3"):
        texts_of(["a", 3])


def test_molecules_are_known_by_their_atoms():
    assert form_of(["CC(C)(C)c1ccc2occ(CC(=O)Nc3ccccc3F)c2c1", "C[C@@H]1CC(Nc2cncc(-c3nncn3C)c2)C[C@@H](C)C1"]) == (
        "molecules"
    )
    assert form_of(["Con", "Bob", "Ivo"]) == "lines"
    assert not is_molecule("hello world")


def test_the_same_texts_have_the_same_hash_and_other_texts_another():
    assert content_hash(texts_of(NAMES)) == content_hash(texts_of(list(NAMES)))
    assert content_hash(texts_of(NAMES)) != content_hash(texts_of(NAMES[::-1]))


def test_pages_are_cut_one_after_the_other_and_lines_are_drawn():
    pages = Texts(tuple(f"page {i}" for i in range(100)), "document")
    sides = split(pages)
    assert list(sides.train) == [f"page {i}" for i in range(80)]
    assert list(sides.test) == [f"page {i}" for i in range(90, 100)]
    lines = split(texts_of([f"line {i}" for i in range(1000)]))
    assert list(lines.test) != [f"line {i}" for i in range(900, 1000)]
    assert 60 < len(lines.test) < 140


def test_a_mapped_file_is_not_copied(tmp_path):
    path = tmp_path / "long.txt"
    path.write_bytes(np.arange(10 * PAGE + 5, dtype=np.uint8).tobytes())
    rows = Texts(BytePages.of(path), "document")
    assert len(rows) == 10
    part = rows.take(range(2, 7))
    assert isinstance(part.texts, BytePages)
    assert np.shares_memory(part.texts.pages, rows.texts.pages)
    assert rows.texts[3].encode("utf-8", "surrogateescape") == path.read_bytes()[3 * PAGE : 4 * PAGE]


def test_shuffled_letters_are_told_from_words():
    words = texts_of([f"{a} {b}" for a in ("red", "blue", "green") for b in ("disc", "box", "star", "ring")] * 30)
    mixed = words.mixed(np.random.default_rng(0))
    assert sorted("".join(mixed)) == sorted("".join(words))
    assert two_sample(words, mixed).value > 0.95


def test_texts_are_described():
    told = describe(texts_of(NAMES))
    assert told.form == "texts of 1 to 4 characters (3 on average), 10 different ones"
    assert told.to_json()["is"] == "texts"


@pytest.mark.parametrize("name", ["out.txt", "out.smi", "out.fasta", "out.csv"])
def test_texts_are_written(tmp_path, name):
    files = write(texts_of(NAMES), tmp_path / name, recipe={"seed": 0})
    assert [file.name for file in files] == [name, f"{name}.recipe.json"]
    assert "bert" in files[0].read_text()
