"""How a text table is written: encoding, delimiter, header and decimal mark, found from the first lines."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from likely.data.declaration import Declaration
from likely.data.file import READABLE, opened, suffix
from likely.data.missing import EXACTLY, MARKERS
from likely.data.schema import TextFile
from likely.errors import DataError, EmptyData, Unreadable, WrongRows
from likely.suggestion import shown

HEAD = 1 << 18  # bytes looked at
LINES = 1000  # lines looked at
LATIN_1 = "some characters are not UTF-8: the file was read as latin-1"
ONE = "\x1f"  # stands in no text: cuts nothing
DELIMITED = (".csv", ".tsv", ".tab")
KEPT_AS_TEXT = re.compile(r"^[+-]?0\d+$|^[+-]?\d{16,}$")  # 007 would lose its zeros, 2^53 its last digits
TRUTH = re.compile(r"^(true|TRUE|false|FALSE)$")  # pandas would give True back
NUMBER = re.compile(r"^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$")
COMMA_NUMBER = re.compile(r"^[+-]?\d*,\d+$")


@dataclass(frozen=True)
class Layout:
    """How a text table is written, and what its first lines showed."""

    file: TextFile
    names: tuple[str, ...]
    text: frozenset[str] = frozenset()  # columns to be read as text
    notes: tuple[str, ...] = ()
    path: Path = field(default=Path())

    def options(self, markers: Mapping[str, tuple[str, ...]], text: frozenset[str]) -> dict[str, Any]:
        """The arguments of `pandas.read_csv`."""
        file = self.file
        return {
            "sep": {" ": r"\s+", "": ONE}.get(file.delimiter, file.delimiter),
            "header": 0 if file.header else None,
            "names": list(self.names),
            "index_col": False,
            "encoding": file.encoding,
            "decimal": file.decimal,
            "quoting": csv.QUOTE_MINIMAL if file.quoted else csv.QUOTE_NONE,
            "skipinitialspace": True,
            "skip_blank_lines": len(self.names) > 1,
            "keep_default_na": False,
            "na_values": {name: list(markers.get(name, MARKERS)) for name in self.names},
            "dtype": dict.fromkeys(text, str),
            **EXACTLY,
        }


def layout_for(path: Path, said: Declaration, *, same: bool = False) -> Layout:
    """The layout under a declaration; a fitted schema's file is tried first, `same` says it is that very file."""
    if said.like is None:
        return layout(path, said.file, said.columns)
    like = {
        name: value for name, value in asdict(said.like).items() if name != "header" and (same or name != "encoding")
    }
    try:
        found = layout(path, like, said.columns)
        if not said.like.header and not set(found.names) & set(said.columns):
            found = layout(path, like | {"header": False}, said.columns)
    except DataError:
        return layout(path, said.file, said.columns)
    return found if set(said.columns) <= set(found.names) else layout(path, said.file, said.columns)


def layout(path: Path, declared: Mapping[str, Any] | None = None, known: Iterable[str] = ()) -> Layout:
    """Look at the first lines. `declared` holds fields of TextFile that the person states, `known` columns' names."""
    said = dict(declared or {})
    raw = _head_bytes(path)
    encoding, notes = (said["encoding"], ()) if "encoding" in said else _encoding(raw, path)
    lines = _lines(raw, encoding, path)
    delimiter = said.get("delimiter", _delimiter(lines, path))
    quoted = said.get("quoted", _quoted(lines, delimiter, path))
    rows = _rows(lines, delimiter, quoted)
    header = said.get("header", bool(set(rows[0]) & set(known)) or _has_header(rows, path))
    names = _names(rows, header, path)
    _regular(rows if len(lines) < LINES and len(raw) < HEAD else rows[:-1], len(names), path)
    body = rows[1:] if header else rows
    decimal = said.get("decimal", _decimal(body, delimiter))
    if not header:
        notes = (*notes, "the first line holds values, so the columns are named column_1, column_2, ...")
    return Layout(TextFile(delimiter, header, encoding, decimal, quoted), names, _text(body, names), notes, path)


def _head_bytes(path: Path) -> bytes:
    with opened(path) as source:
        head = source.read(HEAD)
    if not head.strip():
        raise EmptyData(f"{path} is empty", expected="a table with at least one row")
    return head


