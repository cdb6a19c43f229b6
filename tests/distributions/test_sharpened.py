"""Sharpened choices, against laws written out by hand."""

import pytest
import torch

from likely.contracts import Sharpness
from likely.distributions.sharpened import sharpened
from likely.errors import FieldError

P = torch.tensor([[0.1, 0.4, 0.2, 0.3], [0.7, 0.1, 0.1, 0.1]], dtype=torch.float64)


def law(**said: float) -> torch.Tensor:
    return sharpened(P.log(), Sharpness(**said)).softmax(-1)  # pyright: ignore[reportArgumentType]


def test_nothing_asked_changes_nothing() -> None:
    assert torch.equal(sharpened(P.log(), Sharpness()), P.log())


def test_temperature_is_a_power() -> None:
    torch.testing.assert_close(law(temperature=0.5), P**2 / (P**2).sum(-1, keepdim=True))


def test_the_k_likeliest() -> None:
    torch.testing.assert_close(law(top_k=2)[0], torch.tensor([0, 4 / 7, 0, 3 / 7], dtype=torch.float64))
    torch.testing.assert_close(law(top_k=9), P)


def test_the_fewest_that_hold_the_mass() -> None:
    kept = law(top_p=0.65) > 0
    assert kept.tolist() == [[False, True, False, True], [True, False, False, False]]
    assert (law(top_p=1e-9) > 0).sum(-1).tolist() == [1, 1]


@pytest.mark.parametrize("said", [{"temperature": 0.0}, {"top_k": 0}, {"top_p": 0.0}, {"top_p": 1.5}])
def test_what_cannot_be_asked(said: dict[str, float]) -> None:
    with pytest.raises(FieldError):
        Sharpness(**said)  # pyright: ignore[reportArgumentType]
