import pytest
import torch

from likely.errors import DataError, EmptyData, TrainingError
from likely.training.examples import Examples, cells, in_memory, passes


def test_rows_conditions_and_weights_go_together() -> None:
    whole = Examples(torch.arange(10.0)[:, None], torch.arange(10), torch.ones(10))
    some = whole.take(torch.tensor([3, 1]))
    assert (some.x.flatten().tolist(), some.c.tolist(), len(some.weight)) == ([3.0, 1.0], [3, 1], 2)
    assert [len(chunk) for chunk in whole.chunks(4)] == [4, 4, 2]
    assert next(whole.chunks(4)).x.data_ptr() == whole.x.data_ptr()  # a view


def test_fewer_rows_are_evenly_spaced() -> None:
    whole = Examples(torch.arange(10.0)[:, None], torch.arange(10))
    assert whole.spread(10) is whole
    assert whole.spread(4).c.tolist() == [0, 2, 5, 7]


def test_lengths_and_weights_are_checked() -> None:
    x = torch.zeros(3, 1)
    with pytest.raises(DataError, match="3 rows with 2 conditions"):
        Examples(x, torch.zeros(2))
    for bad in ([1.0, -1.0, 1.0], [0.0, 0.0, 0.0], [1.0, float("nan"), 1.0]):
        with pytest.raises(DataError, match="weights"):
            Examples(x, weight=torch.tensor(bad))


def test_rows_in_memory_or_a_stream() -> None:
    part = Examples(torch.zeros(3, 1))
    with pytest.raises(TrainingError, match="stream"):
        in_memory(lambda: [part])
    with pytest.raises(EmptyData):
        in_memory(Examples(torch.zeros(0, 1)))
    assert [len(chunk) for chunk in passes(lambda: [part, part], 2)] == [3, 3]
    assert [len(chunk) for chunk in passes(part, 2)] == [2, 1]


def test_cells_are_widened_by_the_batch() -> None:
    assert cells(torch.zeros(2, dtype=torch.uint8), torch.float32).dtype == torch.float32
    assert cells(torch.zeros(2), torch.float64).dtype == torch.float64
    assert cells(torch.zeros(2, dtype=torch.int64), torch.float64).dtype == torch.int64
    x = torch.zeros(2)
    assert cells(x, torch.float32) is x