def _encoding(raw: bytes, path: Path) -> tuple[str, tuple[str, ...]]:
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            return name, ()
    if b"\0" in raw:
        return _wide_encoding(raw, path), ("the file was read as UTF-16, though it does not say so",)
    try:
        io.TextIOWrapper(io.BytesIO(raw[: raw.rfind(b"\n") + 1] or raw), "utf-8").read()
    except UnicodeDecodeError:
        return "latin-1", (LATIN_1,)
    return "utf-8", ()


def _wide_encoding(raw: bytes, path: Path) -> str:
    """UTF-16 without its mark: ASCII text has a zero in every second byte."""
    for name, zeros, others in (("utf-16-le", raw[1::2], raw[::2]), ("utf-16-be", raw[::2], raw[1::2])):
        if zeros.count(0) > 0.9 * len(zeros) and others.count(0) == 0:
            return name
    raise _not_text(path)


def _not_text(path: Path) -> Unreadable:
    return Unreadable(
        f"{path} is not a text table: it holds binary data",
        expected=READABLE,
    )


def _lines(raw: bytes, encoding: str, path: Path) -> list[str]:
    """The first whole lines."""
    try:
        text = raw.decode(encoding, errors="strict" if len(raw) < HEAD else "ignore")
    except (UnicodeDecodeError, LookupError) as error:
        remedy = 'declare {"file": {"encoding": "latin-1"}} in a schema'
        raise Unreadable(f"{path} is not {encoding}: {error}", remedy=remedy) from error
    strange = sum(1 for letter in text[:10000] if ord(letter) < 32 and letter not in "\t\n\r\f")
    if strange > 0.005 * min(len(text), 10000):
        raise _not_text(path)
    lines = text.splitlines()
    whole = lines[:-1] if len(raw) >= HEAD and len(lines) > 1 else lines
    return [line for line in whole[:LINES] if line.strip()]


def _cells(lines: list[str], delimiter: str, quoted: bool) -> list[list[str]]:
    if delimiter == " ":
        return [line.split() for line in lines]
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    try:
        ended = [line + "\n" for line in lines]
        return list(csv.reader(ended, delimiter=delimiter or ONE, quoting=quoting, skipinitialspace=True))
    except csv.Error:
        return []


def _rows(lines: list[str], delimiter: str, quoted: bool) -> list[list[str]]:
    return [[cell.strip() for cell in row] for row in _cells(lines, delimiter, quoted) if row]


def _quoted(lines: list[str], delimiter: str, path: Path) -> bool:
    """Tab-separated text often holds lone quotation marks: there, they count only where they come in pairs."""
    if delimiter == "":
        return suffix(path) == ".csv"
    if delimiter != "\t":
        return True
    cut = [line.split("\t") for line in lines]
    if len({len(row) for row in cut}) > 1:  # a quoted cell may hold a tab or a line break
        return len({len(row) for row in _cells(lines, "\t", True) if row}) == 1
    opening = [cell for row in cut for cell in row if cell.startswith('"')]
    return bool(opening) and all(len(cell) > 1 and cell.endswith('"') for cell in opening)


def _delimiter(lines: list[str], path: Path) -> str:
    """The character that cuts every line into the same number of cells, the more the better: the first one, too."""
    widest, widest_of_all = ("", 1), ("", 1)
    for mark in ("\t", ",", ";", "|") if suffix(path) in (".tsv", ".tab") else (",", "\t", ";", "|"):
        widths = [len(row) for row in _cells(lines, mark, _quoted(lines, mark, path)) if row]
        usual = max(set(widths), key=widths.count) if widths else 1
        if usual > widest_of_all[1] and widths.count(usual) >= 0.95 * len(widths):
            widest_of_all = mark, usual
        if usual > widest[1] and widths.count(usual) >= 0.95 * len(widths) and widths[0] in (usual, usual - 1):
            widest = mark, usual  # of 7,4;3,1 below a;b the comma is no delimiter
    return widest[0] or widest_of_all[0] or _spaced(lines) or _irregular(lines, path)


def _irregular(lines: list[str], path: Path) -> str:
    """A table by its name whose lines are not all cut alike: the error about that line is told later."""
    marks = [mark for mark in (",", "\t", ";", "|") if suffix(path) in DELIMITED and mark in lines[0]]
    return next((mark for mark in marks if 2 * sum(mark in line for line in lines) > len(lines)), "")


