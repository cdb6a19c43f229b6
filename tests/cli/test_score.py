"""Scores with their kind, for people, programs and files."""

import json

import pandas as pd
import pytest

import likely
from likely.backbones import MLP


@pytest.fixture(scope="module")
def denoiser(tmp_path_factory):
    """A folder of a small diffusion."""
    family, place = likely.Diffusion(network=MLP(width=16, depth=2)), tmp_path_factory.mktemp("denoiser") / "run"
    likely.fit("iris", family, condition="species", budget=5, certify=False).save(place)
    return place


@pytest.mark.parametrize(("name", "kind"), [("iris", "= "), ("vae", "≥ ≈ "), ("species", "= ")])
def test_a_line_with_the_kind(cli, models, name, kind):
    told = cli("score", models[name], "iris")
    assert told.code == 0
    assert told.out.startswith(kind)
    assert "nats/row  (150 rows; density of" in told.out


def test_json(cli, models):
    told = json.loads(cli("score", models["vae"], "iris", "--draws", "4", "--json").out)
    assert len(told["nats"]) == len(told["stderr"]) == told["rows"] == 150
    assert told["bound"] is True
    assert told["mean"] == pytest.approx(sum(told["nats"]) / 150)
    assert json.loads(cli("score", models["iris"], "iris", "--json").out)["stderr"] is None


def test_a_file_with_a_line_a_row(cli, models, tmp_path):
    cli("score", models["vae"], "iris", "-o", "scores.csv")
    scores = pd.read_csv(tmp_path / "scores.csv")
    assert list(scores) == ["log_prob", "kind", "stderr"]
    assert len(scores) == 150
    cli("score", models["iris"], "iris", "-o", "scores.parquet")
    assert list(pd.read_parquet(tmp_path / "scores.parquet")) == ["log_prob", "kind"]
    cli("score", models["iris"], "iris", "-o", "/proc/scores.csv").fails(6, "/proc/scores.csv")


def test_an_estimate_says_its_own_errors(cli, models, tmp_path):
    told = cli("score", models["flow"], "iris")
    assert told.out.startswith("≈ ")
    assert "nats/row (a row: ± 0 by chance, " in told.out  # four cells, each traced
    assert "by its solver)  (150 rows; density of 4 reals" in told.out
    known = json.loads(cli("score", models["flow"], "iris", "--json").out)
    assert known["bound"] is False
    assert len(known["solver_error"]) == len(known["stderr"]) == 150
    assert json.loads(cli("score", models["vae"], "iris", "--json").out)["solver_error"] is None
    cli("score", models["flow"], "iris", "-o", "scores.csv")
    assert list(pd.read_csv(tmp_path / "scores.csv")) == ["log_prob", "kind", "stderr", "solver_error"]


def test_by_the_flow(cli, denoiser, tmp_path):
    told = cli("score", denoiser, "iris", "--flow", "--steps", "4")
    assert told.out.startswith("≈ ")
    assert "by its solver)  (150 rows; density of" in told.out
    known = json.loads(cli("score", denoiser, "iris", "--flow", "--steps", "8", "--probes", "2", "--json").out)
    assert known["bound"] is False
    assert len(known["solver_error"]) == 150
    assert max(known["stderr"]) > 0
    cli("score", denoiser, "iris", "--flow", "--steps", "4", "-o", "scores.csv")
    assert list(pd.read_csv(tmp_path / "scores.csv")) == ["log_prob", "kind", "stderr", "solver_error"]


def test_a_flow_that_is_not_there_or_not_asked_for(cli, models, denoiser):
    cli("score", models["iris"], "iris", "--flow").fails(4, "NaiveBayes has no flow", "Diffusion, FlowMatching, Score")
    cli("score", denoiser, "iris", "--steps", "8").fails(2, "of the flow", "--flow, too")
    cli("score", denoiser, "iris", "--flow", "--steps", "7").fails(2, "by 7 steps", "even")
    cli("score", models["iris"], "iris", "--flow", "--anomalies").fails(2, "--flow gives log p", "leave one")


def test_pictures_with_their_label(cli, models):
    assert "given label" in cli("score", models["digits"], "digits").out


def test_no_number_exists(cli, models):
    cli("score", models["gan"], "iris").fails(4, "GAN has no density", "NaiveBayes")


def test_rows_of_something_else(cli, models):
    cli("score", models["iris"], "wine").fails(3, "sepal length (cm)")
    cli("score", models["iris"], "digits").fails(3, "these rows are pictures", "a table")
    cli("score", models["digits"], "iris").fails(3, "these rows are a table", "pictures")
    cli("score", models["iris"], "nowhere.csv").fails(3, "nowhere.csv")
