import pytest

from likely.codecs.parts import Part
from likely.codecs.vocabulary import VOCABULARIES, Characters, Pairs, Words, padded, until_end, words_or_characters
from likely.errors import Corrupt


def test_few_words_that_come_again_are_words():
    assert words_or_characters(["a red disc", "a blue disc"] * 9) is Words
    assert words_or_characters(["Anna", "Bert"]) is Characters


def test_pairs_are_fewer_tokens_than_characters_and_know_every_text():
    texts = ["the other mother gathers feathers"] * 20
    pairs = Pairs.learned(texts)
    assert len(pairs.codes(texts[0])) < len(texts[0]) / 2
    assert pairs.text(pairs.codes("Zoë 猫")) == "Zoë 猫"


def test_a_hostile_tokenizer_is_refused():
    with pytest.raises(Corrupt):
        Pairs.from_parts(Part({"unit": "pairs", "vocabulary": ['{"model": 3}']}))


@pytest.mark.parametrize("name", list(VOCABULARIES))
def test_names_are_the_table_s(name):
    assert VOCABULARIES[name].name == name


def test_texts_are_padded_and_end():
    assert padded([[1, 2], []], 3).tolist() == [[1, 2, -1], [-1, -1, -1]]
    assert until_end([4, 5, -1, 6]) == [4, 5]
    assert until_end([4, 5]) == [4, 5]
