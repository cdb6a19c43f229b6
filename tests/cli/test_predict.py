"""`likely compare --target`: tables, curves, JSON, the page; what is wrong is told before anything is fitted."""

import json


def test_how_well_a_label_is_told(cli):
    told = cli("compare", "iris", "--target", "species").out
    for said in ("NaiveBayes, calibrated", "Logistic", "overconfidence", "Always guessing"):
        assert said in told


def test_learning_curves_and_their_page(cli, tmp_path):
    done = cli("compare", "iris", "--learning-curve", "--target", "species", "--repeats", 2, "-o", "page.html")
    assert "rows" in done.out
    assert "report: page.html" in done.out
    assert "<svg" in (tmp_path / "page.html").read_text()


def test_json(cli):
    told = json.loads(cli("compare", "iris", "--target", "species", "--learning-curve", "--repeats", 2, "--json").out)
    assert {each["name"] for each in told["predictors"]} == {"NaiveBayes", "Logistic"}
    curve = told["learning_curve"]
    assert len(curve["curves"][0]["mean"]) == len(curve["sizes"])
    assert curve["crossings"][0]["first"] in ("NaiveBayes", "Logistic")


def test_what_is_wrong_is_told(cli):
    cli("compare", "iris", "--learning-curve").fails(2, "needs a label", "--target")
    cli("compare", "iris", "--target", "species", "--condition", "species").fails(2, "both")
    cli("compare", "iris", "--target", "colour").fails(3, "colour", "species")
