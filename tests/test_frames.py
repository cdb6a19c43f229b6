"""Partial rows, typed values, forms."""

import numpy as np
import pandas as pd
import pytest
import torch

import likely
from likely import frames
from likely.data import read
from likely.errors import WrongRows


def test_a_mapping_s_single_values_are_repeated():
    assert frames.partial({"a": 1, "b": "x"}, 3).to_dict("list") == {"a": [1] * 3, "b": ["x"] * 3}
    assert len(frames.partial(None, 4)) == 4
    with pytest.raises(WrongRows, match="different lengths"):
        frames.partial({"a": [1, 2], "b": [1]}, 2)


def test_text_becomes_the_column_s_own_type():
    rows = read(pd.DataFrame({"size": [1.5, 2.5, 3.25] * 20, "kind": [1, 2, 3] * 20}))
    typed = frames.typed(pd.DataFrame({"size": ["2.5"], "kind": ["3"]}), rows.schema)
    assert typed["size"].tolist() == [2.5]
    assert typed["kind"].tolist() == [3]


def test_what_is_given_lies_over_what_is_drawn():
    drawn = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    laid = frames.overlaid(drawn, pd.DataFrame({"a": [9.0, np.nan]}))
    assert laid.to_dict("list") == {"a": [9.0, 2.0], "b": [3.0, 4.0]}


def test_forms_of_data():
    assert frames.form_of(np.zeros(2)) == frames.form_of(torch.zeros(2)) == "array"
    assert frames.form_of(pd.DataFrame()) == "frame"
    assert frames.source_of("x.csv") == "x.csv"


def test_the_columns_of_an_array_are_those_of_the_fitted_table_in_order():
    frame = pd.DataFrame({"a": [1.5, 2.5, 3.25] * 20, "b": [0.5, 4.5, 7.25] * 20})
    fitted = likely.fit(frame, likely.NaiveBayes())
    expected = fitted.score(frame).nats
    assert torch.equal(fitted.score(frame.to_numpy()).nats, expected)
    assert torch.equal(fitted.score(torch.tensor(frame.to_numpy())).nats, expected)
    with pytest.raises(WrongRows, match="lack the columns 'a', 'b'"):
        fitted.score(frame.to_numpy()[:, :1])


def test_a_few_lines_are_texts_to_a_model_of_texts(tmp_path):
    names = [f"{a}{b}{c}" for a in ("an", "be", "ca") for b in ("la", "ro", "ni") for c in ("us", "a", "ette", "o")]
    fitted = likely.fit(names, likely.VAE(latent=2), budget=2, certify=False)
    path = tmp_path / "two.txt"
    path.write_text("anla\nanla\n")
    assert len(fitted.score(path).nats) == 2
    path.write_text("anla\nanz\n")
    with pytest.raises(WrongRows, match="text 2 has characters that were not there"):
        fitted.score(path)


def test_columns_keep_the_datas_own_type_where_their_gaps_made_them_floats():
    own = pd.DataFrame({"year": np.array([1, 2], "int64"), "yes": [True, False], "x": [0.5, 1.5]})
    partial = pd.DataFrame({"year": [np.nan, 7.0], "yes": [None, True], "x": [np.nan, 2.0]})
    laid = frames.overlaid(own, partial)
    assert laid.dtypes.equals(own.dtypes)
    assert laid["year"].tolist() == [1, 7]
    assert laid["yes"].tolist() == [True, True]
    assert frames.overlaid(own, pd.DataFrame({"year": [np.nan, 7.5]}))["year"].tolist() == [
        1,
        7.5,
    ]  # as it was, come what may
