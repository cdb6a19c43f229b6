import json

import numpy as np
import pytest
import torch

from likely.codecs import VOCABULARIES, TextsCodec, codec_for, codec_from_parts
from likely.data import BytePages, Texts, texts_of
from likely.data.texts import PAGE
from likely.errors import Corrupt, EmptyData, WrongRows
from likely.spaces import Tokens

TEXTS = ("anna", "Zoë\n", "  two  blanks ", "CC(Cl)[nH]1", "")


@pytest.mark.parametrize("name", list(VOCABULARIES))
def test_texts_come_back_to_the_letter_in_every_unit(name):
    rows = texts_of(TEXTS)
    codec = TextsCodec.fit(rows, unit=VOCABULARIES[name])
    cells = codec.encode(rows)
    assert cells.x.dtype == torch.int64
    assert cells.x.shape[1:] == codec.space.shape
    assert int(cells.x.max()) < codec.space.vocabulary
    assert tuple(codec.decode(cells.x)) == TEXTS
    again = codec_from_parts(json.loads(json.dumps(codec.parts())))
    assert torch.equal(again.encode(rows).x, cells.x)
    assert again.measure == codec.measure


def test_molecules_are_cut_into_atoms():
    codec = codec_for(Texts(("CC(Cl)[nH]1", "BrC"), "molecules"))
    assert codec.encode(Texts(("ClC",), "molecules")).x[0, :3].tolist() == [
        codec.vocabulary.known().index("Cl"),
        codec.vocabulary.known().index("C"),
        -1,
    ]


def test_unknown_letters_and_longer_texts_are_named():
    codec = codec_for(texts_of(["abc", "cab"]))
    with pytest.raises(WrongRows, match=r"text 2 has characters that were not there .*'z'"):
        codec.encode(texts_of(["a", "az"]))
    with pytest.raises(WrongRows, match="text 1 has 4 characters"):
        codec.encode(texts_of(["abca"]))
    with pytest.raises(EmptyData):
        codec_for(texts_of([""]))


def test_mapped_pages_are_their_own_codes(tmp_path):
    path = tmp_path / "long.txt"
    path.write_bytes(np.random.default_rng(0).integers(0, 256, 3 * PAGE, dtype=np.uint8).tobytes())
    rows = Texts(BytePages.of(path), "document")
    codec = codec_for(rows)
    cells = codec.encode(rows)
    assert codec.space == Tokens(256, PAGE)
    assert cells.x.dtype == torch.uint8
    assert cells.x.data_ptr() == torch.from_numpy(rows.texts.pages).data_ptr()
    assert tuple(codec.decode(cells.x.long())) == tuple(rows)


@pytest.mark.parametrize(
    "wrong", [{"unit": "syllables"}, {"vocabulary": []}, {"length": 0}, {"form": "poems"}, {"vocabulary": ["a", "a"]}]
)
def test_hostile_parts_are_refused(wrong):
    with pytest.raises(Corrupt):
        codec_from_parts(codec_for(texts_of(["abc"])).parts() | wrong)
