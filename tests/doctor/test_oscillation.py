"""A planted cycle is told with its period; losses that fall, wander or rest are not."""

import re

import numpy as np
import pytest

from likely.doctor.oscillation import cycle, oscillation
from tests.doctor.patients import names, played, rested


@pytest.mark.parametrize("period", [4, 9, 12])
@pytest.mark.parametrize("reports", [100, 400])
def test_a_planted_cycle(period, reports):
    losses = rested(reports)
    at = 2 * np.pi * np.arange(reports) / period
    health = oscillation(played({"critic": losses["critic"] + 0.3 * np.sin(at), "generator": losses["generator"]}))
    assert names(health) == ["oscillation of the critic"]
    told = int(re.search(r"every (\d+) steps", health.findings[0].seen)[1])
    assert told == pytest.approx(10 * period, rel=0.03)
    assert len(health.readings) == 2


def test_what_is_measured_of_a_cycle():
    at = np.arange(200)
    share, period, amplitude = cycle(2 + 0.01 * at + 0.7 * np.sin(2 * np.pi * at / 20))
    assert share > 0.98
    assert period == pytest.approx(20, rel=0.01)
    assert amplitude == pytest.approx(0.7, rel=0.02)
    assert cycle(np.ones(100))[0] == 0.0
    assert cycle(np.full(100, np.nan))[0] == 0.0
    gaps = np.where(at % 7 == 0, np.nan, np.sin(2 * np.pi * at / 20))
    assert cycle(gaps)[0] > 0.9


@pytest.mark.parametrize("kind", ["white", "wandering", "rested", "drifting"])
def test_noise_is_no_cycle(kind, capsys):
    """Over 500 seeds of each kind, fewer than one in a hundred; what was found is printed."""
    told, seeds = 0, 500
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        noise = rng.normal(size=80)
        losses = {
            "white": noise,
            "wandering": np.convolve(rng.normal(size=200), 0.9 ** np.arange(60))[60:140],
            "rested": rested(100, seed)["critic"][20:],
            "drifting": np.cumsum(noise),
        }[kind]
        told += cycle(losses)[0] >= 0.5
    with capsys.disabled():
        print(f"\n{kind}: {told} of {seeds} taken for a cycle")
    assert told < 0.01 * seeds


def test_a_cycle_too_small_to_matter_and_reports_too_few():
    at = np.arange(100)
    health = oscillation(played({"critic": 5 + 0.01 * np.sin(at), "generator": 5 + 0.01 * np.cos(at)}))
    assert not health.findings
    assert health.readings[0].value > 0.9
    few = oscillation(played({"critic": np.ones(10), "generator": np.ones(10)}))
    assert "too few" in few.left_out[0]
    assert oscillation(played({"vae": np.sin(at)})).readings == ()
