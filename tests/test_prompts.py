"""Texts go on from their beginnings, end where they are told to, and are the same whether streamed or not."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch

import likely
from likely.card import Card
from likely.codecs import VOCABULARIES, TextsCodec
from likely.codecs.spelling import Joined, Utf8
from likely.contracts import Sharpness
from likely.data import Texts
from likely.errors import CannotAnswer, FieldError, WrongRows
from likely.fitted import Fitted
from likely.prompts import Pen
from likely.rng import Keyed
from tests.bigram import bigram

NAMES = ("anna", "bert", "berta", "hannah", "otto", "zoë")
PLAY = "ROMEO:\nbut soft\n\nJULIET:\nay me\n\n" * 4


@pytest.fixture(scope="module")
def names():
    return bigram(NAMES)


@pytest.fixture(scope="module")
def play():
    return bigram([PLAY[at : at + 32] for at in range(0, len(PLAY), 32)], form="document")


def test_the_whole_text_comes_back_with_its_beginning_as_typed(names):
    drawn = list(names.sample(20, given="be", seed=3))
    assert len(drawn) == 20
    assert all(text.startswith("be") for text in drawn)
    assert len(set(drawn)) > 1
    assert max(map(len, drawn)) <= 6


def test_each_text_has_its_own_beginning(names):
    begun = ["a", "ber", "", "ott", "b"]
    told = list(names.sample(given=begun, seed=1))
    assert [text[: len(start)] for text, start in zip(told, begun, strict=True)] == begun
    assert told == list(names.sample(given={"text": begun}, seed=1))
    assert told == list(names.sample(given=pd.DataFrame({"text": begun}), seed=1))
    assert told == list(names.sample(given=np.array(begun, dtype=object), seed=1))


def test_a_text_depends_on_its_beginning_the_seed_and_its_place_alone(names):
    many = list(names.sample(30, given="b", seed=5))
    assert list(names.sample(7, given="b", seed=5)) == many[:7]
    assert list(names.sample(given=["ott"] * 29 + ["b"], seed=5))[29] == many[29]


@pytest.mark.parametrize("given", [None, "", "b", "ROMEO:"])
def test_what_is_streamed_is_what_is_sampled(names, play, given):
    fitted = play if given == "ROMEO:" else names
    for seed in range(5):
        ways = {"sharpness": Sharpness(0.7, top_k=3), "stop": ("nn", "\n\n"), "seed": seed}
        assert "".join(fitted.stream(given, **ways)) == fitted.sample(1, given, **ways)[0]


def test_a_plain_sample_of_texts_is_the_model_s_own(names):
    own = names.codec.decode(names.model.sample(40, rng=Keyed(2)))
    assert list(names.sample(40, seed=2)) == list(own)


def test_what_is_typed_twice_is_drawn_as_the_model_says():
    fitted = bigram(["ab"] * 3 + ["ac"])
    drawn = list(fitted.sample(4000, given="a", seed=0))
    share = sum(text == "ab" for text in drawn) / 4000
    assert abs(share - 0.75) < 0.03
    cold = list(fitted.sample(1000, given="a", sharpness=Sharpness(0.5), seed=0))
    assert abs(sum(text == "ab" for text in cold) / 1000 - 0.9) < 0.03  # 9 to 1
    assert set(fitted.sample(50, given="a", sharpness=Sharpness(top_k=1))) == {"ab"}


def test_unknown_symbols_are_named(names):
    with pytest.raises(WrongRows, match=r"beginning 2, 'xq', has characters .*'x', 'q'"):
        names.sample(given=["a", "xq"])
    with pytest.raises(WrongRows, match=r"the beginning has characters .*'Q'"):
        names.stream("annaQ")  # at once, not when the first letter is asked for


def test_a_beginning_as_long_as_the_model_is_the_whole_text_and_a_longer_one_is_told(names):
    assert list(names.sample(given="hannah")) == ["hannah"]
    with pytest.raises(WrongRows, match="has 7 characters") as told:
        names.sample(given="hannahh")
    assert "at most 6" in str(told.value)
    with pytest.raises(WrongRows, match="at most 3, the length asked for"):
        names.sample(given="anna", length=3)


def test_a_document_goes_on_past_the_model_by_a_sliding_window(play):
    play.model.asked.clear()
    told = "".join(play.stream("ROMEO:", length=100))
    assert len(told) == 100
    assert play.model.asked == [6, 16, 16, 16, 16, 16]  # half of 32 tokens each time
    assert all("".join(pair) in PLAY for pair in pairwise(told))
    assert play.sample(given="ROMEO:", length=100)[0] == told
    long = PLAY[:50]
    assert len(play.sample(given=long)[0]) == 50 + 16
    assert len(play.sample()[0]) == 32


def test_windows_do_not_repeat_their_noise():
    fitted = bigram(["abba", "baab", "aaaa", "bbbb"], form="document")
    told = fitted.sample(length=402)[0]
    pieces = [told[at : at + 2] for at in range(4, 402, 2)]
    assert len(set(pieces)) == 4  # every window drew the same otherwise


def test_a_stop_string_ends_the_text_before_it(play):
    told = list(play.sample(20, given="ROMEO:", stop="\n\n", seed=0))
    assert all("\n\n" not in text for text in told)
    assert all(text.startswith("ROMEO:") for text in told)
    assert play.sample(3, given="ROMEO:\n\n", stop=["\n\n"], seed=0)[0].startswith("ROMEO:\n\n")  # as typed
    assert list(play.sample(given="R", stop=["O", "OM"])) == ["R"]


def test_length_and_stop_say_what_is_wrong(names):
    with pytest.raises(FieldError, match="a stop string is empty"):
        names.sample(stop="")
    with pytest.raises(FieldError, match="a length of 0"):
        names.sample(length=0)
    with pytest.raises(WrongRows, match="beginning 2 is 3"):
        names.sample(given=["a", 3])
    with pytest.raises(WrongRows, match="there is no beginning"):
        names.sample(given=[])
    with pytest.raises(WrongRows, match="2 beginnings"):
        names.stream(["a", "b"])
    with pytest.raises(WrongRows, match=r"names no column .*colour'\nExpected: some of 'text'"):
        names.sample(given={"colour": "red"})
    assert all(len(text) <= 2 for text in names.sample(10, length=2))


def test_tables_and_models_that_cannot_go_on_say_so():
    bayes = likely.fit("iris", likely.NaiveBayes())
    with pytest.raises(CannotAnswer, match="a stop string was given to a model of a table"):
        bayes.sample(stop="x")
    with pytest.raises(CannotAnswer, match="cannot be streamed"):
        bayes.stream("x")
    with pytest.raises(CannotAnswer, match="NaiveBayes has no sharpness"):
        bayes.sample(sharpness=Sharpness(0.5))
    with pytest.raises(CannotAnswer, match="cannot be sharpened"):
        bayes.sample(given={"species": "setosa"}, sharpness=Sharpness(0.5))
    counted = likely.fit(list(NAMES) * 5, likely.NaiveBayes())
    assert len(list(counted.sample(3))) == 3
    with pytest.raises(CannotAnswer, match="NaiveBayes has no continuations"):
        counted.sample(given="a")
    with pytest.raises(CannotAnswer, match="NaiveBayes has no continuations"):
        counted.sample(length=3)


def test_models_of_bytes_and_pairs_never_show_half_a_letter():
    texts = ["Zoë süß €5 🙂", "naïve café 🙂🙂"] * 3
    for unit in ("bytes", "pairs"):
        fitted = bigram(texts, unit=unit)
        for seed in range(8):
            pieces = list(fitted.stream("Z", seed=seed))
            whole = fitted.sample(given="Z", seed=seed)[0]
            assert "".join(pieces) == whole
            if unit == "bytes":
                assert whole.encode("utf-8", "surrogateescape").startswith(b"Z")
    with pytest.raises(WrongRows, match="udc80"):
        bigram(texts, unit="pairs").sample(given="\udc80")


@pytest.mark.parametrize("stop", [("nn",), ("an", "nn"), ("abcd", "c"), ("aab",), ("b", "ab")])
def test_a_pen_holds_back_no_more_than_what_may_be_a_stop(stop):
    """However a text is cut into tokens, it ends as soon as one stop string is whole."""
    rng = np.random.default_rng(0)
    for _ in range(300):
        text = "".join(rng.choice(list("abcdn"), 12))
        ends = [(text.find(s) + len(s), text.find(s)) for s in stop if s in text]
        expected = text[: min(ends)[1]] if ends else text
        cuts = [0, *sorted(rng.choice(np.arange(1, 12), 4, replace=False)), 12]
        tokens = [text[a:b] for a, b in pairwise(cuts)]
        pen = Pen(Joined(tokens), stop)
        shown = [pen.add(code) for code in range(len(tokens))]
        assert "".join(shown) + pen.rest() == expected
        assert pen.ended
        assert pen.add(0) == "" == pen.rest()


STORY = ("the story of the stone", "the store", "a stone", "the sto") * 4


@pytest.fixture(scope="module")
def told():
    """An unlearned Transformer over pairs: what it says is far from even."""
    torch.manual_seed(0)
    codec = TextsCodec.fit(Texts(STORY), unit=VOCABULARIES["pairs"])
    model = likely.Transformer(width=16, layers=1, heads=2).build(codec.space).eval()
    with torch.no_grad():
        model.chain.codes.head.weight.mul_(20)
    return Fitted(model, codec, Card(family=likely.Transformer(width=16, layers=1, heads=2), order=()))


@pytest.mark.parametrize("begun", ["the st", "the", "t", "a ", "the story of the stone"])
def test_a_last_token_that_others_begin_with_is_drawn_again(told, begun):
    """In the proportions of the model's own law of what comes there."""
    vocabulary, model = told.codec.vocabulary, told.model
    *known, last = vocabulary.codes(begun)
    start = torch.tensor([known], dtype=torch.long).reshape(1, -1)
    row = torch.cat([torch.full((1, 1), model.end), start], 1)
    law = model.chain.codes(row)[0, -1, : model.end].detach()
    among = [code for code in range(vocabulary.size) if vocabulary.text([code]).startswith(vocabulary.text([last]))]
    assert last in among
    mask = torch.zeros(1, vocabulary.size, dtype=torch.bool)
    mask[0, among] = True
    rows = mask.expand(2000, -1)
    drawn = next(model.continued_among(start.expand(2000, -1), rows, sharpness=Sharpness(), rng=Keyed(0)))
    share = torch.bincount(drawn, minlength=vocabulary.size).double() / 2000
    expected = law.masked_fill(~mask[0], -torch.inf).softmax(0).double()
    assert ((share - expected).abs() < 5 * (expected / 2000).sqrt() + 1e-3).all()


