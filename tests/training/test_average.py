import torch

from likely.training.average import Average


def test_a_power_law_average() -> None:
    weight = torch.zeros(1, dtype=torch.float64)
    average = Average([weight], power=2.0, every=1)
    for step in range(1, 401):
        weight.fill_(step)
        average.update(step)
    # the weight of step t is t^2 up to a constant: the mean is (power + 1) / (power + 2) of the way
    torch.testing.assert_close(average.values[0] / 400, torch.tensor([3 / 4], dtype=torch.float64), atol=5e-3, rtol=0)


def test_updating_rarely_is_nearly_the_same() -> None:
    weight = torch.zeros(1, dtype=torch.float64)
    always, rarely = (Average([weight], power=16.97, every=every) for every in (1, 8))
    for step in range(1, 801):
        weight.fill_(step)
        always.update(step)
        rarely.update(step)
    torch.testing.assert_close(always.values[0], rarely.values[0], rtol=0.006, atol=0)


def test_shown_for_a_while_and_put_back() -> None:
    weight = torch.tensor([1.0, 2.0])
    average = Average([weight], power=1.0, every=1)
    weight.fill_(5.0)
    with average.shown():
        assert weight.tolist() == [1.0, 2.0]
    assert weight.tolist() == [5.0, 5.0]


def test_nothing_to_average() -> None:
    average = Average([], power=1.0, every=1)
    average.update(1)
    with average.shown():
        assert average.values == []
