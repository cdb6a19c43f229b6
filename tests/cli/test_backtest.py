"""Windows that overlap and tell growth, from the command line: fitted, shown, gone on with, judged."""

import io
import json
import signal

import numpy as np
import pandas as pd
import pytest

import likely
from likely.errors import Interrupted
from likely.training import Engine, Stepped


@pytest.fixture(scope="module")
def rates(tmp_path_factory):
    """A record of two rates that wander, and a mixture of its windows."""
    from likely.cli.app import run

    place = tmp_path_factory.mktemp("rates")
    steps = np.random.default_rng(0).normal(0, 0.01, (400, 2)) @ [[1.0, 0.8], [0.0, 0.6]]
    days = pd.date_range("2020-01-01", periods=400, freq="D").strftime("%Y-%m-%d")
    frame = pd.DataFrame(np.exp(steps.cumsum(0)).round(5), columns=["oil", "gas"])
    frame.assign(day=days)[["day", "oil", "gas"]].to_csv(place / "rates.csv", index=False)
    words = ["--window", "12", "--stride", "1", "--relative", "growth", "--family", "gaussian-mixture"]
    more = ["--components", "1", "--no-certify", "-q", "-o", str(place / "run")]
    assert run(["fit", str(place / "rates.csv"), *words, *more]) == 0
    return place


def test_a_model_of_growth_knows_how_it_was_cut(cli, rates):
    fitted = likely.load(rates / "run")
    assert fitted.card.data["window"] == {"length": 12, "stride": 1, "relative": "growth"}
    told = fitted.score(str(rates / "rates.csv"))
    assert len(told.nats) == 33  # each moment once
    assert "given the moment before" in told.measure
    drawn = fitted.sample(3)
    assert (drawn.values > 0).all()
    cli("score", rates / "run", rates / "rates.csv")
    assert cli("show", rates / "run", "--health").code == 0


def test_a_stopped_training_goes_on_with_the_same_windows(tmp_path, rates):
    windows = likely.Windows(length=8, stride=2, relative=likely.Relative.CHANGES)
    asked = {"window": windows, "budget": 30, "engine": Engine(threads=1, probe=False), "certify": False}

    def stop(event):
        if isinstance(event, Stepped) and event.step >= 5:
            signal.raise_signal(signal.SIGINT)

    record, family = rates / "rates.csv", "vae,latent=2"
    with pytest.raises(Interrupted):
        likely.fit(record, family, folder=tmp_path / "run", listeners=[stop], **asked)
    resumed = likely.resume(tmp_path / "run", engine=asked["engine"])
    assert resumed.codec.relative is likely.Relative.CHANGES
    whole = likely.fit(record, family, **asked)
    np.testing.assert_array_equal(resumed.sample(3).values, whole.sample(3).values)


def test_a_scenario_is_drawn_and_told_for_what_it_is(cli, rates, tmp_path):
    pd.DataFrame({"oil": [1.0] * 5}).to_csv(tmp_path / "next.csv", index=False)
    words = ("--steps", 5, "--known", "next.csv", "--what-if", "oil=+10%", "--point", "median", "--plot", "next.svg")
    done = cli("forecast", rates / "run", rates / "rates.csv", *words)
    told = pd.read_csv(io.StringIO(done.out))
    assert told["oil"].tolist() == [1.1] * 5
    assert told["day"].iloc[0] == "2021-02-04"
    assert "exact as the model's own" in done.err
    assert "not what would follow from making it" in done.err
    assert "without the change" in (tmp_path / "next.svg").read_text()


def test_wrong_uses_of_a_forecast(cli, rates, tmp_path):
    run, record = rates / "run", rates / "rates.csv"
    cli("forecast", run, record, "--steps", 2, "--what-if", "coal=+10%").fails(3, "coal")
    cli("forecast", run, record, "--steps", 2, "--what-if", "oil=10%").fails(2, "no change of a column")
    cli("forecast", run, record, "--steps", 2, "--point", "mode").fails(2, "mean, or median")
    cli("forecast", run, record, "--steps", 2, "--plot", "x.gif").fails(2, ".svg")
    cli("forecast", run, record, "--steps", 2, "--point", "mean", "--quantiles").fails(2, "one of them")
    cli("forecast", run, record, "--steps", 2, "--known", "digits").fails(3, "table of moments")
    cli("forecast", run, record, "--steps", 2, "--temperature", 0.5).fails(4, "sharpened")
    cli("fit", record, "--stride", 2).fails(2, "--window")
    cli("fit", record, "--window", 8, "--relative", "rises").fails(2, "growth")
    cli("fit", record, "--window", 8, "--volatility", 9).fails(3, "--relative growth")
    cli("fit", record, "--volatility", 9).fails(2, "--window 48")
    below = tmp_path / "below.csv"
    pd.DataFrame({"oil": np.linspace(-1, 1, 50)}).to_csv(below, index=False)
    cli("fit", below, "--window", 8, "--relative", "growth", "-f", "kde").fails(3, "no growth", "--relative changes")


def test_a_record_is_forecast_from_many_of_its_moments(cli, rates):
    told = json.loads(cli("backtest", rates / "run", rates / "rates.csv", "--steps", 4, "--season", 1, "--json").out)
    assert told["origins"][0] == 320
    assert told["way"] == "exact"
    assert set(told["measured"]) == {"model", "seasonal naive"}
    assert 0.5 < told["measured"]["model"]["coverage 90%"]["value"] <= 1
    words = ("--steps", 4, "--season", 7, "--origins", 3, "--draws", 20)
    printed = cli("backtest", rates / "run", rates / "rates.csv", *words)
    assert "3 forecasts of 4 steps" in printed.out
    assert "CRPS" in printed.out
    cli("backtest", rates / "run", rates / "rates.csv", "--steps", 4).fails(2, "--season")
    cli("backtest", rates / "run", rates / "rates.csv", "--steps", 400, "--season", 1).fails(3, "no room")
