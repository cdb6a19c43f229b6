"""The page of a measurement."""

import pytest

from likely.apps.measure import measure
from likely.report import write_measurement
from tests.report.test_page import checked


@pytest.fixture(params=["tables", "pictures"])
def found(request, tmp_path):
    real, drawn = request.getfixturevalue(request.param)
    return request.param, checked(
        write_measurement(measure(real, drawn, train=real, quick=True), tmp_path / "page.html")
    )


def test_it_is_whole_and_says_first_what_is_worse(found):
    kind, page = found
    words = " ".join(" ".join(page.words).split())
    assert not {"script", "link", "iframe", "object", "base", "form"} & set(page.tags)
    assert "synthetic rows" in words
    assert "How likely" not in words
    assert "no likelihood" not in words
    assert "Are single columns and pairs of them right?" in words
    verdict = words.index("other real") if "other real" in words else -1
    assert -1 < verdict < words.index("Side by side")
    assert all(dict(each).get("alt") for each in page.of("img"))
    assert ("Edges of synthetic" in words) == (kind == "pictures")
    assert kind == "tables" or page.tags.count("img") > 3  # real, synthetic, independent, and their means


def test_rows_that_were_copied_are_shown(tables, tmp_path):
    real, _ = tables
    found = measure(real, real.take(range(40)), train=real, quick=True)
    words = " ".join(" ".join(checked(write_measurement(found, tmp_path / "page.html")).words).split())
    assert "40 synthetic rows repeat a learned row, 0 nearly" in words
    assert "row 0 is learned row 0" in words
