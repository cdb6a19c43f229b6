"""The page: whole, self-contained, escaped, without NaN."""

import errno
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from likely.data import Images
from likely.errors import CannotSave
from likely.report import write_comparison

VOID = {"meta", "img", "br", "hr", "link", "input"}


class Checked(HTMLParser):
    """Reads a page and holds its structure: every tag closed in order, every attribute, every word."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes, self.words, self.each = [], [], [], [], []

    def of(self, tag):
        return [attributes for name, attributes in self.each if name == tag]

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.each.append((tag, attrs))
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
    places = {value for name, value in found.attributes if name == "id"}
    assert all(
        source.startswith(("data:image/png;base64,", "data:audio/wav;base64,")) or source[1:] in places
        for source in sources
    )
    text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", written.read_text())
    assert not re.search(r"https?:|//[a-z]|@import|url\(", text)
    assert "default-src 'none'" in text


def test_it_can_be_read_aloud_and_by_the_keyboard(written):
    found = checked(written)
    levels = [int(tag[1]) for tag in found.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(dict(each).get("alt") for each in found.of("img"))
    assert all(dict(each).get("aria-label") and dict(each).get("role") == "img" for each in found.of("svg"))
    assert all(dict(each).get("scope") for each in found.of("th"))
    assert all("tabindex" in dict(each) for each in found.of("div") if dict(each).get("class") == "wide")
    assert {"header", "main", "footer", "nav"} <= set(found.tags)
    ids = [value for name, value in found.attributes if name == "id"]
    assert len(ids) == len(set(ids))


def test_the_verdict_comes_first(written):
    words = " ".join(checked(written).words)
    order = ["To score rows", "NaiveBayes", "It is exact", "To generate rows", "undecided", "By held-out likelihood"]
    places = [words.index(said, words.index("To score rows")) for said in order]
    assert places == sorted(places)
    assert words.index("By held-out") < words.index("Samples, real ones among them") < words.index("The race:")


def test_the_race_is_told(written):
    words = " ".join(" ".join(checked(written).words).split())
    for said in ("Learning curves on validation rows: nats/row, higher is better", "distance, lower is better",
                 "it gave no number", "−2.000, −2.100, −1.900", "≥ ≈ −1.000 [−1.200, −0.800] nats/row"):  # fmt: skip
        assert said in words


@pytest.mark.slow
def test_a_page_of_large_pictures_by_many_stays_small(planted, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (120, 96, 96, 3)).astype(np.uint8)  # noise: nothing to compress
    real = Images(pixels)
    found = planted(real, real)
    many = tuple(replace(found.contenders[2], name=f"GAN {at}") for at in range(36))
    path = write_comparison(replace(found, contenders=many, verdicts={}, rounds=()), tmp_path / "page.html")
    assert path.stat().st_size < 5_000_000
    assert "21 more" in " ".join(checked(path).words)  # real pictures stand by themselves


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
