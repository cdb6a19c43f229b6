"""Gaps of texts: each mark is one token, what is known comes back, and what cannot be is refused by name."""

import pytest
import torch

import likely
from likely.apps.gaps import completed, gapped
from likely.codecs import TextsCodec
from likely.codecs.vocabulary import Atoms, Bytes, Characters, Words
from likely.data import Texts
from likely.errors import CannotAnswer, FieldError, WrongRows
from likely.training import Engine

LINES = Texts(("abab", "baba", "ababab", "bababa") * 20)
SAID = "masked-diffusion,rate=1e-2,network=bidirectional,network.width=16,network.layers=2,network.heads=2"


@pytest.fixture(scope="module")
def fitted():
    engine = Engine(threads=1, probe=False)
    return likely.fit(LINES, SAID, budget=250, engine=engine, certify=False)


def test_gaps_are_drawn_and_the_rest_comes_back(fitted):
    told = completed(fitted, ["a_ab", "b____a", "abab"])
    assert told.way == "model-exact"
    assert told.disagreement is not None
    assert told.rows.texts[2] == "abab"
    first, second = told.rows.texts[:2]
    assert (first[0], first[2:]) == ("a", "ab")
    assert (second[0], second[-1], len(second)) == ("b", "a", 6)
    assert first == "abab"
    assert completed(fitted, ["a_ab", "b____a", "abab"]).rows == told.rows


@pytest.mark.parametrize(
    ("unit", "text", "codes"),
    [
        (Characters, "a_b_", [0, -2, 1, -2]),
        (Words, "a _ b", [0, -2, 1]),
        (Atoms, "a__b", [0, -2, -2, 1]),
        (Bytes, "a_b", [97, -2, 98]),
    ],
)
def test_a_mark_is_one_token(unit, text, codes):
    vocabulary = unit() if unit is Bytes else unit(("a", "b"))
    x, known = gapped(TextsCodec("lines", vocabulary, 6), [text], "_")
    assert torch.where(known, x, -2).tolist() == [codes + [-1] * (6 - len(codes))]


def test_what_cannot_be_is_refused(fitted):
    with pytest.raises(FieldError, match="marked by 'a'"):
        completed(fitted, ["a_"], mark="a")
    with pytest.raises(FieldError, match="marked by"):
        completed(fitted, ["a_"], mark="__")
    with pytest.raises(WrongRows, match="not there"):
        completed(fitted, ["a_z"])
    with pytest.raises(WrongRows, match="text 1 has 7"):
        completed(fitted, ["a______"])
    table = likely.fit("iris", "naive-bayes", certify=False)
    with pytest.raises(CannotAnswer, match="no gaps"):
        completed(table, ["a_"])
