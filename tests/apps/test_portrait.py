"""What a model's page shows, with its rows and without."""

import json

import numpy as np
import pandas as pd
import pytest

import likely
from likely.apps.portrait import judgements, portrait


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    x = rng.normal(size=240)
    return pd.DataFrame(
        {"x": x.round(3), "y": (x + 0.1 * rng.normal(size=240)).round(3), "kind": np.where(x > 0, "a", "b")}
    )


def test_a_trained_model_beside_the_rows_it_did_not_see(rows, tmp_path):
    rows.to_csv(tmp_path / "rows.csv", index=False)
    likely.fit(tmp_path / "rows.csv", likely.VAE(latent=2), budget=40, folder=tmp_path / "run")
    found = portrait(tmp_path / "run")
    assert found.unseen
    assert len(found.real) < 60
    assert len(found.samples) == 40  # at least
    assert set(found.measures) == {"VAE", "real rows"}
    assert "copies" in found.measures["VAE"]
    assert found.exhibits.shown["VAE"].ranks is not None
    assert found.map.width == 2
    assert found.left_out == ()
    assert len(found.judged) > 1
    assert [each.step for each in found.judged] == sorted({each.step for each in found.judged})


def test_without_its_rows_it_still_draws(rows, tmp_path):
    source = tmp_path / "rows.csv"
    rows.to_csv(source, index=False)
    likely.fit(source, "KDE", folder=tmp_path / "run")
    source.unlink()
    found = portrait(tmp_path / "run")
    assert found.real is None
    assert len(found.samples) == 1000
    assert "--data FILE" in found.left_out[0]
    moved = portrait(tmp_path / "run", rows)
    assert moved.real is not None
    assert not moved.unseen


def test_a_label_that_is_told_is_held_against_the_truth(rows, tmp_path):
    rows.to_csv(tmp_path / "rows.csv", index=False)
    likely.fit(tmp_path / "rows.csv", "Logistic", target="kind", folder=tmp_path / "run")
    assert portrait(tmp_path / "run").reliability.error.value < 0.1
    likely.fit(tmp_path / "rows.csv", "GaussianMixture", condition="kind", folder=tmp_path / "given")
    found = portrait(tmp_path / "given")
    assert found.reliability.error.value < 0.1
    assert set(found.calibration.columns) == {"x", "y"}


def test_a_log_s_judgements_without_what_was_rolled_back(tmp_path):
    def validated(step, value):
        return {"event": "validated", "step": step, "value": value, "average": value, "unit": "nats", "error": None}

    lines = [validated(1, 2.0), validated(2, 1.5), {"event": "rolledback", "to": 1}, validated(2, 1.0),
             {"event": "planned", "resumed": 2}, {"event": "stepped", "step": 3}, validated(3, None)]  # fmt: skip
    (tmp_path / "log.jsonl").write_text("\n".join(map(json.dumps, lines)) + '\n{"event": "valid')
    assert [(each.step, each.value) for each in judgements(tmp_path / "log.jsonl")] == [(1, 2.0), (2, 1.0)]
    assert judgements(tmp_path / "nothing.jsonl") == ()
