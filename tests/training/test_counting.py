import pytest
import torch

from likely.errors import EmptyData
from likely.training.counting import chunk_of, observe, one_pass
from likely.training.course import Course
from likely.training.examples import Examples
from tests.training.runner import recipe, rows
from tests.training.toys import Mean

DATA = rows(300, 1)


class Noise:
    """x + U."""

    def up(self, x, *, rng):
        return x + rng.uniform(x.shape, like=x), torch.zeros(len(x), dtype=torch.float64)


def mean_of(chunk: int) -> torch.Tensor:
    model = Mean(4)
    for start in range(0, 300, chunk):
        part = Examples(DATA.x[start : start + chunk])
        observe(model, part, start, seed=3, lift=Noise())
    model.finish()
    return model.mean


def test_a_rows_noise_does_not_depend_on_the_chunks() -> None:
    torch.testing.assert_close(mean_of(300), mean_of(37))
    assert not torch.equal(mean_of(300), DATA.x.mean(0))


def test_a_pass_and_its_end() -> None:
    course, model = Course(), Mean(4, rounds=2)
    events = list(one_pass(model, DATA, recipe(5), course, seed=0, lift=None))
    assert [(e.turn, e.rows, e.of, e.ended) for e in events] == [(1, 300, 300, True)]
    assert (course.passes, course.counted) == (1, False)
    list(one_pass(model, DATA, recipe(5), course, seed=0, lift=None))
    assert (course.passes, course.counted) == (2, True)


def test_nothing_to_count() -> None:
    with pytest.raises(EmptyData):
        list(one_pass(Mean(4), list, recipe(5), Course(), seed=0, lift=None))


def test_chunks_are_of_a_size_in_memory() -> None:
    assert chunk_of(784) == 21_399
    assert chunk_of(1) == 131_072
    assert chunk_of(10**7) == 1024
