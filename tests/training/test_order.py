import torch

from likely.training.order import Order


def epochs(order: Order, count: int) -> torch.Tensor:
    steps = range(count * order.rows // order.batch)
    return torch.cat([order.at(step) for step in steps]).reshape(count, order.rows)


def test_every_row_once_an_epoch_in_batches_of_one_size() -> None:
    order = Order(10, 4, seed=3)  # 4 does not divide 10: batches straddle the epochs' ends
    assert all(len(order.at(step)) == 4 for step in range(50))
    seen = epochs(order, 20)
    assert torch.equal(seen.sort(1).values, torch.arange(10).expand(20, 10))
    assert len({tuple(row) for row in seen.tolist()}) == 20  # orders differ


def test_a_function_of_seed_and_step_alone() -> None:
    forward, backward = Order(100, 7, seed=1), Order(100, 7, seed=1)
    ahead = [forward.at(step) for step in range(60)]
    assert all(torch.equal(backward.at(step), ahead[step]) for step in reversed(range(60)))
    assert not torch.equal(Order(100, 7, seed=2).at(0), ahead[0])


def test_a_batch_larger_than_the_data() -> None:
    rows = Order(3, 8, seed=0).at(5)
    assert len(rows) == 8
    assert rows.bincount(minlength=3).min() >= 2


def test_equal_weights_change_nothing() -> None:
    plain, weighted = Order(50, 8, seed=4), Order(50, 8, seed=4, weight=torch.full((50,), 0.3))
    assert all(torch.equal(plain.at(step), weighted.at(step)) for step in range(40))


def test_weights_are_how_often_a_row_is_seen() -> None:
    weight = torch.tensor([0.0, 1.0, 2.0, 5.0, 0.0])
    order = Order(5, 5, seed=0, weight=weight)
    counts = torch.cat([order.at(step) for step in range(4000)]).bincount(minlength=5)
    assert counts[0] == counts[4] == 0
    torch.testing.assert_close(counts / counts.sum(), weight / weight.sum(), atol=0.01, rtol=0)
    # in every epoch as often as its share, rounded up or down
    for step in range(100):
        times = order.at(step).bincount(minlength=5)
        assert bool(((times - 5 * weight / 8).abs() < 1).all())
