import json

import numpy as np
import pandas as pd
import pytest
import torch

from likely.codecs.text import TextCodec
from likely.codecs.vocabulary import VOCABULARIES, Characters, Words
from likely.data.rows import Table
from likely.errors import Corrupt, EmptyData, WrongRows
from likely.spaces import Tokens

CAPTIONS = [
    f"a {size} {colour} {shape}" for size in ("big", "small") for colour in ("red", "blue") for shape in ("disc", "box")
]
NAMES = ["Anna", "Bert", "Zoë", "  two  blanks ", "x"]


def said(table, texts):
    return table(pd.DataFrame({"caption": pd.Series(texts, dtype="str")}), {"caption": "text"})


@pytest.mark.parametrize(
    ("texts", "unit", "vocabulary", "length"), [(CAPTIONS * 2, Words, 7, 4), (NAMES, Characters, 17, 14)]
)
def test_texts_come_back_to_the_letter(table, texts, unit, vocabulary, length):
    rows = said(table, [*texts, None])
    codec = TextCodec.fit(rows, column="caption")
    assert type(codec.vocabulary) is unit
    assert codec.space == Tokens(vocabulary, length)
    cells = codec.encode(rows)
    assert cells.x.dtype == torch.int64
    assert (cells.x[-1] == -1).all()
    assert not cells.ladj.any()
    pd.testing.assert_frame_equal(codec.decode(cells.x).frame, rows.frame)
    assert codec.measure == f"mass of a text of at most {length} {unit.word}"


@pytest.mark.parametrize("unit", [VOCABULARIES[name] for name in ("words", "characters", "atoms", "bytes", "pairs")])
def test_the_unit_can_be_chosen(table, unit):
    rows = said(table, ["a  b", " c", "d "])
    codec = TextCodec.fit(rows, column="caption", unit=unit)
    pd.testing.assert_frame_equal(codec.decode(codec.encode(rows).x).frame, rows.frame)


def test_unknown_words_are_named(table):
    codec = TextCodec.fit(said(table, CAPTIONS), column="caption")
    with pytest.raises(WrongRows, match=r"column 'caption', row 2: words .*'huge', 'cat'") as error:
        codec.encode(said(table, ["a big red box", "a huge red cat"]))
    assert "'blue'" in error.value.expected


def test_longer_texts_are_named(table):
    codec = TextCodec.fit(said(table, CAPTIONS), column="caption")
    with pytest.raises(WrongRows, match="longer than 4 words"):
        codec.encode(said(table, ["a big big red box"]))


def test_no_text_at_all(table):
    with pytest.raises(EmptyData):
        TextCodec.fit(said(table, [None, None]), column="caption")
    with pytest.raises(WrongRows, match="lack the column 'caption'"):
        TextCodec.fit(said(table, CAPTIONS), column="caption").encode(
            Table(pd.DataFrame({"a": [1]}), said(table, []).schema)
        )


def test_draws_end_at_the_first_absent_token(table):
    codec = TextCodec.fit(said(table, CAPTIONS), column="caption")
    drawn = codec.decode(torch.tensor([[0, -1, 1, 2], [-1, -1, -1, -1], [1, 2, 3, 4]])).frame["caption"]
    assert drawn[0] == codec.vocabulary.known()[0]
    assert pd.isna(drawn[1])
    assert drawn[2].count(" ") == 3


def test_parts_rebuild_the_codec(table):
    rows = said(table, CAPTIONS)
    codec = TextCodec.fit(rows, column="caption")
    again = TextCodec.from_parts(json.loads(json.dumps(codec.parts())))
    assert again.parts() == codec.parts()
    assert torch.equal(again.encode(rows).x, codec.encode(rows).x)


@pytest.mark.parametrize(
    "wrong",
    [
        {"vocabulary": []},
        {"vocabulary": ["a", "a"]},
        {"vocabulary": "ab"},
        {"length": 0},
        {"length": 10**12},
        {"unit": "syllables"},
    ],
)
def test_hostile_parts_are_refused(table, wrong):
    with pytest.raises(Corrupt):
        TextCodec.from_parts(TextCodec.fit(said(table, CAPTIONS), column="caption").parts() | wrong)


def test_empty_texts_count_as_missing(table):
    codec = TextCodec.fit(said(table, [*CAPTIONS, ""]), column="caption")
    assert (codec.encode(said(table, [""])).x == -1).all()
    assert np.isnan(codec.decode(codec.encode(said(table, [""])).x).frame["caption"][0])
