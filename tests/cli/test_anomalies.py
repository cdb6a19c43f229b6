"""`likely anomalies`: the strangest rows, a file of all, JSON, and refusals."""

import json

import numpy as np
import pandas as pd
import pytest

import likely


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    place = tmp_path_factory.mktemp("anomalies")
    likely.fit("iris", likely.Autoencoder(latent=2), budget=100, seed=1, certify=False).save(place / "iris.likely")
    return place / "iris.likely"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A model that completes, and rows that it has not seen."""
    place = tmp_path_factory.mktemp("whole") / "iris.likely"
    return likely.fit("iris", likely.GaussianMixture(), validation="iris", certify=False).save(place)


@pytest.fixture
def strange(tmp_path):
    frame = likely.read("iris").frame.head(20).copy()
    frame.iloc[6, :4] = [7.9, 2.0, 1.0, 2.5]
    frame.to_csv(tmp_path / "some.csv", index=False)


def test_the_strangest_come_first(cli, run, strange):
    told = cli("anomalies", run, "some.csv")
    assert told.code == 0
    assert told.out.splitlines()[1].split()[0] == "7"
    assert "of 20 rows raised" in told.out
    assert "misfit" in told.out


def test_files_and_json(cli, run, strange, tmp_path):
    found = json.loads(cli("anomalies", run, "some.csv", "--json").out)
    assert len(found["rows"]) == 20
    assert set(found["rows"][0]) == {"score", "p_value", "q_value"}
    assert cli("anomalies", run, "some.csv", "-o", "out.csv").code == 0
    written = pd.read_csv(tmp_path / "out.csv")
    assert np.allclose(written["score"], [row["score"] for row in found["rows"]])
    assert json.loads(cli("anomalies", run, "some.csv", "-o", "out.csv", "--json").out)["rows"] is None


def test_why_and_what_would_not_be_odd(cli, whole, strange):
    told = cli("anomalies", whole, "some.csv")
    first = told.out.splitlines()[1]
    assert first.split()[0] == "7"
    assert "sepal length (cm) 7.9" in first
    assert "→" in first
    found = json.loads(cli("anomalies", whole, "some.csv", "--json").out)
    top = found["strangest"][0]
    assert top["row"] == 7
    assert np.isclose(sum(each["nats"] for each in top["why"]) + top["rest"], -top["score"])
    assert top["nearest"]["p_value"] >= 0.25
    assert "nearest" not in cli("anomalies", whole, "some.csv", "--no-why").out


def test_score_says_the_same(cli, whole, strange):
    assert cli("score", whole, "some.csv", "--anomalies").out == cli("anomalies", whole, "some.csv").out
    typical = cli("score", whole, "some.csv", "--anomalies", "--by", "typicality").out
    assert typical == cli("anomalies", whole, "some.csv", "--by", "typicality").out
    cli("score", whole, "some.csv", "--by", "typicality").fails(2, "--anomalies")
    assert "nats/row" in cli("score", whole, "some.csv").out


def test_other_ways(cli, whole, strange, tmp_path):
    assert "distance of" in cli("anomalies", whole, "some.csv", "--by", "typicality").out
    cli("anomalies", whole, "some.csv", "--by", "complexity", "--calibration", "iris").fails(4, "pictures")
    cli("anomalies", whole, "some.csv", "--by", "ratio").fails(2, "--background TRAIN")
    cli("anomalies", whole, "some.csv", "--by", "ratio", "--background", "iris").fails(3, "pictures")
    assert cli("anomalies", whole, "some.csv", "--by", "nonsense").code == 2
    cli("anomalies", whole, "some.csv", "--by", "surprise", "--calibration", "some.csv").fails(4, "pixel after pixel")


def test_a_background_is_fitted_once_and_kept(cli, tmp_path):
    likely.fit("digits", likely.NaiveBayes(), certify=False).save(tmp_path / "d.likely")
    words = "anomalies", "d.likely", "digits", "--calibration", "digits"
    told = cli(*words, "--by", "ratio", "--background", "digits")
    assert "--background d.background.likely" in told.err
    assert cli(*words, "--by", "ratio", "--background", "d.background.likely").out == told.out
    assert "lossless" in cli(*words, "--by", "complexity").out
    told = cli(*words, "--heat", "odd.png")
    assert "odd.png: the rows above and where they are odd (4 x 4 patches" in told.out
    assert (tmp_path / "odd.png").is_file()
    cli(*words, "--heat", "odd.csv").fails(2, "a .png file")
    cli("anomalies", "iris", "--heat", "odd.png").fails(2, "RUN DATA")


def test_a_table_that_no_model_was_fitted_to(cli, whole, tmp_path):
    frame = likely.read("iris").frame.drop(columns="species")
    frame.iloc[6] = [7.9, 2.0, 1.0, 2.5]
    frame.to_csv(tmp_path / "all.csv", index=False)
    told = cli("anomalies", "all.csv")
    assert told.out.splitlines()[1].split()[0] == "7"
    assert "of 150 rows raised" in told.out
    assert json.loads(cli("anomalies", "all.csv", "--json").out)["strangest"][0]["row"] == 7
    assert cli("anomalies", "all.csv", "--calibration", "all.csv", "-o", "out.csv").code == 0
    assert len(pd.read_csv(tmp_path / "out.csv")) == 150
    assert cli("anomalies", whole).code == 2
    cli("anomalies", "digits").fails(3, "likely fit")


def test_a_calibration_of_one_s_own(cli, run, models, strange):
    cli("anomalies", models["iris"], "some.csv").fails(4, "--calibration")
    assert cli("anomalies", models["iris"], "some.csv", "--calibration", "iris").code == 0


def test_refusals(cli, run, models, strange, tmp_path):
    cli("anomalies", run, "nothing.csv").fails(3, "nothing.csv")
    cli("anomalies", models["gan"], "some.csv").fails(4, "Autoencoder")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n3,4\n")
    cli("anomalies", run, "other.csv").fails(3, "sepal length (cm)")
    cli("anomalies", run, "digits").fails(3, "pictures")
    likely.read("iris").frame.head(1).to_csv(tmp_path / "one.csv", index=False)
    assert "of 1 row raised" in cli("anomalies", run, "one.csv").out
