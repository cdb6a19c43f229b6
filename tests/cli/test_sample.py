"""Drawing rows: to the terminal, to files with their recipe, given something."""

import io
import json

import pandas as pd
import pytest
from PIL import Image

from likely.data import read_recipe


def frame(told):
    return pd.read_csv(io.StringIO(told.out))


def test_rows_come_as_csv(cli, models):
    rows = frame(cli("sample", models["iris"], "-n", "7"))
    assert rows.shape == (7, 5)
    assert rows.equals(frame(cli("sample", models["iris"], "-n", "7")))
    assert not rows.equals(frame(cli("sample", models["iris"], "-n", "7", "--seed", "1")))
    assert rows.head(3).equals(frame(cli("sample", models["iris"], "-n", "3")))


def test_json(cli, models):
    told = json.loads(cli("sample", models["people"], "-n", "40", "--json").out)
    assert len(told["rows"]) == 40
    assert told["recipe"]["n"] == 40
    ages = [row["age"] for row in told["rows"]]
    assert None in ages
    assert any(isinstance(age, float) for age in ages)


def test_given(cli, models):
    rows = frame(cli("sample", models["species"], "-n", "5", "--given", "species=setosa"))
    assert set(rows["species"]) == {"setosa"}
    rows = frame(cli("sample", models["people"], "-n", "5", "--given", "town=Köln", "--given", " children = 2 "))
    assert set(rows["town"]) == {"Köln"}
    assert set(rows["children"]) == {2}


@pytest.mark.parametrize("name", ["new.csv", "new.tsv", "new.parquet", "new.csv.gz", "deep/er/new.csv"])
def test_files_carry_their_recipe(cli, models, name, tmp_path):
    told = cli("sample", models["people"], "-n", "12", "--seed", "7", "--given", "town=Ulm", "-o", name)
    assert told.code == 0
    assert told.out == ""
    assert f"12 rows in {name}" in told.err
    recipe = read_recipe(tmp_path / name)
    assert (recipe["n"], recipe["seed"], recipe["given"]) == (12, 7, {"town": "Ulm"})
    said = json.loads(cli("sample", models["people"], "-n", "12", "-o", name, "--json").out)
    assert said["file"] == name
    assert said["recipe"]["verb"] == "sample"


def test_pictures_go_to_a_file(cli, models, tmp_path):
    assert "4 rows in samples.png" in cli("sample", models["digits"], "-n", "4").err
    with Image.open(tmp_path / "samples.png") as picture:
        assert picture.size[0] > 8
    assert cli("sample", models["digits"], "-n", "4", "--given", "label=3", "-o", "threes").code == 0
    assert (tmp_path / "threes" / "00003.png").is_file()
    assert (tmp_path / "threes" / "metadata.csv").is_file()
    assert json.loads(cli("sample", models["digits"], "-n", "2", "--json").out)["file"] == "samples.png"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--given", "species"], 2, ["COLUMN=VALUE"]),
        (["--given", "=5"], 2, ["COLUMN=VALUE"]),
        (["--given", "species=rose"], 3, ["rose", "setosa"]),
        (["--given", "colour=red"], 3, ["colour", "species"]),
        (["--given", "sepal length (cm)=long"], 3, ["long"]),
        (["-o", "new.xyz"], 2, ["new.xyz", ".csv"]),
        (["-o", "/proc/new.csv"], 6, ["/proc/new.csv"]),
    ],
)
def test_what_cannot_be_drawn_is_told(cli, models, words, code, said):
    cli("sample", models["species"], *words).fails(code, *said)


def test_given_what_a_model_cannot_complete(cli, models):
    cli("sample", models["gan"], "--given", "species=setosa").fails(4, "GAN", "NaiveBayes")


def test_no_model(cli, tmp_path):
    cli("sample", "nowhere").fails(3, "nowhere")
    (tmp_path / "file.txt").write_text("not a model")
    cli("sample", "file.txt").fails(3, "file.txt")
