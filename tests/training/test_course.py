import math

import pytest

from likely.errors import Corrupt
from likely.training.course import Course


def test_the_best_of_raw_and_averaged() -> None:
    course = Course(step=10)
    assert course.judged(2.0, 3.0)
    assert (course.best, course.best_averaged, course.best_step) == (2.0, False, 10)
    course.step = 20
    assert course.judged(2.5, 1.0)
    assert (course.best, course.best_averaged, course.best_step, course.last) == (1.0, True, 20, 2.5)
    assert not course.judged(1.0, 1.5)
    assert course.stale == 1


def test_a_value_that_is_no_number_is_never_best() -> None:
    course = Course()
    assert not course.judged(math.nan, math.nan)
    assert not course.judged(math.nan, math.inf)
    assert course.judged(math.nan, 3.0)
    assert course.best == 3.0
    assert course.best_averaged


def test_copies_are_independent_and_json_is_exact() -> None:
    course = Course(step=3, typical={"a": 0.1 + 0.2})
    other = course.copy()
    other.follow("a", 5.0)
    assert course.typical == {"a": 0.1 + 0.2}
    assert Course.from_json(course.to_json()) == course
    with pytest.raises(Corrupt):
        Course.from_json({"step": 3})
