"""Classes told on the command line, with what they rest on."""

import json


def test_classes_and_what_they_rest_on(cli, models):
    told = cli("classify", models["species"], "iris")
    assert told.code == 0
    assert told.out.startswith("setosa,versicolor,virginica,class\n")
    assert "150 rows, exact: Bayes' rule over exact densities" in told.err


def test_a_column_that_is_modelled(cli, models):
    """A naive Bayes of whole rows has independent columns: every row's classes are those of all rows."""
    told = json.loads(cli("classify", models["iris"], "iris", "--target", "species", "--json").out)
    assert told["way"] == "exact"
    assert all(abs(row["setosa"] - 1 / 3) < 0.01 for row in told["rows"])


def test_calibrated_on_rows_given(cli, models):
    told = cli("classify", models["species"], "iris", "--calibrate", "iris", "-o", "told.csv")
    assert "calibrated on iris" in told.err


def test_wrong_uses(cli, models):
    cli("classify", models["iris"], "iris").fails(4, "not fitted given a class")
    cli("classify", models["iris"], "iris", "--target", "petal width (cm)").fails(4, "no class", "regress")
    cli("classify", models["iris"], "iris", "--target", "species", "--calibrate", "iris").fails(2, "--calibrate")
