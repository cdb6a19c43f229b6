"""Templates: both pages share one head; what is not filled in is an error; names are a path's last part."""

import pytest
from jinja2 import UndefinedError

from likely.report.template import named, written


def test_what_is_not_filled_in_is_an_error_and_leaves_no_file(tmp_path) -> None:
    with pytest.raises(UndefinedError):
        written(tmp_path / "page.html", "predict.html", title="t")
    assert list(tmp_path.iterdir()) == []


def test_the_head_is_shared_and_escaped(tmp_path) -> None:
    page = written(
        tmp_path / "page.html", "predict.html", title="<b>", facts=[], conclusions=[], curve=None, predictions=None
    )
    assert "<title>&lt;b&gt;</title>" in page.read_text()
    assert "Content-Security-Policy" in page.read_text()


def test_names() -> None:
    assert [named(source) for source in ("a/b.csv", "iris", "x/")] == ["b.csv", "iris", "x"]
