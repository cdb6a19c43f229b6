import math

import pytest
import torch

from likely.training.judgement import Judgement, mean_of

LOSSES = torch.tensor([1.0, 2.0, 6.0])


def test_a_mean_and_its_error() -> None:
    found = mean_of(LOSSES)
    assert found.value == 3.0
    assert found.error == pytest.approx(LOSSES.double().std(correction=0).item() / math.sqrt(3))


def test_weights_are_rows_repeated() -> None:
    assert mean_of(LOSSES, torch.tensor([2.0, 1.0, 1.0])).value == pytest.approx(2.5)


def test_no_error_without_losses_of_their_own_or_finite_ones() -> None:
    assert mean_of(LOSSES, apart=False) == Judgement(3.0, None)
    assert mean_of(torch.tensor([1.0, math.inf])) == Judgement(math.inf, None)
