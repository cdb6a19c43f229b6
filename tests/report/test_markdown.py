"""Markdown: verdict first, tables that stay tables."""

import re

from likely.apps.measure import measure
from likely.report.markdown import escaped, table, write_markdown


def test_a_comparison(planted, tables, tmp_path):
    told = write_markdown(planted(*tables), tmp_path / "report.md").read_text()
    headings = re.findall(r"^#+ .*$", told, re.MULTILINE)
    assert headings[1:] == [
        "## Verdict", "## How likely are the unseen rows?", "## Are the samples like real rows?", "## The race",
        "## From other seeds", "## Costs",
    ]  # fmt: skip
    assert "- **To score rows: NaiveBayes.** It is exact. (= −2.000 ± 0.042)" in told
    assert "- **To generate rows: undecided.**" in told
    assert "| NaiveBayes | = | −2.000 ± 0.042 | 100.0 ms | 100 µs |" in told
    assert "0.800 [0.770, 0.830]" in told
    assert "<script" not in told
    assert not re.search(r"\b(nan|None)\b", told)
    for block in re.findall(r"(?:^\|.*\n)+", told, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


def test_a_measurement(tables, tmp_path):
    real, drawn = tables
    told = write_markdown(measure(real, drawn, train=real), tmp_path / "report.md").read_text()
    assert told.index("## Verdict") < told.index("## Are single columns and pairs of them right?")
    assert "| two-sample AUC |" in told


def test_words_stay_words():
    assert escaped("a|b <c> *d*\ne_f") == "a\\|b &lt;c> \\*d\\* e\\_f"
    assert table(("", "x"), [["a", 1]]) == "|  | x |\n| --- | --- |\n| a | 1 |"
