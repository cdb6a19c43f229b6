from dataclasses import replace

import pytest
import torch

from likely.training import Engine, Precision
from likely.training.probe import Probing, Uncompiled, agree, timed
from likely.training.trial import Timing, Trial
from tests.training.runner import recipe, rows
from tests.training.toys import Gaussian, Noisy


def test_mixed_precision_must_agree() -> None:
    assert agree((1.0, 2.0), (1.005, 2.01))
    assert not agree((1.0, 2.0), (1.0, 2.2))
    assert not agree((float("nan"),), (1.0,))


def probing(monkeypatch: pytest.MonkeyPatch, times: dict[Precision, float], losses: tuple[float, ...]) -> Probing:
    """Trials that take so long, by precision; bf16 gives these losses."""

    def rounds(self: Trial, asked, *, most: int, seconds: float) -> Timing:
        took = times[asked.precision]
        return Timing(took, took, took, losses)

    monkeypatch.setattr(Trial, "rounds", rounds)
    usual = times[Precision.FP32]
    trial = Trial(model=Noisy(4), data=rows(50, 1), seed=0, lift=None)
    return Probing(trial, Engine(), recipe(5000), Timing(usual, usual, usual, (1.0,)), None)


@pytest.mark.parametrize(
    ("fast", "losses", "chosen"),
    [
        (0.05, (1.001,), Precision.BF16),  # twice as fast, and it agrees
        (0.05, (1.5,), Precision.FP32),  # twice as fast, and wrong
        (0.09, (1.0,), Precision.FP32),  # not clearly faster
    ],
)
def test_taken_where_clearly_faster_and_right(monkeypatch: pytest.MonkeyPatch, fast, losses, chosen) -> None:
    asked = probing(monkeypatch, {Precision.FP32: 0.1, Precision.BF16: fast}, losses)
    assert asked.all().precision == chosen


def test_double_precision_is_not_traded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = probing(monkeypatch, {Precision.FP32: 0.1, Precision.BF16: 0.01}, (1.0,))
    asked.trial.model.double()
    assert asked.all().precision == Precision.FP32


def test_short_trainings_are_asked_little(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = probing(monkeypatch, {Precision.FP32: 0.001, Precision.BF16: 0.0001}, (1.0,))
    assert asked.seconds == pytest.approx(5.0)
    assert asked.all().probes == ()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_compiler_that_compiles_nothing_is_caught() -> None:
    trial = Trial(model=Gaussian(4), data=rows(50, 1), seed=0, lift=None)
    with pytest.raises(Uncompiled, match="no network"):
        timed(trial, replace(recipe(5), compile=True))
    assert torch.get_num_threads() == 1
