"""Dates written as text: which format they have."""

import re
import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd

FORMATS = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S.%fZ",
    "%Y-%m-%dT%H:%M",
    "%Y-%m",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%m-%d-%Y",
    "%d-%m-%Y",
    "%d-%m-%y",
    "%d %b %Y",
    "%d %B %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y",
)
DATE_LIKE = re.compile(
    r"^\d{1,4}[-/. ](\d{1,2}|[A-Za-z]{3,9})([-/. ]\d{2,4})?([T ]\d{1,2}:.*)?$|^[A-Za-z]{3,9} \d{1,2},? \d{4}$"
)
DAY_FIRST = {"%m/%d/%Y": "%d/%m/%Y", "%m/%d/%y": "%d/%m/%y", "%m-%d-%Y": "%d-%m-%Y"}


def date_format(text: "pd.Series") -> tuple[str, str] | None:
    """The strftime format that every present cell has, and why; None where these are not dates."""
    unique = pd.Series(text.dropna().unique())
    if not len(unique) or not all(DATE_LIKE.match(str(cell)) for cell in unique.head(20)):
        return None
    found = next(_fitting(unique), None)
    if found is None:
        return None
    other = DAY_FIRST.get(found)
    if other is not None and _fits(unique, other):
        return found, f"dates written {found}; {other} would read as well, say which in a schema"
    return found, f"dates written {found}"


def compact_date(values: np.ndarray) -> bool:
    """Whether whole numbers are dates written 20240131."""
    if len(values) < 10 or values.min() < 19000101 or values.max() > 21001231:
        return False
    return _fits(pd.Series(np.unique(values).astype(np.int64).astype(str)), "%Y%m%d")


def parsed_dates(text: "pd.Series", written: str) -> "pd.Series":
    """Dates from text; a cell that does not have the format becomes missing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pd.to_datetime(text, format=written, errors="coerce")


def _fitting(unique: "pd.Series") -> Iterator[str]:
    head = unique.head(20)
    return (each for each in FORMATS if _fits(head, each) and _fits(unique, each))


def _fits(text: "pd.Series", written: str) -> bool:
    return bool(parsed_dates(text, written).notna().all())
