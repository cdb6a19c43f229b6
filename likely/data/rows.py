"""Rows: what a file becomes before any codec sees it.

`Rows` says what every room may ask of examples of any kind; `Pieces` holds what pictures, texts and sounds have in
common. A new kind of rows is therefore a class here or beside, and a case in `codecs.codec_for` and in
`report.figure.picture_of`, the two places that match on the kind.
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self, final

import numpy as np
import pandas as pd

from likely.data.declaration import Declaration, declaration
from likely.data.describe import ImagesSummary, Summary, TableSummary, table_summary
from likely.data.hashing import frame_hashes, piece_hashes, share_of_copies
from likely.data.infer import infer
from likely.data.schema import Schema
from likely.data.write import write_images, write_table
from likely.errors import ConditionError, WrongRows
from likely.suggestion import meant, shown

Array = np.ndarray[Any, Any]
Places = Sequence[int] | Array


class Rows(ABC):
    """Examples, one a row."""

    word: ClassVar[str]  # what messages call them: "a table", "pictures"
    suffix: ClassVar[str]  # of the file that new ones go to where a person names none

    @property
    @abstractmethod
    def said(self) -> "Table | None":
        """The columns that can be named: a table is its own; of pieces, what is said about each."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def take(self, rows: Places) -> Self:
        """These rows, by position."""

    @abstractmethod
    def hashes(self) -> Array:
        """One uint64 a row, of what is modelled alone."""

    @abstractmethod
    def heading(self) -> bytes:
        """What the rows' hashes do not tell, and a hash of them all must: names of columns, sizes."""

    @abstractmethod
    def declared(self, said: Declaration) -> Self:
        """Under a declaration: what it does not speak of stays as it was."""

    @abstractmethod
    def joined(self, said: "Table", order: Sequence[str]) -> Self:
        """With the columns that they were drawn given, in the data's own order."""

    def naming(self, columns: Sequence[str], purpose: str) -> "Table":
        """The table with the named columns; an error offers near names where it lacks one."""
        known = () if self.said is None else self.said.schema.names
        lacking = [name for name in columns if name not in known]
        if self.said is None or lacking:
            what = f"there is no column {shown(lacking)} {purpose}" + (
                "" if known else f": the {self.word} have no labels"
            )
            otherwise = "" if known else "class folders, labels.csv or captions.csv give pieces their columns"
            expected = f"some of {shown(known, most=20)}" if known else "rows with labels or captions"
            raise ConditionError(what, expected=expected, remedy=meant((*lacking, "")[0], known, otherwise))
        return self.said

    def alike(self, other: "Rows") -> Self:
        """Other rows in the form of these, so that the two can be compared."""
        if not isinstance(other, type(self)):
            raise WrongRows(f"these rows are {self.word}, the others {other.word}", expected="two of one kind")
        return self._alike(other)

    @abstractmethod
    def _alike(self, other: Self) -> Self:
        """Other rows of this kind in the form of these: as many levels, one rate."""

    @abstractmethod
    def mixed(self, rng: np.random.Generator) -> Self:
        """Rows whose every cell is drawn from these, apart from all others."""

    @abstractmethod
    def array(self) -> Array:
        """As an array, for a person whose data was one."""

    @abstractmethod
    def described(self) -> Summary:
        """A summary for a person."""

    @abstractmethod
    def written(self, path: Path, told: str | None) -> list[Path]:
        """The files that these rows were written to, with the recipe where there is one."""


@final
@dataclass(frozen=True)
class Table(Rows):
    """A table: the frame as read (original dtypes, column order) and what each column is."""

    frame: pd.DataFrame
    schema: Schema
    word: ClassVar[str] = "a table"
    suffix: ClassVar[str] = ".csv"

    @property
    def said(self) -> "Table":
        return self

    def __len__(self) -> int:
        return len(self.frame)

    def take(self, rows: Places) -> "Table":
        return Table(self.frame.iloc[np.asarray(rows)], self.schema)

    def hashes(self) -> Array:
        return frame_hashes(self.frame)

    def heading(self) -> bytes:
        return "\0".join(self.schema.names).encode()

    def declared(self, said: Declaration) -> "Table":
        if said == Declaration():
            return self
        before = declaration(self.schema)
        rules, group = said.constraints or before.constraints, said.group or before.group
        merged = replace(said, columns=before.columns | said.columns, constraints=rules, group=group)
        return Table(*infer(self.frame, merged, file=self.schema.file, notes=self.schema.notes))

    def joined(self, said: "Table", order: Sequence[str]) -> "Table":
        both = pd.concat([self.frame.reset_index(drop=True), said.frame.reset_index(drop=True)], axis=1)
        return Table(both[[name for name in order if name in both.columns]], self.schema)

    def _alike(self, other: "Table") -> "Table":
        return other

    def mixed(self, rng: np.random.Generator) -> "Table":
        frame = self.frame.reset_index(drop=True)
        drawn = {name: frame[name].take(rng.permutation(len(frame))).reset_index(drop=True) for name in frame.columns}
        return Table(frame.assign(**drawn), self.schema)

    def array(self) -> Array:
        return self.frame.to_numpy()

    def described(self) -> TableSummary:
        return table_summary(self.frame, self.schema)

    def written(self, path: Path, told: str | None) -> list[Path]:
        return write_table(self, path, told)


