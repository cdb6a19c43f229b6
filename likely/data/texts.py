"""Texts as rows: lines, molecules, proteins, or the pages of one long document."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, Literal, final, overload

import numpy as np

from likely.data.describe import Summary, TextsSummary
from likely.data.hashing import piece_hashes, share_of_copies
from likely.data.rows import Array, Pieces, Places, Table
from likely.data.write import write_texts
from likely.errors import WrongRows

Form = Literal["lines", "document", "molecules", "proteins"]
PAGE = 4096  # characters (or bytes) of a document that make one row
AXES = 256  # numbers that stand for a text among others: how often each pair of characters comes, hashed
WORDS: dict[Form, str] = {"lines": "texts", "document": "pages", "molecules": "molecules", "proteins": "proteins"}
MOLECULE = re.compile(
    r"\[[^\[\]]+\]|Br|Cl|%\d\d|[BCNOPSFIbcnops]|[-=#$:/\\.()~*]|\d"  # an atom, a bond, a branch, a ring
)


@final
class BytePages(Sequence[str]):
    """The pages of a file that is not loaded: each is read where it lies when it is asked for."""

    def __init__(self, pages: Array) -> None:
        self.pages = pages  # (N, PAGE) uint8, mapped

    @classmethod
    def of(cls, path: Path) -> "BytePages":
        """The file's whole pages."""
        whole = path.stat().st_size // PAGE
        return cls(np.memmap(path, np.uint8, "c", shape=(whole, PAGE)))  # "c": nothing is ever written to the file

    def __len__(self) -> int:
        return len(self.pages)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> "BytePages": ...
    def __getitem__(self, at: int | slice) -> "str | BytePages":
        """A page as text, whatever its bytes; or neighbours, which stay where they are."""
        if isinstance(at, slice):
            return BytePages(self.pages[at])
        return self.pages[at].tobytes().decode("utf-8", "surrogateescape")


@final
@dataclass(frozen=True)
class Texts(Pieces):
    """Texts, one a row, and what is said about each."""

    texts: Sequence[str]
    form: Form = "lines"
    about: Table | None = None
    names: tuple[str, ...] = field(default=())
    word: ClassVar[str] = "texts"
    suffix: ClassVar[str] = ".txt"

    @property
    def consecutive(self) -> bool:
        return self.form == "document"

    @property
    def dimensions(self) -> int:
        return max(1, round(float(np.mean([len(text) for text in _some(self.texts)]))))

    def __len__(self) -> int:
        return len(self.texts)

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    def __getitem__(self, at: int) -> str:
        return self.texts[at]

    def take(self, rows: Places) -> "Texts":
        kept = np.asarray(rows)
        about = None if self.about is None else self.about.take(kept)
        names = tuple(self.names[i] for i in kept) if self.names else ()
        return Texts(_taken(self.texts, kept), self.form, about, names)

    def hashes(self) -> Array:
        return piece_hashes(text.encode("utf-8", "surrogateescape") for text in self.texts)

    def heading(self) -> bytes:
        return self.form.encode()

    def with_about(self, about: Table | None) -> "Texts":
        return replace(self, about=about)

    def _alike(self, other: "Texts") -> "Texts":
        if (self.form == "document") == (other.form == "document"):
            return other
        return replace(other, form=self.form)

    def mixed(self, rng: np.random.Generator) -> "Texts":
        """Every character drawn from all of them; the lengths stay."""
        letters = np.array(list("".join(self.texts)), dtype=object)
        cuts = np.cumsum([len(text) for text in self.texts])[:-1]
        return Texts(tuple("".join(part) for part in np.split(rng.permutation(letters), cuts)), self.form)

    def points(self) -> Array:
        return np.stack([_profile(text) for text in self.texts]) if len(self) else np.zeros((0, AXES + 1))

    def array(self) -> Array:
        return np.array(list(self.texts), dtype=object)

    def described(self) -> Summary:
        lengths = [len(text) for text in _some(self.texts)]
        about, example = None if self.about is None else self.about.described(), self.texts[0] if len(self) else ""
        letters = len({letter for text in _some(self.texts) for letter in text})
        spread = (int(np.min(lengths)), round(float(np.mean(lengths))), int(np.max(lengths)))
        copies = 0.0 if self.consecutive else share_of_copies(self.hashes())
        return TextsSummary(len(self), WORDS[self.form], spread, letters, copies, about, example[:80])

    def written(self, path: Path, told: str | None) -> list[Path]:
        return write_texts(self, path, told)


def texts_of(values: Sequence[Any], form: Form | None = None) -> Texts:
    """Strings that a person holds, as rows."""
    for place, value in enumerate(values):
        if not isinstance(value, str):
            raise WrongRows(f"text {place + 1} is {value!r}", expected="a text in each place")
    texts = tuple(values)
    return Texts(texts, form or form_of(texts))


def form_of(texts: Sequence[str]) -> Form:
    """What lines look like: molecules where each is cut into atoms and bonds with nothing left, else lines."""
    head = [text for text in texts[:200] if text]
    telling = sum(any(mark in text for mark in "=#()[]123") for text in head)
    if head and telling > 0.5 * len(head) and all(is_molecule(text) for text in head):
        return "molecules"
    return "lines"


def is_molecule(text: str) -> bool:
    """Whether a text is made of atoms, bonds, branches and rings alone."""
    return sum(map(len, MOLECULE.findall(text))) == len(text)


def _some(texts: Sequence[str], most: int = 10_000) -> Sequence[str]:
    return texts[:most]


def _taken(texts: Sequence[str], rows: Array) -> Sequence[str]:
    """Neighbours stay where they are: pages of a mapped file are not copied."""
    if isinstance(texts, BytePages):
        first, last = (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, 0)
        together = len(rows) == last - first and bool((np.diff(rows) == 1).all())
        return texts[first:last] if together else BytePages(texts.pages[rows])
    return tuple(texts[int(i)] for i in rows)


def _profile(text: str) -> Array:
    """Counts of hashed pairs of characters, square-rooted and scaled; and the length's logarithm."""
    counts = np.zeros(AXES + 1)
    for pair in pairwise(text):
        counts[hashlib.blake2b("".join(pair).encode("utf-8", "surrogateescape"), digest_size=1).digest()[0]] += 1
    counts = np.sqrt(counts / max(len(text) - 1, 1))
    counts[AXES] = np.log1p(len(text)) / 10
    return counts
