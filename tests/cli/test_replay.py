"""A file that carries its recipe is made again, to the byte."""

import json
import shutil

import pytest


@pytest.mark.parametrize("name", ["new.csv", "new.parquet", "new.csv.gz", "new.tsv"])
def test_made_again(cli, models, tmp_path, name):
    cli("sample", models["people"], "-n", "9", "--seed", "3", "--given", "town=Ulm", "-o", name)
    told = cli("replay", name)
    again = tmp_path / name.replace("new.", "new.again.", 1)
    assert told.code == 0
    assert again.name in told.err
    if not name.endswith(".gz"):  # gzip writes the time
        assert again.read_bytes() == (tmp_path / name).read_bytes()
    assert json.loads(cli("replay", again, "-o", "third.csv", "--json").out)["file"] == "third.csv"


def test_pictures_made_again(cli, models, tmp_path):
    cli("sample", models["digits"], "-n", "4", "-o", "new.png")
    cli("replay", "new.png")
    assert (tmp_path / "new.again.png").read_bytes() == (tmp_path / "new.png").read_bytes()
    cli("sample", models["digits"], "-n", "3", "-o", "many")
    assert cli("replay", "many").code == 0
    assert (tmp_path / "many-again" / "00001.png").read_bytes() == (tmp_path / "many" / "00001.png").read_bytes()


def test_from_another_folder_and_with_the_model_moved(cli, models, tmp_path, monkeypatch):
    shutil.copytree(models["iris"], tmp_path / "m")
    cli("sample", "m", "-n", "3", "-o", "out/new.csv")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert cli("replay", "../out/new.csv").code == 0
    (tmp_path / "m").rename(tmp_path / "moved")
    cli("replay", "../out/new.csv").fails(3, "--model")
    assert cli("replay", "../out/new.csv", "--model", "../moved").code == 0
    cli("replay", "../out/new.csv", "--model", models["people"]).fails(3, "not the model")


@pytest.mark.parametrize(
    "recipe",
    [
        "{}",
        "[1]",
        "{",
        '{"verb": "sample"}',
        '{"verb": "sample", "model": {"folder": "/", "sha256": "x"}, "n": "many"}',
    ],
)
def test_recipes_that_are_none(cli, people, tmp_path, recipe):
    people.to_csv("new.csv", index=False)
    cli("replay", "new.csv").fails(3, "recipe")
    (tmp_path / "new.csv.recipe.json").write_text(recipe)
    cli("replay", "new.csv").fails(3, "recipe")


def test_no_file(cli):
    cli("replay", "nowhere.csv").fails(3, "nowhere.csv")


def test_prompts_sharpness_and_stops_are_made_again(cli, texts, tmp_path):
    run = texts(texts=["anna\tb", "otto\tb", "bert"])
    words = ["--prompt", "o", "--temperature", "2", "--top-k", "4", "--top-p", "0.9", "--stop", r"\t", "--length", "5"]
    cli("sample", run, "-n", "20", *words, "-o", "new.txt")
    assert cli("replay", "new.txt").code == 0
    assert (tmp_path / "new.again.txt").read_bytes() == (tmp_path / "new.txt").read_bytes()
    assert all(text.startswith("o") for text in (tmp_path / "new.txt").read_text().split())
    sidecar = tmp_path / "new.txt.recipe.json"
    recipe = json.loads(sidecar.read_text())
    assert recipe["stop"] == ["\t"]
    for wrong in ({"stop": [3]}, {"stop": "x"}, {"temperature": "hot"}, {"prompt": 3}, {"top_k": 1.5}):
        sidecar.write_text(json.dumps(recipe | wrong))
        cli("replay", "new.txt").fails(3, "recipe")
    sidecar.write_text(json.dumps(recipe | {"temperature": -1}))
    cli("replay", "new.txt").fails(2, "temperature")
