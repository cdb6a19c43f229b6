"""A table's first rows: marked, escaped, short."""

import xml.etree.ElementTree as tree

import numpy as np
import pandas as pd
import pytest

from likely.report.sheet import COLUMNS, ROWS, cell, sheet, spelled


def test_a_line_a_row_and_marks_where_told(tables):
    real, _ = tables
    odd = np.zeros((ROWS, 12), bool)
    odd[2, 0] = True
    page = tree.fromstring(str(sheet(real, odd)))
    assert len(page.findall(".//tbody/tr")) == ROWS
    assert all(th.get("scope") == "col" for th in page.iter("th"))
    assert len(list(page.iter("th"))) == COLUMNS
    assert [len(list(row.iter("mark"))) for row in page.findall(".//tbody/tr")] == [0, 0, 1, 0, 0, 0]
    assert len(list(tree.fromstring(str(sheet(real))).iter("mark"))) == 0


def test_cells_are_short():
    assert [spelled(value) for value in (3.14159, -12000.0, 1e9 / 3, float("-inf"), "a" * 40, True)] == [
        "3.142", "−12,000", "3.333e+08", "−∞", "a" * 17 + "…", "True",
    ]  # fmt: skip
    assert "–" in cell(None)
    assert "missing" in cell(float("nan"), odd=True)
    assert "&lt;b&gt;" in cell("<b>")


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT], ids=repr)
def test_whatever_says_missing_is_a_gap(missing):
    assert "gap" in cell(missing)
    assert "missing" in cell(missing, odd=True)