def test_a_text_that_is_drawn_so_begins_as_typed(told):
    begun = ["the st", "the", "", "t", "a stone", "the story of the stone"] * 3
    texts = list(told.sample(given=begun, seed=4))
    assert all(text.startswith(start) for text, start in zip(texts, begun, strict=True))
    assert [told.sample(given=begun[: at + 1], seed=4)[at] for at in range(6)] == texts[:6]
    for start in ("the st", "t", ""):
        assert "".join(told.stream(start, seed=2)) == told.sample(1, start, seed=2)[0]


def test_letters_cut_apart_are_held_back():
    pen = Pen(Utf8([bytes([b]) for b in range(256)], "surrogateescape"), ("é",))
    assert [pen.add(byte) for byte in "a€".encode()] == ["a", "", "", "€"]
    assert [pen.add(byte) for byte in "é".encode()] == ["", ""]
    assert pen.ended
    broken = Pen(Utf8([bytes([b]) for b in range(256)], "surrogateescape"), ())
    assert broken.add(0xE2) == ""
    assert broken.rest().encode("utf-8", "surrogateescape") == b"\xe2"


def test_a_row_that_has_ended_stays_ended_while_others_slide():
    fitted = bigram(["aab", "aaaaaaaa"], form="document", length=4)
    told = list(fitted.sample(50, length=12, seed=1))
    assert any(text.endswith("b") for text in told)
    assert all("b" not in text[:-1] for text in told)
    assert len({len(text) for text in told}) > 1


def test_gradients_are_as_they_were_between_two_tokens(names):
    for _ in names.stream("b"):
        assert torch.is_grad_enabled()


def test_a_transformer_s_own_samples_are_its_texts_continued():
    rows = [f"{a}{b}a" for a in ("an", "be", "zo") for b in "bdfklmnrst"]
    fitted = likely.fit(rows, likely.Transformer(width=32, layers=1), budget=10, certify=False)
    own = fitted.codec.decode(fitted.model.sample(20, rng=Keyed(3)))
    assert list(fitted.sample(20, seed=3)) == list(own)
    assert "".join(fitted.stream(seed=3)) == own[0]
    cold = Sharpness(0.5, top_k=3)
    sharp = fitted.codec.decode(fitted.model.sample_sharpened(20, sharpness=cold, rng=Keyed(3)))
    assert list(fitted.sample(20, sharpness=cold, seed=3)) == list(sharp)
    assert list(fitted.sample(given=["an", "b", ""], seed=3))[2] == own[2]
