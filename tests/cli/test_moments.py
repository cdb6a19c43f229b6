"""`likely anomalies` of one record: taken so by its times or by what is said, files, JSON, and refusals."""

import json

import numpy as np
import pandas as pd
import pytest

import likely
from likely.data import Windows
from tests.apps.test_moments import wave


@pytest.fixture
def record(tmp_path):
    times = pd.date_range("2020-01-01", periods=600, freq="h")
    frame = pd.DataFrame({"timestamp": times, "value": wave(600, 0, range(300, 312))})
    frame.loc[[10, 11], "value"] = np.nan
    frame.to_csv(tmp_path / "r.csv", index=False)
    pd.DataFrame({"timestamp": times, "value": wave(600, 1)}).to_csv(tmp_path / "usual.csv", index=False)
    return frame


def test_a_record_alone(cli, record, tmp_path):
    told = cli("anomalies", "r.csv", "--window", "24")
    assert told.code == 0
    first = told.out.splitlines()[1].split()
    assert 295 <= int(first[0]) <= 318
    assert first[1] == "2020-01-13"
    assert "windows of 24 moments" in told.out
    assert "moments are in gaps" in told.out
    found = json.loads(cli("anomalies", "r.csv", "--window", "24", "--json").out)
    assert set(found["rows"][0]) == {"timestamp", "score", "p_value", "q_value"}
    assert found["rows"][10]["score"] is None
    assert found["strangest"][0]["moment"] == int(first[0])
    assert cli("anomalies", "r.csv", "--calibration", "usual.csv", "-o", "out.csv", "--plot", "o.svg").code == 0
    assert "600 moments, the 10 oddest" in (tmp_path / "o.svg").read_text()
    assert len(pd.read_csv(tmp_path / "out.csv")) == 600
    assert "committee" in cli("anomalies", "r.csv", "--rows").out
    assert "committee" in cli("anomalies", "iris").out


def test_a_model_of_windows(cli, record, tmp_path):
    window = Windows(length=24, stride=1)
    model = likely.fit(str(tmp_path / "usual.csv"), likely.FactorAnalysis(factors=2), window=window, certify=False)
    model.save(tmp_path / "w.likely")
    told = cli("anomalies", "w.likely", "r.csv", "--moments")
    assert 295 <= int(told.out.splitlines()[1].split()[0]) <= 318
    assert "--calibration" in told.out
    assert "raised" in cli("anomalies", "w.likely", "r.csv", "--moments", "--calibration", "usual.csv").out


def test_refusals(cli, record, tmp_path):
    (tmp_path / "few.csv").write_text("timestamp,value\n" + "".join(f"2020-01-0{d},{d}\n" for d in range(1, 6)))
    (tmp_path / "same.csv").write_text("t,value\n" + "".join(f"{d},7\n" for d in range(400)))
    (tmp_path / "back.csv").write_text("t,value\n" + "".join(f"{d % 100},{d * d % 7}\n" for d in range(400)))
    cli("anomalies", "few.csv").fails(3, "5 moments")
    cli("anomalies", "same.csv", "--moments").fails(3, "channel")
    cli("anomalies", "back.csv", "--moments").fails(3, "sort")
    cli("anomalies", "iris", "--moments").fails(3, "species")
    cli("anomalies", "r.csv", "--window", "500").fails(3, "shorter")
    cli("anomalies", "r.csv", "--rows", "--window", "20").fails(2, "one of them")
    cli("anomalies", "r.csv", "--plot", "o.png").fails(2, ".svg")
    cli("anomalies", "iris", "--plot", "o.svg").fails(2, "--moments")
    cli("anomalies", "nothing.csv").fails(3, "nothing.csv")
    cli("anomalies", "digits", "--moments").fails(3, "record")
