"""A dead critic and a generator without gradients are told; usual lengths, however they wander, are not."""

import numpy as np
import pytest

from likely.doctor.calibrated import Told
from likely.doctor.gradients import gradients
from tests.doctor.patients import names, played, rested

WINS, EVEN = (Told(each, 0.003, each - 0.5, 0.003, (1000, 1000)) for each in (0.998, 0.52))
WANDERING = np.exp(0.3 * np.random.default_rng(0).normal(size=100))


def game(critic, generator):
    return played(rested(), {"critic": critic, "generator": generator})


def test_a_generator_that_is_told_nothing():
    faded = WANDERING * np.where(np.arange(100) < 4, 1.0, 1e-3)
    health = gradients(game(WANDERING, faded), WINS)
    assert names(health) == ["vanishing gradients"]
    assert "those of the generator are 0.00" in health.findings[0].seen
    assert "99.8%" in health.findings[0].seen
    assert "--game NonSaturating" in health.findings[0].remedy
    assert not gradients(game(WANDERING, faded), EVEN).findings  # short, and the critic does not win: it has settled
    assert not gradients(game(WANDERING, faded)).findings  # nobody can ask the critic, and its loss is as it was
    lost = rested() | {"critic": np.exp(-np.arange(100) / 5)}
    health = gradients(played(lost, {"critic": WANDERING, "generator": faded}))
    assert names(health) == ["vanishing gradients"]
    assert "the critic's loss is next to nothing" in health.findings[0].seen


@pytest.mark.parametrize("told", [WINS, EVEN, None])
def test_usual_gradients(told):
    settling = WANDERING * (1 + 20 * np.exp(-np.arange(100) / 5))
    health = gradients(game(WANDERING, settling), told)
    assert not health.findings
    assert [each.name for each in health.readings] == [
        "the critic's gradient, of its longest", "the generator's gradient, of its longest",
    ]  # fmt: skip
    assert all(0 < each.low <= each.value <= each.high <= 1 for each in health.readings)


def test_a_critic_that_stands_still():
    stopped = WANDERING * (np.arange(100) < 50)
    assert names(gradients(game(stopped, WANDERING))) == ["dead critic"]
    assert names(gradients(game(0 * stopped, WANDERING))) == ["dead critic"]


def test_what_a_log_does_not_tell():
    assert "does not tell" in gradients(game(np.full(100, np.nan), WANDERING)).left_out[0]
    few = played({"critic": np.ones(5), "generator": np.ones(5)})
    assert "too few" in gradients(few).left_out[0]
    assert gradients(played({"vae": np.ones(100)})).readings == ()
