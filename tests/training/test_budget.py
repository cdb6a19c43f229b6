import pytest

from likely.errors import FieldError
from likely.training.budget import Budget, default_batch, default_steps


@pytest.mark.parametrize(
    ("text", "steps", "seconds"),
    [
        ("5m", None, 300.0),
        ("30s", None, 30.0),
        ("1h30m", None, 5400.0),
        ("1.5 min", None, 90.0),
        ("2000", 2000, None),
        ("2000 steps", 2000, None),
        ("1 step", 1, None),
        (2000, 2000, None),
        (None, None, None),
        (Budget(steps=3), 3, None),
    ],
)
def test_what_a_person_writes(text, steps, seconds) -> None:
    budget = Budget.parse(text)
    assert (budget.steps, budget.seconds) == (steps, seconds)


@pytest.mark.parametrize("text", ["", "soon", "5x", "-3", 0, -1, "0s", True, "5m3", "nan", "inf", "1e3", 2.5])
def test_what_cannot_be_a_budget(text) -> None:
    with pytest.raises(FieldError):
        Budget.parse(text)


def test_a_budget_is_of_one_kind() -> None:
    with pytest.raises(FieldError):
        Budget(steps=1, seconds=1.0)
    assert [str(Budget(steps=3)), str(Budget(seconds=3)), str(Budget())] == ["3 steps", "3s", "the default"]


def test_defaults_follow_the_rows() -> None:
    assert [default_batch(n, 10) for n in (1, 20, 150, 1797, 60_000)] == [1, 20, 32, 64, 512]
    assert default_batch(60_000, 784) == 256
    assert default_batch(60_000, 3 * 64 * 64) == 32
    assert default_steps(150, 32) == 1500
    assert default_steps(60_000, 256) == 7031
    assert default_steps(10**7, 512) == 20_000
