"""Files of texts: one a line, one long document, FASTA, SMILES; what is not a table of columns."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from likely.data.declaration import Declaration
from likely.data.file import magic, opened, suffix
from likely.data.infer import infer
from likely.data.layout import NUMBER, Layout
from likely.data.rows import Table
from likely.data.texts import PAGE, BytePages, Form, Texts, form_of
from likely.errors import EmptyData, Unreadable

FASTA = (".fa", ".fasta", ".faa", ".fas", ".fna")
SMILES = (".smi", ".smiles")
SUFFIXES = (*FASTA, *SMILES)
MAPPED = 64 * 2**20  # bytes of a document beyond which it is read where it lies
BLANK = 0.02  # the share of blank lines from which lines are paragraphs of one text
LONG = 400  # characters of an average line from which it is a paragraph


def from_prose(path: Path, said: Declaration) -> Texts:
    """The texts in a file, in the form that is declared or that it shows."""
    form: Form | None = said.texts or _by_suffix(path)
    if form in (None, "document") and magic(path) == "" and path.stat().st_size >= MAPPED and not _short_lines(path):
        return Texts(BytePages.of(path), "document")
    text = _read(path)
    lines = text.splitlines()
    form = form or _form(lines)
    match form:
        case "proteins":
            return _proteins(lines, path)
        case "molecules":
            return _molecules([line for line in lines if line.strip()], path)
        case "document":
            return _document(text, path)
    told = tuple(line for line in lines if line)
    return Texts(_some(told, path), form)


def is_prose(path: Path, found: Layout) -> bool:
    """Whether lines that no delimiter cuts are texts, and not numbers or categories of a table of one column."""
    with opened(path) as file:
        head = file.read(1 << 16).decode(found.file.encoding, "replace").splitlines()[:500]
    lines = [line for line in head if line.strip()]
    if len(lines) < 2 or sum(NUMBER.match(line.strip()) is not None for line in lines) > 0.5 * len(lines):
        return False
    kind = infer(pd.DataFrame({"line": lines}))[1]["line"].kind
    return kind in ("text", "id") or (
        _form(head) == "document" and sum(len(line.split()) for line in lines) > 3 * len(lines)
    )


def _by_suffix(path: Path) -> Form | None:
    if suffix(path) in FASTA:
        return "proteins"
    return "molecules" if suffix(path) in SMILES else None


def _form(lines: Sequence[str]) -> Form:
    """Blank lines between others, and very long ones, are the paragraphs of a document."""
    if lines and lines[0].startswith(">"):
        return "proteins"
    told = [line for line in lines if line.strip()]
    blank = 1 - len(told) / max(len(lines), 1)
    if blank > BLANK or np.mean([len(line) for line in told] or [0]) > LONG:
        return "document"
    return form_of(told)


def _short_lines(path: Path) -> bool:
    """Whether the head of a large file is one text a line."""
    with path.open("rb") as file:
        head = file.read(1 << 18).decode("utf-8", "replace")
    return _form(head.splitlines()) != "document"


def _read(path: Path) -> str:
    with opened(path) as file:
        content = file.read()
    if b"\0" in content[:4096]:
        raise Unreadable(f"{path} is not text", expected="a text file in UTF-8")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return content.decode("latin-1").replace("\r\n", "\n")


def _document(text: str, path: Path) -> Texts:
    """Pages of one length; the last may be shorter."""
    return Texts(_some(tuple(text[at : at + PAGE] for at in range(0, len(text), PAGE)), path), "document")


def _molecules(lines: Sequence[str], path: Path) -> Texts:
    """The first word of each line; what follows it is the molecule's name."""
    cut = [line.split(None, 1) for line in lines]
    names = [word[1].strip() if len(word) > 1 else "" for word in cut]
    about = Table(*infer(pd.DataFrame({"name": names}))) if all(names) and names else None
    return Texts(_some(tuple(word[0] for word in cut), path), "molecules", about)


def _proteins(lines: Sequence[str], path: Path) -> Texts:
    """FASTA: a line that begins with > names the sequence on the lines below it."""
    if not lines or not lines[0].startswith(">"):
        raise Unreadable(f"{path} does not begin with >", expected="FASTA: a line >NAME above each sequence")
    names: list[str] = []
    sequences: list[list[str]] = []
    for line in lines:
        if line.startswith(">"):
            names.append(line[1:].strip())
            sequences.append([])
        else:
            sequences[-1].append(line.strip())
    joined = tuple("".join(parts) for parts in sequences)
    empty = [name for name, sequence in zip(names, joined, strict=True) if not sequence]
    if empty:
        raise Unreadable(f"{path}: '{empty[0]}' has no sequence", remedy="complete the file, or delete the entry")
    return Texts(_some(joined, path), "proteins", None, tuple(names))


def _some(texts: tuple[str, ...], path: Path) -> tuple[str, ...]:
    if not texts:
        raise EmptyData(f"{path} holds no text", expected="at least one line")
    return texts
