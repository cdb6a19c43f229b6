"""Where pages go."""

from likely.apps.measure import measure
from likely.cli.pages import write_pages
from tests.report.test_page import checked


def test_each_place_gets_what_its_name_says(people, tmp_path):
    found = measure(people, people, quick=True)
    write_pages(found, tmp_path / "page.html", tmp_path / "page.md")
    assert "html" in checked(tmp_path / "page.html").tags
    assert (tmp_path / "page.md").read_text().startswith("# ")
    write_pages(found, tmp_path / "other.MD", None)
    assert (tmp_path / "other.MD").read_text() == (tmp_path / "page.md").read_text()
    write_pages(found, None, None)
    assert len(list(tmp_path.iterdir())) == 3
