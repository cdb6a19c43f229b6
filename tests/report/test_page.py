"""The page: whole, self-contained, escaped, without NaN."""

import errno
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

import likely
from likely.apps.contender import Contender
from likely.apps.measure import measure
from likely.errors import CannotSave
from likely.report import page, write_comparison, write_measurement

VOID = {"meta", "img", "br", "hr", "link", "input"}


class Checked(HTMLParser):
    """Reads a page and holds its structure: every tag closed in order, every attribute, every word."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes, self.words = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "title"):
            self.words.append(data)


def checked(path):
    parser = Checked()
    parser.feed(path.read_text(encoding="utf-8"))
    parser.close()
    assert parser.open == []
    return parser


@pytest.fixture(params=["tables", "pictures"])
def written(request, planted, tmp_path):
    real, drawn = request.getfixturevalue(request.param)
    return write_comparison(planted(real, drawn), tmp_path / "page.html")


def test_it_is_well_formed_and_needs_nothing_from_outside(written):
    found = checked(written)
    assert not {"script", "link", "iframe", "object", "base", "form"} & set(found.tags)
    assert found.tags.count("h1") == 1
    sources = [value for name, value in found.attributes if name in ("src", "href", "xlink:href")]
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", written.read_text())
    assert not re.search(r"https?:|//[a-z]|@import|url\(", text)
    assert "default-src 'none'" in text


def test_hostile_names_are_words_and_nothing_else(written):
    found = checked(written)
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    assert any("<script>alert" in word for word in found.words)
    assert "<script" not in written.read_text()


def test_nothing_unsaid_is_printed(written):
    words = " ".join(checked(written).words)
    assert not re.search(r"\b(nan|inf|None)\b", re.sub(r"NaiveBayes\([^)]*\)", "", words)), words
    drawn = [value for name, value in checked(written).attributes if name in ("d", "x", "y", "x1", "y2", "viewbox")]
    assert not [value for value in drawn if "nan" in value or "inf" in value]


def test_everybody_is_there_with_the_kind_of_the_number(written):
    words = " ".join(" ".join(checked(written).words).split())
    for said in (
        "NaiveBayes",
        "GAN has no density",
        "it broke",
        "Try: something else",
        "real rows",
        "independent columns",
    ):
        assert said in words
    assert "≥ ≈ −1.000 ± 0.042" in words
    assert "= −2.000 ± 0.042" in words
    assert "fitted in 1.5 min, 10.0 ms a sample" in words
    assert "800 training, 100 validation and 100 test rows" in words
    assert "Only 90 rows: read the interval, not the value." in words
    assert "over different measures" in words


def test_pictures_have_bits_and_tables_their_columns(planted, pictures, tables, tmp_path):
    words = " ".join(checked(write_comparison(planted(*pictures), tmp_path / "p.html")).words)
    assert "bits a dimension" in words
    assert "0.045" in words
    words = " ".join(checked(write_comparison(planted(*tables), tmp_path / "t.html")).words)
    assert "bits a dimension" not in words
    assert "3 more columns are not drawn" in words
    assert "2020-01-01" in words
    assert "missing" in words


def test_a_measurement(tables, tmp_path):
    real, drawn = tables
    path = write_measurement(measure(real, drawn), tmp_path / "page.html")
    words = " ".join(checked(path).words)
    assert "80 synthetic rows" in words
    assert "How likely" not in words
    assert "no likelihood" not in words


def test_a_measurement_of_pictures(pictures, tmp_path):
    real, drawn = pictures
    path = write_measurement(measure(real, drawn), tmp_path / "page.html")
    assert checked(path).tags.count("img") == 3  # real, synthetic, independent


def test_shades_are_of_what_is_worse_than_real_rows(planted, tables):
    found = {c.name: c.measures for c in (*planted(*tables).contenders, *planted(*tables).references) if c.measures}
    table = page._table(list(found.items()))
    shades = {title: [float(cell["shade"]) for cell in cells] for title, cells in table["rows"]}
    assert shades["real rows"] == [0.0] * 5
    assert shades["GAN"][0] == pytest.approx(0.8)
    assert shades["GAN"][1:] == [0.0] * 4


def test_the_file_appears_whole_or_not_at_all(planted, tables, tmp_path, monkeypatch):
    target = tmp_path / "page.html"
    target.write_text("before")

    def full(self, *arguments, **settings):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(CannotSave, match="No space left"):
        write_comparison(planted(*tables), target)
    monkeypatch.undo()
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_folders_are_made(planted, tables, tmp_path):
    target = tmp_path / "deep" / "er" / "page.html"
    assert write_comparison(planted(*tables), target) == target


def test_what_codes_keep_stands_on_a_model_s_card(tables):
    kept = {"value": 0.9, "low": 0.9 - 0.0196, "high": 0.9 + 0.0196, "note": ""}
    fitted = likely.fit("iris", likely.FactorAnalysis(factors=2), certify=False)
    measures = {"codes": {"trustworthiness": kept, "rows": 150, "held out": False}}
    fitted = replace(fitted, card=replace(fitted.card, measures=measures))
    told = page._card(Contender("FactorAnalysis", fitted.card.family, fitted=fitted), tables[0])
    assert told["codes"] == "trustworthiness 0.900 ± 0.010 (150 rows, learned from)"
    assert page._card(Contender("KDE"), tables[0])["codes"] == ""


def test_which_weights_were_kept_stands_on_a_model_s_card(tables):
    fitted = likely.fit("iris", likely.NaiveBayes(), certify=False)
    end = {"step": 3, "averaged": False, "value": 1.0, "error": None}
    measures = {"kept": end, "final": end | {"step": 9, "value": 2.0}, "unit": "nats", "rule": "the smallest"}
    fitted = replace(fitted, card=replace(fitted.card, measures=measures))
    told = page._card(Contender("NaiveBayes", fitted.card.family, fitted=fitted), tables[0])
    assert told["kept"] == "the weights, of step 3 of 9: held-out nats 1; the last weights 2"
    assert told["rule"] == "the smallest"


def test_a_game_s_health_stands_on_its_card(tables):
    reading = {"name": "critic's accuracy", "value": 0.56, "low": 0.5, "high": None, "of": "90 rows", "healthy": "0.5"}
    fitted = likely.fit("iris", likely.NaiveBayes(), certify=False)
    fitted = replace(fitted, card=replace(fitted.card, measures={"health": [reading]}))
    told = page._card(Contender("GAN", fitted.card.family, fitted=fitted), tables[0])
    assert told["health"] == ["critic's accuracy: 0.56 [0.5, ∞] (0.5)"]
    assert page._card(Contender("GAN"), tables[0])["health"] == []
