"""The page about codes, from the command line."""

import json

from likely.apps.coded import coded
from likely.fitted import load


def test_a_page_and_the_same_as_data(cli, models, tmp_path):
    told = cli("inside", models["vae"], "--side", "3", "--between", "1,150", "--by", "species")
    assert told.code == 0, told.err
    assert "of 2 numbers of the code vary over 150 rows" in told.out
    assert "report: inside.html" in told.out
    page = (tmp_path / "inside.html").read_text()
    assert "row 1 to row 150" in page
    told = json.loads(cli("inside", models["vae"], "iris", "--side", "3", "-o", "a.html", "--json").out)
    assert told["data"] == "a.json"
    data = json.loads((tmp_path / "a.json").read_text())
    assert len(data["map"]["places"]) == told["rows"] == len(coded(load(models["vae"])))


def test_refusals_leave_no_page(cli, models, tmp_path):
    cli("inside", models["gan"]).fails(4, "hold a choice beside their numbers", "VAE")
    cli("inside", models["iris"]).fails(4, "NaiveBayes has no codes", "VAE")
    cli("inside", models["vae"], "--by", "colour").fails(2, "no column 'colour'", "'species'")
    cli("inside", models["vae"], "--between", "1,900").fails(3, "there is no row 900", "1 to 150")
    cli("inside", models["vae"], "--between", "1").fails(2, "does not name two rows")
    cli("inside", models["vae"], "digits").fails(3, "these rows are pictures")
    cli("inside", models["vae"], "-o", "/proc/page.html").fails(6, "/proc/page.html")
    assert not list(tmp_path.iterdir())
