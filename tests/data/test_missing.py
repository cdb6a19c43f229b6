import pandas as pd

from likely.data.missing import TEXT, as_text, is_text


def test_text_is_told_from_other_objects() -> None:
    assert is_text(pd.Series(["a", None]))
    assert is_text(pd.Series(["a", None], dtype=object))
    assert not is_text(pd.Series([1, 2]))
    assert not is_text(pd.Series([{}], dtype=object))
    assert not is_text(pd.Series(["a"], dtype="category"))


def test_missing_cells_stay_missing_as_text() -> None:
    text = as_text(pd.Series([1.5, None, 2.0]))
    assert str(text.dtype) == TEXT
    assert text.isna().tolist() == [False, True, False]
    assert text[0] == "1.5"
