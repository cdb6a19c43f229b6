"""Calibration on the command line."""

import json


def test_a_table_a_page_and_json(cli, models, tmp_path):
    words = ("calibrate", models["species"], "iris", "--draws", 19)
    told = cli(*words, "-o", "ranks.html")
    assert told.code == 0
    assert "petal width (cm)" in told.out
    assert "150 rows, each against 19 draws (exact) given 'species'" in told.out
    assert "<svg" in (tmp_path / "ranks.html").read_text()
    plain = json.loads(cli(*words, "--json").out)
    assert plain["given"] == ["species"]
    assert set(plain["columns"]["petal width (cm)"]) == {"distance", "band", "p", "verdict", "coverage"}


def test_wrong_uses(cli, models):
    cli("calibrate", models["iris"], "iris").fails(2, "--target COLUMN")
    cli("calibrate", models["iris"], "iris", "--target", "size").fails(2, "'size' is not modelled")
    cli("calibrate", models["digits"], "digits").fails(4, "no columns to rank")
