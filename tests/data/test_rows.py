"""Rows of every kind; and that a new kind is a class and nothing else."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np
import pandas as pd
import pytest

from likely.apps.measure import measures
from likely.data import Images, Pieces, Summary, Table, TableSummary, content_hash, describe, read, split, write
from likely.data.hashing import piece_hashes
from likely.errors import WrongRows
from likely.metrics import two_sample

PIXELS = np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2, 1)


def columns(**cells: Any) -> Table:
    rows = read(pd.DataFrame(cells))
    assert isinstance(rows, Table)
    return rows


def labelled() -> Images:
    return Images(PIXELS, 12, columns(label=["x", "y", "z"]), ("a.png", "b.png", "c.png"))


def test_rows_are_taken_by_position_and_keep_their_schema() -> None:
    table = columns(a=[1.5, 2.5, 3.5], b=["x", "y", "x"])
    taken = table.take(np.array([2, 0]))
    assert taken.frame["a"].tolist() == [3.5, 1.5]
    assert taken.schema == table.schema


def test_images_are_taken_with_what_is_said_about_them() -> None:
    taken = labelled().take([1])
    assert len(taken) == 1
    assert taken.names == ("b.png",)
    assert taken.about is not None
    assert taken.about.frame["label"].tolist() == ["y"]


def test_a_table_names_its_own_columns_and_pictures_those_said_about_them() -> None:
    table = columns(a=[1.5, 2.5, 3.5])
    assert table.said is table
    images = labelled()
    assert images.said is images.about
    assert Images(PIXELS).said is None


def test_columns_are_joined_in_the_data_s_own_order() -> None:
    a, b = columns(a=[1.5, 2.5]), columns(b=["x", "y"])
    assert list(a.joined(b, ["b", "a"]).frame) == ["b", "a"]
    assert Images(PIXELS[:2]).joined(b, ["b"]).about == b


def test_pictures_are_brought_to_one_number_of_levels_and_never_to_one_size() -> None:
    few = Images(np.array([0, 1], np.uint8).reshape(2, 1, 1, 1), 2)
    many = Images(np.array([0, 255], np.uint8).reshape(2, 1, 1, 1), 256)
    assert many.alike(few).pixels.ravel().tolist() == [0, 255]
    assert many.alike(few).levels == 256
    with pytest.raises(WrongRows, match="beside"):
        many.alike(labelled())


def test_mixed_rows_keep_every_column_and_lose_what_binds_them() -> None:
    x = np.arange(500) / 7
    table = columns(a=x, b=-x)
    mixed = table.mixed(np.random.default_rng(0))
    assert sorted(mixed.frame["b"]) == sorted(-x)
    assert abs(np.corrcoef(mixed.frame["a"], mixed.frame["b"])[0, 1]) < 0.2
    pixels = Images(np.repeat(np.arange(200, dtype=np.uint8), 2).reshape(200, 1, 2, 1))
    drawn = pixels.mixed(np.random.default_rng(0)).pixels.reshape(200, 2)
    assert sorted(drawn[:, 0]) == list(range(200))
    assert (drawn[:, 0] != drawn[:, 1]).mean() > 0.9


def test_pictures_as_points_lie_between_0_and_1() -> None:
    points = labelled().points()
    assert points.shape == (3, labelled().dimensions) == (3, 4)
    assert points.max() == 1.0


# A kind of rows that nothing in the package knows ---------------------------------------------------------------------


@dataclass(frozen=True)
class NotesSummary(Summary):
    rows: int
    copies: float
    longest: int

    @property
    def form(self) -> str:
        return f"melodies of at most {self.longest} notes"

    @property
    def table(self) -> TableSummary | None:
        return None

    def to_json(self) -> dict[str, Any]:
        return {"is": "melodies"}


@final
@dataclass(frozen=True)
class Melodies(Pieces):
    """Each a text of notes."""

    notes: tuple[str, ...]
    about: Table | None = None
    names: tuple[str, ...] = ()
    word: ClassVar[str] = "melodies"
    suffix: ClassVar[str] = ".abc"

    @property
    def consecutive(self) -> bool:
        return False

    @property
    def dimensions(self) -> int:
        return max(map(len, self.notes))

    def __len__(self) -> int:
        return len(self.notes)

    def take(self, rows: Any) -> "Melodies":
        about = None if self.about is None else self.about.take(rows)
        return Melodies(tuple(self.notes[i] for i in rows), about)

    def with_about(self, about: Table | None) -> "Melodies":
        return replace(self, about=about)

    def hashes(self) -> np.ndarray[Any, Any]:
        return piece_hashes(each.encode() for each in self.notes)

    def heading(self) -> bytes:
        return b"notes"

    def _alike(self, other: "Melodies") -> "Melodies":
        return other

    def mixed(self, rng: np.random.Generator) -> "Melodies":
        return replace(self, notes=tuple("".join(rng.permuted(list(each))) for each in self.notes))

    def points(self) -> np.ndarray[Any, Any]:
        return np.array([[each.count(note) for note in "cdefgab"] for each in self.notes], dtype=float)

    def array(self) -> np.ndarray[Any, Any]:
        return np.array(self.notes)

    def described(self) -> NotesSummary:
        return NotesSummary(len(self), 0.0, self.dimensions)

    def written(self, path: Path, told: str | None) -> list[Path]:
        path.write_text("\n".join(self.notes))
        return [path]


def melodies(seed: int, count: int = 120) -> Melodies:
    rng = np.random.default_rng(seed)
    return Melodies(tuple("".join(rng.choice(list("cdefgab"), rng.integers(4, 12))) for _ in range(count)))


def test_a_new_kind_of_rows_is_split_hashed_described_and_written(tmp_path: Path) -> None:
    rows = melodies(0)
    parts = split(rows)
    assert len(parts.train) + len(parts.validation) + len(parts.test) == len(rows)
    assert content_hash(rows) == content_hash(melodies(0)) != content_hash(melodies(1))
    assert describe(rows).form == "melodies of at most 11 notes"
    assert write(rows, tmp_path / "all.abc") == [tmp_path / "all.abc"]
    assert read(rows) is rows


def test_a_new_kind_of_rows_is_read_under_a_schema_and_carries_a_condition() -> None:
    key = columns(key=["C", "D"] * 60)
    rows = melodies(0).joined(key, ["key"])
    assert rows.said is key
    grouped = read(rows, schema={"group": "key"})
    assert grouped.said is not None
    assert grouped.said.schema.group == "key"
    with pytest.raises(WrongRows, match="nothing"):
        read(melodies(0), schema={"group": "nothing"})


def test_a_new_kind_of_rows_is_measured() -> None:
    rows, others = melodies(0), melodies(1)
    assert two_sample(rows, others).value == pytest.approx(0.5, abs=0.2)
    found = measures(rows, others, melodies(2))
    assert {"marginals", "precision", "copies", "nearer to training"} <= set(found)
    assert "pairs" not in found
    with pytest.raises(WrongRows, match="a table"):
        two_sample(rows, columns(x=np.arange(120) / 7))
