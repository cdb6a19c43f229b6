"""Anybody's rows judged."""

import json

import pytest


@pytest.fixture
def files(people, cli, tmp_path):
    people.to_csv("real.csv", index=False)
    people.sample(frac=1, random_state=0).assign(age=30.0).to_csv("new.csv", index=False)
    return "real.csv", "new.csv"


def test_a_table_beside_the_references(cli, files):
    told = cli("measure", *files)
    assert told.code == 0
    header = told.out.splitlines()[0]
    assert all(name in header for name in ("synthetic", "real rows", "independent columns"))
    assert "--train" in told.out
    assert "only 60 rows" in told.out
    assert "nan" not in told.out.casefold()


def test_json_and_a_page(cli, files, tmp_path):
    told = json.loads(cli("measure", *files, "--train", "real.csv", "--json", "-o", "page.html").out)
    assert told["rows"] == {"real": 120, "synthetic": 120}
    assert told["report"] == "page.html"
    assert {"two-sample AUC", "copies"} <= set(told["measured"]["synthetic"])
    assert "<html" in (tmp_path / "page.html").read_text()


def test_what_cannot_be_measured(cli, files, people):
    people.head(5).to_csv("few.csv", index=False)
    cli("measure", "real.csv", "few.csv").fails(3, "too few")
    people.drop(columns="town").to_csv("lacking.csv", index=False)
    cli("measure", "real.csv", "lacking.csv").fails(3, "town")
    cli("measure", "real.csv", "digits").fails(3)
    cli("measure", "real.csv", "nowhere.csv").fails(3, "nowhere.csv")
    cli("measure", *files, "-o", "/proc/page.html").fails(6, "/proc/page.html")
