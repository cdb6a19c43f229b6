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
