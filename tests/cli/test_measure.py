"""Anybody's rows judged."""

import json
from pathlib import Path

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
    assert {each["group"] for each in told["measured"]["synthetic"].values()} >= {"two-sample", "utility", "privacy"}
    assert told["copies"][0].keys() == {"synthetic", "learned", "exact"} if told["copies"] else True
    assert "<html" in (tmp_path / "page.html").read_text()


def test_what_cannot_be_measured(cli, files, people):
    people.head(5).to_csv("few.csv", index=False)
    cli("measure", "real.csv", "few.csv").fails(3, "too few")
    people.drop(columns="town").to_csv("lacking.csv", index=False)
    cli("measure", "real.csv", "lacking.csv").fails(3, "town")
    cli("measure", "real.csv", "digits").fails(3)
    Path("empty.csv").write_text("")
    cli("measure", "real.csv", "empty.csv").fails(3, "empty")
    people.head(1).to_csv("one.csv", index=False)
    cli("measure", "real.csv", "one.csv").fails(3, "1 synthetic rows are too few")
    people[["age"]].assign(age=1.0).to_csv("flat.csv", index=False)
    cli("measure", "flat.csv", "flat.csv").fails(3, "no column")
    cli("measure", *files, "--features", "town").fails(2, "pictures")
    cli("measure", *files, "--target", "wage").fails(3, "wage")
    cli("measure", "real.csv", "nowhere.csv").fails(3, "nowhere.csv")
    cli("measure", *files, "-o", "/proc/page.html").fails(6, "/proc/page.html")


def test_planted_copies_are_told_by_their_places(cli, people):
    people.to_csv("real.csv", index=False)
    people.head(40).to_csv("train.csv", index=False)
    people.tail(60).assign(age=lambda rows: rows["age"] + 0.5).iloc[:-1].to_csv("new.csv", index=False)
    told = cli("measure", "real.csv", "train.csv", "--train", "train.csv", "--quick")
    assert "repeat a learned row" in told.out
    assert "row 0 is learned row 0" in told.out
    assert "MMD" not in told.out


def test_markdown(cli, files, tmp_path):
    assert cli("measure", *files, "--quick", "--markdown", "told.md", "-o", "page.md").code == 0
    assert (tmp_path / "told.md").read_text().startswith("# real.csv: how good are these synthetic rows?")
    assert (tmp_path / "page.md").read_text().count("## ") > 3
    cli("measure", *files, "--markdown", "/proc/told.md").fails(6, "/proc/told.md")