class Pieces(Rows):
    """Examples that are each one whole: pictures, texts, sounds; and what is said about each (a class, a caption).

    Their classes are dataclasses with these two fields.
    """

    about: Table | None  # one row a piece
    names: tuple[str, ...]  # file names, where there are files

    @property
    @abstractmethod
    def consecutive(self) -> bool:
        """Whether pieces follow one another, as pages do: sides are then cut, not drawn."""

    @property
    @abstractmethod
    def dimensions(self) -> int:
        """How many numbers a piece is: scores are also told in bits a number."""

    @abstractmethod
    def points(self) -> Array:
        """(N, D) floats: each piece as a point, near to those that look alike."""

    @abstractmethod
    def with_about(self, about: Table | None) -> Self:
        """The same pieces, with this said about them."""

    @property
    def said(self) -> Table | None:
        return self.about

    def declared(self, said: Declaration) -> Self:
        if self.about is None:
            said.check(())
            return self
        return self.with_about(self.about.declared(said))

    def joined(self, said: Table, order: Sequence[str]) -> Self:
        return self.with_about(said)


@final
@dataclass(frozen=True)
class Images(Pieces):
    """Pictures of one size: uint8 (N, H, W, C), and what is said about each (label, caption, ...)."""

    pixels: Array
    levels: int = 256  # pixel values are 0 .. levels - 1
    about: Table | None = None
    names: tuple[str, ...] = field(default=())
    word: ClassVar[str] = "pictures"
    suffix: ClassVar[str] = ".png"

    @property
    def consecutive(self) -> bool:
        return False

    @property
    def dimensions(self) -> int:
        return int(np.prod(self.pixels.shape[1:]))

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, rows: Places) -> "Images":
        kept = np.asarray(rows)
        about = None if self.about is None else self.about.take(kept)
        names = tuple(self.names[i] for i in kept) if self.names else ()
        return Images(self.pixels[kept], self.levels, about, names)

    def hashes(self) -> Array:
        return piece_hashes(np.ascontiguousarray(each).tobytes() for each in self.pixels)

    def heading(self) -> bytes:
        return repr((self.pixels.shape[1:], self.levels)).encode()

    def with_about(self, about: Table | None) -> "Images":
        return replace(self, about=about)

    def _alike(self, other: "Images") -> "Images":
        if self.pixels.shape[1:] != other.pixels.shape[1:]:
            raise WrongRows(f"pictures of {other.pixels.shape[1:]} beside {self.pixels.shape[1:]}", expected="one size")
        if self.levels == other.levels:
            return other
        scaled = np.rint(other.pixels * ((self.levels - 1) / (other.levels - 1))).astype(np.uint8)
        return replace(other, pixels=scaled, levels=self.levels)

    def mixed(self, rng: np.random.Generator) -> "Images":
        flat = self.pixels.reshape(len(self), -1)
        return Images(rng.permuted(flat, axis=0).reshape(self.pixels.shape), self.levels)

    def points(self) -> Array:
        return self.pixels.reshape(len(self), -1) / (self.levels - 1)

    def array(self) -> Array:
        return self.pixels

    def described(self) -> ImagesSummary:
        _, height, width, channels = self.pixels.shape
        about, copies = None if self.about is None else self.about.described(), share_of_copies(self.hashes())
        return ImagesSummary(
            len(self), height, width, channels, self.levels, copies, about, (self.names or ("",))[0]
        )  # fmt: skip

    def written(self, path: Path, told: str | None) -> list[Path]:
        return write_images(self, path, told)
