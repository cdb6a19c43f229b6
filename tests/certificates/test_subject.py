"""Rows with a model: float64 copies, noise of a row's own, conditions round and round."""

import pytest
import torch

from likely.certificates import subject as module
from likely.certificates.clock import Clock, OutOfTime
from likely.certificates.subject import spread
from likely.contracts import Model
from likely.scoring import first_weight
from tests.certificates import planted
from tests.certificates.planted import clock, subject


def test_the_copy_is_precise_and_the_model_is_not_touched():
    held = subject(planted.Right)
    assert first_weight(held.precise).dtype == torch.float64
    assert first_weight(held.model).dtype == torch.float32
    assert held.rounding == 1e-6
    assert not any(weight.requires_grad for weight in held.precise.parameters())


def test_a_large_model_is_not_copied(monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 10)
    held = subject(planted.Right)
    assert held.precise is held.model
    assert held.rounding == 1e-3


def test_samples_do_not_depend_on_the_slices(monkeypatch):
    held = subject(planted.Kernels)
    few = held.drawn(50, held.model, clock())
    monkeypatch.setattr("likely.certificates.clock.QUICK", -1.0)
    torch.testing.assert_close(held.drawn(50, held.model, clock()), few)
    with pytest.raises(OutOfTime):
        held.drawn(50, held.model, Clock(0.0))


def test_a_score_is_by_what_is_promised():
    held = subject(planted.Latents)
    at = torch.arange(6)
    assert torch.equal(held.scored(held.x[:6], None, at), held.scored(held.x[:6], None, at))
    assert not torch.equal(held.scored(held.x[:6], None, at), held.scored(held.x[:6], None, at + 1))

    class Mute(Model):
        def sample(self, n, c=None, *, rng):
            raise AssertionError

    with pytest.raises(TypeError, match="Mute"):
        subject(Mute).scored(held.x[:6], None, at)


def test_rows_are_evenly_spread():
    assert spread(10, 4).tolist() == [0, 3, 6, 9]
    assert spread(3, 4).tolist() == [0, 1, 2]
    assert spread(1, 4).tolist() == [0]
