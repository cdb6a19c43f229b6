"""What is shown piece by piece is the text of all codes, and no piece is half a letter."""

import pytest

from likely.codecs import VOCABULARIES
from likely.codecs.vocabulary import LETTERS

TEXTS = ("anna  b", "Zoë süß €", "CC(Cl)[nH]1", "🙂 naïve\n", "")


def spelled(vocabulary, codes):
    spelling = vocabulary.spelling()
    return [*(spelling.add(code) for code in codes), spelling.rest()]


@pytest.mark.parametrize("name", list(VOCABULARIES))
def test_pieces_are_the_text(name):
    vocabulary = VOCABULARIES[name].learned(TEXTS)
    for text in TEXTS:
        codes = vocabulary.codes(text)
        pieces = spelled(vocabulary, codes)
        assert "".join(pieces) == text
        for piece in pieces:
            piece.encode("utf-8")  # no half of a letter


@pytest.mark.parametrize("name", ["bytes", "pairs"])
def test_what_is_no_letter_is_shown_as_the_whole_text_shows_it(name):
    vocabulary = VOCABULARIES[name].learned(TEXTS)
    for codes in ([200, 65, 66], [65, 226, 130], [226, 130, 172], [240, 159], [255, 255, 10]):
        assert "".join(spelled(vocabulary, codes)) == vocabulary.text(codes)


def test_a_word_after_others_has_its_blank():
    words = VOCABULARIES["words"].learned(["the cat sat"])
    later = words.spelling(first=False)
    assert [later.add(code) for code in words.codes("cat sat")] == [" cat", " sat"]


def test_every_byte_has_a_letter_of_its_own():
    assert sorted(LETTERS.values()) == list(range(256))
    assert LETTERS["A"] == 65
    assert LETTERS["Ġ"] == 32
