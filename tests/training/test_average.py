import math

import pytest
import torch

from likely.training.average import WIDTHS, Average, missed, power_of, share, width_of

NARROW, WIDE = 16.97, 6.94
LAST = 4000  # steps of a scalar path


def tracked(power: float, path, *, every: int = 1) -> float:
    """The average of a scalar's path."""
    weight = torch.full((1,), float(path(0.0)), dtype=torch.float64)
    average = Average([weight], powers=[power], every=every)
    for step in range(1, LAST + 1):
        weight.fill_(path(step / LAST))
        average.update(step)
    return average.values[0][0].item()


def test_a_power_law_average() -> None:
    """The weight of step t is t^2 up to a constant: the mean is (power + 1) / (power + 2) of the way."""
    assert tracked(2.0, lambda t: t) == pytest.approx(3 / 4, abs=5e-4)


def test_updating_rarely_is_nearly_the_same() -> None:
    assert tracked(NARROW, lambda t: t, every=8) == pytest.approx(tracked(NARROW, lambda t: t), rel=0.002)


@pytest.mark.parametrize("width", [0.02, 0.05, 0.1, 0.2])
def test_a_width_is_the_spread_of_its_law(width: float) -> None:
    """By the law's moments: E t^m = (power + 1) / (power + 1 + m)."""
    power = power_of(width)
    first, second = ((power + 1) / (power + 1 + m) for m in (1, 2))
    assert math.sqrt(second - first**2) == pytest.approx(width, rel=1e-9)
    assert width_of(power) == pytest.approx(width, rel=1e-9)
    assert (width_of(NARROW), width_of(WIDE)) == pytest.approx((0.05, 0.1), rel=1e-3)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("degree", [1, 2, 5])
def test_a_mixture_is_the_average_of_its_width(width: float, degree: int) -> None:
    """On w_t = t^m, whose average is (power + 1) / (power + 1 + m): no further apart than the laws (Cauchy-Schwarz)."""
    path = lambda t: t**degree  # noqa: E731
    s = share(width, NARROW, WIDE)
    mixed = (1 - s) * tracked(NARROW, path) + s * tracked(WIDE, path)
    power = power_of(width)
    exact = (power + 1) / (power + 1 + degree)
    length = math.sqrt((power + 1) ** 2 / (2 * power + 1))
    assert tracked(power, path) == pytest.approx(exact, abs=2e-3)
    assert abs(mixed - exact) <= missed(width, NARROW, WIDE) * length / math.sqrt(2 * degree + 1) + 1e-3
    assert abs(mixed - exact) < 0.035


def test_mixtures_hold_within_their_range() -> None:
    assert missed(0.05, NARROW, WIDE) < 1e-3 > missed(0.1, NARROW, WIDE)
    assert max(missed(width, NARROW, WIDE) for width in WIDTHS) < 0.11
    assert missed(0.25, NARROW, WIDE) > 0.5  # which is why none is asked for so far out


def test_the_share_is_the_nearest() -> None:
    """Brute force over shares: no other mixture is nearer in L2."""
    t = torch.linspace(0, 1, 100_001, dtype=torch.float64)
    law = lambda power: (power + 1) * t**power  # noqa: E731
    wanted = law(power_of(0.075))
    shares = torch.linspace(0, 1, 201, dtype=torch.float64)
    far = torch.stack([((1 - s) * law(NARROW) + s * law(WIDE) - wanted).square().mean() for s in shares])
    assert shares[far.argmin()].item() == pytest.approx(share(0.075, NARROW, WIDE), abs=0.005)
    assert (far.min() / wanted.square().mean()).sqrt().item() == pytest.approx(missed(0.075, NARROW, WIDE), abs=1e-3)


def test_shown_for_a_while_and_put_back() -> None:
    weight = torch.tensor([1.0, 2.0])
    average = Average([weight], powers=[1.0], every=1)
    weight.fill_(5.0)
    with average.shown(average.width):
        assert weight.tolist() == [1.0, 2.0]
    assert weight.tolist() == [5.0, 5.0]
    assert average.others == ()


def test_the_second_is_updated_half_as_often_and_mixed_in() -> None:
    weight = torch.zeros(1)
    average = Average([weight], powers=[NARROW, WIDE], every=8)
    weight.fill_(1.0)
    average.update(8)
    assert [values[0].item() for values in average.values] == [1.0, 0.0]
    assert list(average.tensors()) == ["average/0", "wide/0"]
    with average.shown(0.075):
        assert weight.item() == pytest.approx(1 - share(0.075, NARROW, WIDE), rel=1e-6)
    average.update(16)
    assert average.values[1][0].item() == 1.0


def test_nothing_to_average() -> None:
    average = Average([], powers=[1.0, 2.0], every=1)
    average.update(1)
    for width in (average.width, 0.05):
        with average.shown(width):
            assert average.values == [[], []]
