"""Damaged files of every kind: rows, or an error that a person can act on; never anything else."""

import io
import struct
import warnings
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from likely.data import describe, read, split, write
from likely.errors import LikelyError

RNG = np.random.default_rng(0)


def whole(folder: Path) -> dict[str, bytes]:
    """One sound file of each kind."""
    table, images = read("iris").take(range(40)), read("digits").take(range(4))
    for name in ("a.csv", "a.tsv", "a.csv.gz", "a.parquet"):
        write(table, folder / name)
    write(images, folder / "b.npz")
    write(images, folder / "b.png")
    np.save(folder / "c.npy", RNG.normal(size=(9, 3)))
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    files["i-idx3-ubyte"] = struct.pack(">4B3I", 0, 0, 8, 3, 4, 8, 8) + images.pixels.tobytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("x/0.png", files["b.png"])
        archive.writestr("x/1.png", files["b.png"])
    return files | {"z.zip": packed.getvalue()}


def damaged(content: bytes) -> bytes:
    """Cut, overwritten, grown, or with a hole."""
    first, last = sorted(RNG.integers(0, len(content), 2))
    junk = RNG.integers(0, 256, RNG.integers(1, 30)).astype(np.uint8).tobytes()
    ways = (content[:last], content[:last] + junk + content[last + len(junk) :], content[:last] + junk + content[last:])
    return (*ways, content[:first] + content[last:])[RNG.integers(4)]


@pytest.mark.parametrize("rounds", [20, pytest.param(500, marks=pytest.mark.slow)])
def test_damaged_files(tmp_path: Path, rounds: int) -> None:
    (tmp_path / "whole").mkdir()
    for name, content in whole(tmp_path / "whole").items():
        for _ in range(rounds):
            (tmp_path / name).write_bytes(damaged(content))
            with suppress(LikelyError), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                rows = read(tmp_path / name)
                describe(rows)
                split(rows)
