"""Texts of a known alphabet, texts that repeat themselves, and what a packer finds."""

import numpy as np
import pytest

from likely.data import Texts
from likely.metrics.language import grams, jensen_shannon, of_language, repeated

WORDS = [a + b + c for a in "bdgkt" for b in "aeiou" for c in "lmnrs"]


def prose(count, seed, words=WORDS, length=14):
    """Sentences of a chain: each word is followed by one of four."""
    rng = np.random.default_rng(seed)
    texts = []
    for _ in range(count):
        at, said = int(rng.integers(len(words))), []
        for _ in range(length):
            said.append(words[at])
            at = (3 * at + int(rng.integers(4))) % len(words)
        texts.append(" ".join(said))
    return Texts(tuple(texts))


def found(a, b):
    return {each.name: each for each in of_language(a, b)}


def test_the_same_law_gets_its_ideals():
    told = found(prose(150, 0), prose(150, 1))
    assert list(told) == ["n-gram divergence", "distinct n-grams", "repeated n-grams", "bits per character"]
    for each in told.values():
        assert each.value == pytest.approx(each.ideal, rel=0.25)
        assert each.low <= each.value <= each.high
        assert each.group == "language"


def test_each_measure_sees_what_it_is_for():
    real, good = prose(150, 0), found(prose(150, 0), prose(150, 1))
    shuffled = Texts(tuple(" ".join(np.random.default_rng(2).permutation(t.split())) for t in prose(150, 1)))
    same = Texts(tuple(prose(5, 1)) * 30)
    other = Texts(tuple(text.upper() for text in prose(150, 1)))
    assert found(real, other)["n-gram divergence"].value > 4 * good["n-gram divergence"].value
    assert found(real, shuffled)["bits per character"].low > good["bits per character"].high
    assert found(real, same)["distinct n-grams"].value < 0.5 * good["distinct n-grams"].value
    assert found(real, same)["repeated n-grams"].value == 1.0


def test_the_divergence_of_counts_against_its_formula():
    assert jensen_shannon(np.array([3, 1]), np.array([6, 2])) == 0
    assert jensen_shannon(np.array([1, 0]), np.array([0, 5])) == 1
    p, q = np.array([0.5, 0.5]), np.array([0.25, 0.75])
    m = (p + q) / 2
    told = 0.5 * (p * np.log2(p / m)).sum() + 0.5 * (q * np.log2(q / m)).sum()
    assert jensen_shannon(p * 4, q * 8) == pytest.approx(told)


def test_ngrams_are_equal_where_the_letters_are():
    text = np.array([1, 2, 3, 1, 2, 3, 2], np.uint64)
    pairs = grams(text, 2)
    assert len(np.unique(pairs)) == 4
    assert pairs[0] == pairs[3]
    assert len(grams(text, 8)) == 0


def test_repeats_are_of_other_texts_alone():
    texts = [np.array([1, 2, 3, 4, 1, 2, 3, 4], np.uint64), np.array([5, 6, 7, 8], np.uint64)]
    assert repeated(texts, texts, "words").value == 0.0


def test_short_few_and_empty_texts():
    names = Texts(tuple(["anna", "bert", "otto"] * 10))
    told = found(names, names)
    assert set(told) == {"n-gram divergence", "distinct n-grams", "repeated n-grams"}
    assert told["n-gram divergence"].value == 0
    assert of_language(names, names.take(range(3))) == []
    assert of_language(Texts(("",) * 20), names) == []
