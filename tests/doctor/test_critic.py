"""Dead, blind and remembering critics are told; a critic at rest, where nothing is left to tell, is not."""

import numpy as np
import pytest

from likely.doctor.calibrated import told_apart
from likely.doctor.critic import another_judge, critic, ranked
from tests.doctor.patients import names, read_of

RNG = np.random.default_rng(0)


def looked(real, fake, learned=None, points=None):
    beside = None if points is None else another_judge(*points)
    return critic(real, fake, RNG.normal(size=400) if learned is None else learned, told_apart(real, fake),
                  beside=beside)  # fmt: skip


@pytest.mark.parametrize("score", [0.0, -0.7, 3e4])
def test_a_constant_score(score):
    rounded = np.float32(score) * (1 + np.float32(1e-7) * RNG.integers(-1, 2, 500))
    health = looked(rounded[:250].astype(float), rounded[250:].astype(float))
    assert names(health) == ["dead critic"]
    assert "250 real and 250 generated" in health.findings[0].seen


def test_a_blind_critic_beside_one_at_rest():
    """Both say nothing: only where there is something to see is it a fault."""
    real, fake = RNG.normal(size=(2, 500))
    points = RNG.normal(size=(2, 500, 3))
    assert not looked(real, fake, points=points).findings
    health = looked(real, fake, points=(points[0], points[1] + 2))
    assert names(health) == ["blind critic"]
    assert "--critic-rate" in health.findings[0].remedy
    seeing = looked(real + 3, fake, learned=3 + RNG.normal(size=400), points=(points[0], points[1] + 2))
    assert not seeing.findings
    assert read_of(seeing, "critic's accuracy, calibrated").value > 0.9
    assert read_of(seeing, "Jensen-Shannon divergence, at least").value > 0.4


def test_another_judge_sees_widths():
    points = RNG.normal(size=(2, 600, 2))
    assert another_judge(points[0], 3 * points[1]).accuracy > 0.7
    assert another_judge(points[0][:5], points[1]) is None


def test_a_critic_that_remembers():
    real, fake = RNG.normal(size=(2, 500))
    health = looked(real, fake, learned=1.5 + RNG.normal(size=500))
    assert names(health) == ["critic that remembers its rows"]
    assert "--augmentation" in health.findings[0].remedy
    assert not looked(real, fake, learned=RNG.normal(size=500)).findings


def test_pairs_ranked():
    area, error = ranked(np.array([1.0, 2.0, 3.0]), np.array([0.0, 2.0]))
    assert area == pytest.approx(4.5 / 6)
    assert error > 0
    areas = [ranked(RNG.normal(size=100), RNG.normal(size=80)) for _ in range(300)]
    assert np.std([a for a, _ in areas]) == pytest.approx(np.mean([e for _, e in areas]), rel=0.15)


def test_too_few_rows():
    assert "too few" in looked(RNG.normal(size=4), RNG.normal(size=50)).left_out[0]