def _regular(rows: list[list[str]], width: int, path: Path) -> None:
    """No line may lack cells: pandas would take them for missing."""
    for place, row in enumerate(rows[1:], start=2):
        if len(row) < width:
            what = f"{path} is not a regular table: line {place} has {len(row)} cells where {width} were expected"
            raise Unreadable(what, remedy="mend the line; an empty cell still needs its delimiter")


def _spaced(lines: list[str]) -> str:
    """Spaces separate cells only where most cells are numbers: otherwise they separate words."""
    rows = [line.split() for line in lines]
    cells = [cell for row in rows[1:] or rows for cell in row]
    regular = len({len(row) for row in rows[1:] or rows}) == 1 and len(rows[-1]) > 1
    return " " if regular and sum(map(_is_number, cells)) >= 0.5 * len(cells) else ""


def _is_number(cell: str) -> bool:
    return NUMBER.match(cell) is not None


def _has_header(rows: list[list[str]], path: Path) -> bool:
    """The first line names the columns: it is all words above numbers, or words that never come again."""
    first, body = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]
    if (
        any(_is_number(cell) for cell in first)
        or len(set(first)) < len(first) - 1
        or sum(not cell for cell in first) > 1
    ):
        return _numeric_names(first, body)
    if not body:
        return suffix(path) in DELIMITED or len({len(row) for row in rows}) == 2
    columns = list(zip(*body, strict=True))
    if any(_numeric_column(column) for column in columns):
        return True
    repeating = [place for place, column in enumerate(columns) if len(set(column)) <= 0.5 * len(column)]
    if not repeating:
        return (suffix(path) in DELIMITED and len(columns) > 1) or suffix(path) == ".csv"
    return sum(first[place] not in columns[place] for place in repeating) > 0.5 * len(repeating)


def _numeric_column(column: tuple[str, ...]) -> bool:
    there = [cell for cell in column if cell not in MARKERS]
    return bool(there) and sum(map(_is_number, there)) > 0.9 * len(there)


def _numeric_names(first: list[str], body: list[list[str]]) -> bool:
    """A first line with numbers in it is still a header where words stand above numbers, or years follow a word."""
    years = [int(cell) for cell in first if cell.isdigit() and 1800 <= int(cell) <= 2200]
    words = [place for place, cell in enumerate(first) if cell and not _is_number(cell) and cell not in MARKERS]
    if words and len(years) >= 2 and len(years) + len(words) == len(first) and years == sorted(set(years)):
        return True
    columns = list(zip(*body, strict=True))
    return bool(columns) and any(_numeric_column(columns[place]) for place in words)


def _names(rows: list[list[str]], header: bool, path: Path) -> tuple[str, ...]:
    widths = [len(row) for row in rows[1:] or rows]
    usual = max(set(widths), key=widths.count)
    if not header:
        return tuple(f"column_{place + 1}" for place in range(usual))
    first = rows[0]
    first = ["row", *first] if len(first) == usual - 1 else first  # R writes no name above the row names
    names = tuple(name or f"column_{place + 1}" for place, name in enumerate(first))
    return unique_names(names, str(path))


def unique_names(names: tuple[str, ...], where: str) -> tuple[str, ...]:
    """The names, if each is there once."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise WrongRows(
            f"{where}: more than one column is called {shown(twice)}",
            expected="a name of its own for each column",
            remedy="rename or drop the repeated columns",
        )
    return names


def _decimal(body: list[list[str]], delimiter: str) -> str:
    """A comma, where numbers are written 7,4 and none is written 7.4."""
    if delimiter in (",", ""):
        return "."
    cells = [cell for row in body for cell in row]
    commas = sum(1 for cell in cells if COMMA_NUMBER.match(cell))
    points = sum(1 for cell in cells if "." in cell and _is_number(cell))
    return "," if commas > points else "."


def _text(body: list[list[str]], names: tuple[str, ...]) -> frozenset[str]:
    """Columns that pandas would change by reading them as numbers or truth values."""
    kept = set()
    for row in body:
        kept.update(name for name, cell in zip(names, row, strict=False) if _changed(cell))
    return frozenset(kept)


def _changed(cell: str) -> bool:
    return KEPT_AS_TEXT.match(cell) is not None or TRUTH.match(cell) is not None
