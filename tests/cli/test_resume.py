"""Going on: a finished training is shown, nothing to go on from is told. Ctrl-C and on is in test_bad_input."""

import json

import pytest

import likely
from likely.training import Stepped


def test_a_finished_training_is_shown(cli):
    cli("fit", "iris", "-q", "-o", "m")
    told = cli("resume", "m")
    assert told.code == 0
    assert "saved in m" in told.out
    assert "has ended: nothing is left to do" in told.err
    assert json.loads(cli("resume", "m", "--json").out)["folder"] == "m"
    quiet = cli("resume", "m", "-q")
    assert quiet.out == quiet.err == ""


def test_nothing_to_go_on_from(cli, tmp_path):
    cli("resume", "nowhere").fails(3, "no training at nowhere")
    (tmp_path / "empty").mkdir()
    cli("resume", "empty").fails(3, "no training at empty")
    (tmp_path / "empty" / "request.json").write_text("{")
    cli("resume", "empty").fails(6, "damaged")


def test_data_that_changed_or_went_away(cli, people, tmp_path):
    def stop(event):
        if isinstance(event, Stepped):
            raise RuntimeError("stopped")

    people.to_csv("people.csv", index=False)
    with pytest.raises(RuntimeError, match="stopped"):
        likely.fit("people.csv", likely.VAE(), budget=2, folder="m", listeners=[stop])
    people.head(100).to_csv("people.csv", index=False)
    cli("resume", "m").fails(3, "changed")
    (tmp_path / "people.csv").unlink()
    cli("resume", "m").fails(3, "people.csv")
