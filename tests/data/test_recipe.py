from pathlib import Path

import pytest

from likely.data import read, read_recipe, write
from likely.data.recipe import packed_recipe, sidecar
from likely.errors import DataError, Unreadable

RECIPE = {"run": "adult.likely", "seed": 3, "given": {"naïve": [1, None, "ü"]}}


@pytest.mark.parametrize("name", ["x.csv", "x.tsv", "x.csv.gz", "x.parquet", "x.npz"])
def test_tables_carry_their_recipe(tmp_path: Path, name: str) -> None:
    write(read("moons").take(range(9)), tmp_path / name, recipe=RECIPE)
    assert read_recipe(tmp_path / name) == RECIPE


@pytest.mark.parametrize("name", ["x.png", "x.npz", "folder"])
def test_pictures_carry_their_recipe(tmp_path: Path, name: str) -> None:
    write(read("digits").take(range(5)), tmp_path / name, recipe=RECIPE)
    assert read_recipe(tmp_path / name) == RECIPE
    if name == "folder":
        assert read_recipe(tmp_path / name / "00003.png") == RECIPE


def test_files_without_a_recipe(tmp_path: Path) -> None:
    write(read("moons").take(range(9)), tmp_path / "x.csv")
    with pytest.raises(DataError, match=r"carries no recipe(.|\n)*x\.csv\.recipe\.json holds it"):
        read_recipe(tmp_path / "x.csv")
    sidecar(tmp_path / "x.csv").write_text('{"run": ')
    with pytest.raises(Unreadable, match="is not whole"):
        read_recipe(tmp_path / "x.csv")
    sidecar(tmp_path / "x.csv").write_text("[1]")
    with pytest.raises(Unreadable, match="not a JSON object"):
        read_recipe(tmp_path / "x.csv")


def test_only_plain_json_is_a_recipe() -> None:
    with pytest.raises(DataError, match="not plain JSON"):
        packed_recipe({"x": float("nan")})
    with pytest.raises(DataError, match="not plain JSON"):
        packed_recipe({"x": object()})
