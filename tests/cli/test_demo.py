"""The demonstration, with two families and a budget that is no more than a sign of life."""

import json

from likely.apps import compare


def test_a_report_of_the_digits(cli, tmp_path, monkeypatch):
    few = compare.contenders_of("naive-bayes,gan,width=8")
    monkeypatch.setattr(compare, "contenders_of", lambda families: few)
    told = cli("demo", "--budget", "2", "-o", "page.html", "--json")
    assert told.code == 0
    found = json.loads(told.out)
    assert found["source"] == "digits"
    assert found["condition"] == ["label"]
    assert [c["name"] for c in found["contenders"]] == ["NaiveBayes", "GAN"]
    page = (tmp_path / "page.html").read_text()
    assert page.count("data:image/png;base64,") >= 4
