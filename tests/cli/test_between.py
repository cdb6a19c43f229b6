"""Ways between rows from the command line."""

import json

import likely


def test_a_page_or_rows(cli, models, tmp_path):
    told = cli("between", models["vae"], "1,120", "3,4")
    assert told.code == 0
    assert told.out.startswith("row 1 to row 120: a turn of ")
    assert (tmp_path / "between.html").is_file()
    said = json.loads(cli("between", models["vae"], "1,120", "--steps", "5", "-o", "way.csv", "--json").out)
    assert len(said["ways"][0]["codes"]) == 5
    assert len(likely.read(tmp_path / "way.csv")) == 5


def test_a_generator_without_an_encoder_searches(cli, models, tmp_path):
    assert cli("between", models["gan"], "1,120", "-o", "way.csv").code == 0
    assert len(likely.read(tmp_path / "way.csv")) == 9


def test_refusals(cli, models):
    cli("between", models["iris"], "1,2").fails(4, "NaiveBayes has no codes", "VAE")
    cli("between", models["vae"], "1").fails(2, "does not name two rows")
    cli("between", models["vae"], "1,999").fails(3, "there is no row 999")
    cli("between", models["vae"], "1,2", "3,4", "-o", "way.csv").fails(2, "2 ways do not go into way.csv")
    cli("between", models["vae"], "1,2", "-o", "/proc/page.html").fails(6, "/proc/page.html")
