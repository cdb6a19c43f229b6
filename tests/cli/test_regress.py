"""Numbers told on the command line, with what they rest on."""

import json

import pandas as pd


def test_lines_and_what_they_rest_on(cli, models):
    told = cli("regress", models["iris"], "iris", "--target", "petal width (cm)")
    assert told.code == 0
    assert told.out.startswith("mean,sd,q5,q25,q50,q75,q95\n")
    assert "150 rows, p(petal width (cm) | the rest): the means are exact but for ±" in told.err


def test_json_and_a_file(cli, models, tmp_path):
    words = ("regress", models["iris"], "iris", "--target", "petal width (cm)", "--draws", 20)
    told = json.loads(cli(*words, "--json").out)
    assert told["way"] == "exact"
    assert len(told["rows"]) == 150
    cli(*words, "-o", "told.csv")
    assert len(pd.read_csv(tmp_path / "told.csv")) == 150


def test_wrong_uses(cli, models):
    cli("regress", models["iris"], "iris").fails(2, "which number", "--target")
    cli("regress", models["iris"], "iris", "--target", "species").fails(4, "no number", "classify")
    cli("regress", models["digits"], "digits", "--target", "x").fails(3, "no column 'x'")


def test_a_heuristic_is_called_one(cli, models):
    told = cli("regress", models["gan"], "iris", "--target", "petal width (cm)", "--draws", 2)
    assert "the means are heuristic but for" in told.err
