"""Attributes changed from the command line."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import likely


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """A model of pictures, and one of them as a file; labels stand with the rows it was fitted on."""
    place = tmp_path_factory.mktemp("digits")
    likely.fit("digits", likely.VAE(latent=4), budget=2, certify=False).save(place / "digits.likely")
    rows = likely.read("digits")
    Image.fromarray((rows.pixels[0, :, :, 0] * 15).astype(np.uint8)).save(place / "odd.png")
    likely.data.write(rows.take([0]), place / "one.npz")
    return place


def test_a_picture_becomes_another_digit(cli, digits, tmp_path):
    told = cli("edit", digits / "digits.likely", digits / "one.npz", "--add", "label=7")
    assert told.code == 0
    assert "label" in told.err
    assert "-> 7" in told.err
    assert "1 row edited, in edited.png" in told.err
    assert (tmp_path / "edited.png").exists()
    found = json.loads(cli("edit", digits / "digits.likely", "digits", "--row", "3", "--add", "label=7", "--json").out)
    assert found["n"] == 1
    assert [str(each) for each in found["changes"][0]["label"]] == ["2", "7"]


@pytest.mark.parametrize("by", ["matched", "mean"])
def test_a_table_in_every_way(cli, models, by):
    told = cli("edit", models["vae"], "iris", "--add", "species=virginica", "--by", by)
    assert told.code == 0
    assert len(told.out.splitlines()) == 151
    assert "and 147 more rows" in told.err


def test_labels_beside_the_data(cli, models, tmp_path):
    pd.DataFrame({"big": ["yes", "no", "no"] * 50}).to_csv(tmp_path / "big.csv", index=False)
    told = cli("edit", models["vae"], "iris", "--row", "1", "--labels", "big.csv", "--remove", "big", "--json")
    assert json.loads(told.out)["changes"][0]["big"][1] == "no"


def test_refusals(cli, models, digits, tmp_path):
    vae, model = models["vae"], digits / "digits.likely"
    cli("edit", vae, "iris").fails(2, "nothing is to change")
    cli("edit", vae, "iris", "--add", "glasses").fails(3, "no attribute 'glasses'", "'species'")
    cli("edit", vae, "iris", "--add", "species=rose").fails(3, "no row has species 'rose'", "'setosa'")
    cli("edit", vae, "iris", "--row", "151", "--add", "species=setosa").fails(3, "there is no row 151", "1 to 150")
    cli("edit", vae, "iris", "--add", "species=setosa", "--by", "magic").fails(2, "no way 'magic'", "matched")
    cli("edit", models["gan"], "iris", "--add", "species=setosa").fails(4, "hold a choice beside their numbers", "VAE")
    cli("edit", models["iris"], "iris", "--add", "species=setosa").fails(4, "NaiveBayes has no codes", "RealNVP")
    pd.DataFrame({"big": ["yes", "yes", "yes"] * 50}).to_csv(tmp_path / "same.csv", index=False)
    cli("edit", vae, "iris", "--labels", "same.csv", "--add", "big").fails(3, "'yes' in every row")
    pd.DataFrame({"big": ["yes", "no"]}).to_csv(tmp_path / "short.csv", index=False)
    cli("edit", vae, "iris", "--labels", "short.csv", "--add", "big").fails(3, "one row for each row of the data")
    Image.fromarray(np.zeros((5, 9), np.uint8)).save(tmp_path / "wide.png")
    cli("edit", model, "wide.png", "--add", "label=7").fails(3, "5 x 9", "8 x 8")
    cli("edit", model, digits / "odd.png", "--add", "label=7").fails(3, "levels")
    cli("edit", vae, "iris", "--data", "nowhere.csv", "--add", "species=setosa").fails(3, "nowhere.csv")
    cli("edit", vae, "iris", "--add", "species=setosa", "--strength", "inf").fails(2, "strength")


def test_a_model_whose_rows_are_gone(cli, people, tmp_path):
    people.to_csv(tmp_path / "people.csv", index=False)
    likely.fit(tmp_path / "people.csv", likely.VAE(latent=2), budget=1, certify=False).save(tmp_path / "people.likely")
    (tmp_path / "people.csv").rename(tmp_path / "moved.csv")
    line = ("edit", "people.likely", "moved.csv", "--row", "1", "--add", "town=Bonn")
    cli(*line).fails(3, "is not there any more", "--data")
    assert cli(*line, "--data", "moved.csv").code == 0
