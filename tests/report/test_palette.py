"""Colours are far enough apart to be read: 4.5 for words, 3 for marks, on both papers."""

import pytest

from likely.report.palette import DARK, LIGHT, MARKS, SHADE, WORDS, contrast, mixed


def test_the_ends_of_the_scale():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == 1
    assert mixed("#ffffff", "#000000", 0.5) == "#808080"


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_words_can_be_read_wherever_they_stand(palette):
    for base in (palette.paper, palette.card):
        assert min(contrast(colour, base) for colour in palette.words.values()) >= WORDS
        darkest = mixed(palette.accent, base, SHADE)
        assert min(contrast(colour, darkest) for colour in (palette.ink, palette.soft)) >= WORDS
        assert contrast(palette.edge, base) >= MARKS


def test_both_papers_have_the_same_colours_by_name():
    names = [[part.split(":")[0].strip() for part in palette.css.split(";")] for palette in (LIGHT, DARK)]
    assert names[0] == names[1]
    assert "--paper" in names[0]
    assert "--k9" in names[0]
