"""The families and their fields, from the source alone."""

import json

from likely.names import table


def test_every_family_with_what_it_promises(cli):
    told = cli("families").out
    assert all(name in told for name in table("Family"))
    assert "Density, Counted, Completes" in told


def test_json(cli):
    told = {each["name"]: each for each in json.loads(cli("families", "--json").out)}
    assert list(told) == list(table("Family"))
    assert {"Truncates", "Trained"} <= set(told["GAN"]["promises"])
    one = json.loads(cli("families", "vae", "--json").out)
    assert {"name", "type", "default", "help"} == set(one["fields"][0])
    assert all(field["help"] for field in one["fields"])


def test_every_field_has_help(cli):
    for name in table("Family"):
        told = json.loads(cli("families", name, "--json").out)
        assert [field["name"] for field in told["fields"] if not field["help"]] == []


def test_the_fields_of_one(cli):
    told = cli("families", "naive-bayes").out
    assert "--smoothing" in told
    assert "pseudo-count" in told


def test_a_title_says_a_family_s_name_once(cli):
    for name in table("Family"):
        title = cli("families", name).out.splitlines()[0]
        assert title.startswith(f"{name}: ")
        assert title.replace(" ", "").lower().count(f"{name.lower()}:") == 1


def test_no_such_family(cli):
    cli("families", "perceptron").fails(2, "perceptron", "NaiveBayes")
