import numpy as np
import pandas as pd
import pytest

from likely.codecs import ImageCodec, TableCodec, TextCodec, codec_for, codec_from_parts, condition_codec
from likely.data.rows import Images
from likely.errors import ConditionError, Corrupt


@pytest.fixture
def pictures(table):
    about = table(
        pd.DataFrame({"label": ["cat", "dog", "cat"], "caption": ["a cat", "a dog", "a cat"], "file": ["1", "2", "3"]}),
        {"label": "category", "caption": "text", "file": "id"},
        label={"levels": ("cat", "dog")},
    )
    return Images(np.zeros((3, 4, 4, 1), np.uint8), about=about)


def test_rows_have_their_codec(mixed, pictures):
    assert isinstance(codec_for(mixed), TableCodec)
    assert isinstance(codec_for(pictures), ImageCodec)


def test_conditions_of_tables_and_pictures(mixed, pictures):
    assert condition_codec(mixed, ["colour", "height"]).names == ("height", "colour")
    assert isinstance(condition_codec(pictures, ["label"]), TableCodec)
    assert isinstance(condition_codec(pictures, ["caption"]), TextCodec)
    assert condition_codec(pictures, ["label"]).layout.welcoming


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (["lable"], "no column 'lable'"),
        ([], "no column for a condition"),
        (["file"], r"'file' \(id\) cannot stand"),
        (["label", "caption"], r"'caption' \(text\) cannot stand"),
    ],
)
def test_columns_that_cannot_be_a_condition(pictures, columns, words):
    with pytest.raises(ConditionError, match=words):
        condition_codec(pictures, columns)


def test_pictures_of_which_nothing_is_said():
    with pytest.raises(ConditionError, match="'label'"):
        condition_codec(Images(np.zeros((3, 4, 4, 1), np.uint8)), ["label"])


@pytest.mark.parametrize(
    "parts",
    [
        None,
        [],
        {},
        {"is": "os.system"},
        {"is": None},
        {"is": []},
        {"is": "TableCodec"},
        {"is": "ImageCodec"},
        {"is": "TextCodec"},
    ],
)
def test_parts_that_are_no_codec(parts):
    with pytest.raises(Corrupt):
        codec_from_parts(parts)
