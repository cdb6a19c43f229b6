"""What follows a record, or series that have begun."""

import io
import json

import numpy as np
import pandas as pd
import pytest

import likely
from likely.data import series_of, windowed, write
from likely.training import Engine


@pytest.fixture(scope="module")
def power(tmp_path_factory):
    """A model of windows of 8 moments, and the record that it was fitted to."""
    place = tmp_path_factory.mktemp("power")
    hours = pd.date_range("2020-01-01", periods=200, freq="h").strftime("%Y-%m-%d %H:%M")
    load = np.sin(np.arange(200) / 2).round(3)
    frame = pd.DataFrame({"hour": hours, "load": load, "heat": (load**2).round(3)})
    frame.to_csv(place / "power.csv", index=False)
    rows = windowed(likely.read(place / "power.csv"), 8)
    engine = Engine(threads=1, probe=False)
    likely.fit(rows, "wavenet,width=8,skips=8,components=2", budget=5, engine=engine, certify=False).save(place / "run")
    return place


def told(outcome):
    return pd.read_csv(io.StringIO(outcome.out))


def test_a_record_goes_on_past_the_window(cli, power):
    done = cli("forecast", power / "run", power / "power.csv", "--steps", 20, "--draws", 3)
    rows = told(done)
    assert "3 draws of 20 steps after 200 moments" in done.err
    assert list(rows.columns) == ["series", "draw", "moment", "hour", "load", "heat"]
    assert len(rows) == 60
    assert rows["moment"].tolist() == [*range(200, 220)] * 3
    assert rows["hour"].iloc[0] == "2020-01-09 08:00"
    assert rows[["load", "heat"]].notna().all(axis=None)


def test_a_draw_depends_on_its_number_alone(cli, power):
    one, two = (told(cli("forecast", power / "run", power / "power.csv", "--steps", 5, "--draws", k)) for k in (1, 2))
    pd.testing.assert_frame_equal(one, two[two["draw"] == 1])


def test_quantiles_rise(cli, power, tmp_path):
    cli("forecast", power / "run", power / "power.csv", "--steps", 2, "--draws", 50, "--quantiles", "-o", "q.csv")
    load = pd.read_csv(tmp_path / "q.csv").pivot(index="moment", columns="quantile", values="load")
    assert load.columns.tolist() == [0.05, 0.25, 0.5, 0.75, 0.95]
    assert (load.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)


def test_series_that_have_begun(cli, power, tmp_path):
    write(series_of([np.zeros((3, 2)), np.ones((5, 2))], channels=("load", "heat")), tmp_path / "begun.csv")
    rows = json.loads(cli("forecast", power / "run", "begun.csv", "--steps", 2, "--json").out)["rows"]
    assert [(row["series"], row["moment"]) for row in rows] == [(1, 3), (1, 4), (2, 5), (2, 6)]
    cli("forecast", power / "run", "begun.csv", "--steps", 4).fails(3, "5 moments and 4 steps", "at most 8")


def test_what_cannot_go_on(cli, power, models, tmp_path):
    cli("forecast", models["iris"], power / "power.csv", "--steps", 2).fails(4, "NaiveBayes")
    pd.DataFrame({"load": [1.5, 2.5]}).to_csv(tmp_path / "lacks.csv", index=False)
    cli("forecast", power / "run", "lacks.csv", "--steps", 2).fails(3, "heat")
    pd.DataFrame({"load": [1.5, 2.5], "heat": ["cold", "warm"]}).to_csv(tmp_path / "words.csv", index=False)
    cli("forecast", power / "run", "words.csv", "--steps", 2).fails(3, "heat")
    pd.DataFrame({"load": [1.5, None], "heat": [1, 2]}).to_csv(tmp_path / "gaps.csv", index=False)
    cli("forecast", power / "run", "gaps.csv", "--steps", 2).fails(3, "gap")
    cli("forecast", power / "run", power / "power.csv").fails(2, "--steps")
    cli("forecast", power / "run", power / "power.csv", "--steps", 2, "-o", "x.xyz").fails(2, "x.xyz")
