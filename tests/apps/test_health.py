"""A run's health: of finished models with their rows, without them, with other ones; of trainings from their log."""

# pyright: reportAttributeAccessIssue=false

import shutil

import pandas as pd
import pytest

import likely
from likely.apps.health import health, of_fitted, parted
from likely.backbones import MLP
from likely.data import content_hash, read
from likely.doctor import Effort
from likely.errors import Interrupted, MissingFile
from likely.request import Request
from likely.training import Engine, Stepped
from tests.doctor.patients import ring

PLAIN = Engine(threads=1, probe=False)
QUICK = Effort(made=300, real=2000, judged=300, seconds=5.0)
SMALL = {"width": 16, "generator": MLP(width=16, depth=1), "critic": MLP(width=16, depth=1)}


def gan(folder, data, **more):
    return likely.fit(data, likely.GAN(**SMALL), budget=250, engine=PLAIN, certify=False, folder=folder, **more)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A game's folder, and the file that it was fitted on."""
    place = tmp_path_factory.mktemp("health")
    ring(600).to_csv(place / "ring.csv", index=False)
    gan(place / "run", place / "ring.csv")
    return place / "run"


def test_a_finished_game(run):
    found = health(run, effort=QUICK)
    assert found.of.startswith("Fitted(GAN(")
    seen = {each.name for each in found.health.readings}
    assert {"copied", "the generator's gradient, of its longest", "cycle of the critic's loss"} <= seen
    assert not any(each.startswith("modes, support") for each in found.health.left_out)


def test_rows_are_parted_as_they_were(run):
    fitted, rows = likely.load(run), read(run.parent / "ring.csv")
    sides = parted(fitted)
    assert content_hash(rows) == fitted.card.data["sha256"]
    assert fitted.card.recipe["rows"] == len(sides.learned)
    assert len(sides.learned) + len(sides.held_out) == 600
    assert not set(sides.learned.hashes()) & set(sides.held_out.hashes())


def test_rows_that_are_gone_or_have_changed(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "run")
    whole = (run.parent / "ring.csv").read_text()
    (run.parent / "ring.csv").rename(tmp_path / "moved.csv")
    try:
        gone = health(copy, effort=QUICK)
        moved = health(copy, tmp_path / "moved.csv", effort=QUICK)
        (tmp_path / "moved.csv").write_text(whole + "1,1\n")
        changed = health(copy, tmp_path / "moved.csv", effort=QUICK)
    finally:
        (run.parent / "ring.csv").write_text(whole)
    assert "ring.csv" in gone.health.left_out[-1]
    assert gone.health.readings  # of the log
    assert any(each.name == "copied" for each in moved.health.readings)
    assert "are not those that it was fitted on" in changed.health.left_out[-1]


def test_a_model_without_a_log(tmp_path):
    fitted = likely.fit("iris", likely.NaiveBayes(), certify=False)
    fitted.save(tmp_path / "m")
    found = health(tmp_path / "m", effort=QUICK).health
    assert "copies: no row was held out; what unseen rows have is not known (10 wanted)" in found.left_out
    assert not any("log" in each for each in found.left_out)
    vae = likely.fit(
        "iris", likely.VAE(latent=2, network=MLP(width=16, depth=1)), budget=20, engine=PLAIN, certify=False
    )
    assert "log.jsonl" in of_fitted(vae, effort=QUICK).left_out[-1]


def test_a_person_s_own_validation_rows(tmp_path):
    ring(300).to_csv(tmp_path / "a.csv", index=False)
    ring(80, 1).to_csv(tmp_path / "b.csv", index=False)
    fitted = gan(tmp_path / "run", tmp_path / "a.csv", validation=tmp_path / "b.csv")
    sides = parted(fitted)
    assert (len(sides.learned), len(sides.held_out)) == (300, 80)
    (tmp_path / "b.csv").unlink()
    assert parted(fitted).held_out is None


def test_rows_from_memory():
    frame = pd.DataFrame({"x": range(50), "y": [0.5, 1.5] * 25})
    fitted = likely.fit(frame, likely.NaiveBayes(), certify=False)
    assert "from memory" in of_fitted(fitted, effort=QUICK).left_out[-1]
    assert parted(fitted, frame).held_out is None


def test_a_training_that_was_stopped(tmp_path):
    def stopping(event):
        if isinstance(event, Stepped) and event.step >= 150:
            raise KeyboardInterrupt

    with pytest.raises((KeyboardInterrupt, Interrupted)):
        gan(tmp_path / "run", "iris", listeners=[stopping])
    found = health(tmp_path / "run")
    assert ", step 1" in found.of
    assert "of 250" in found.of
    assert "likely resume" in found.health.left_out[-1]
    assert {each.name for each in found.health.readings} >= {"the critic's gradient, of its longest"}


def test_nothing_there(tmp_path):
    with pytest.raises(MissingFile):
        health(tmp_path / "nowhere")
    Request(family=likely.GAN(), source="iris", data_hash="", condition=(), seed=0, budget=None).written(tmp_path)
    with pytest.raises(MissingFile, match="no log"):
        health(tmp_path)
