"""What can be sharpened by, and what not."""

import math

import pytest

import likely
from likely.contracts import Sharpness
from likely.errors import FieldError


def test_what_is_usable():
    assert Sharpness() == Sharpness(temperature=1.0, top_k=None, top_p=1.0)
    assert likely.Sharpness is Sharpness


@pytest.mark.parametrize(
    "fields", [{"temperature": 0.0}, {"temperature": math.inf}, {"top_k": 0}, {"top_p": 0.0}, {"top_p": 1.1}]
)
def test_what_is_refused(fields):
    with pytest.raises(FieldError, match=f"{next(iter(fields.values()))}"):
        Sharpness(**fields)
