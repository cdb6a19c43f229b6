import math

import pytest

from likely.errors import Corrupt
from likely.training.course import LATER, Course
from likely.training.judgement import Judgement


def judged(course: Course, raw: float, averaged: float) -> bool:
    return course.judged(Judgement(raw, 0.1), Judgement(averaged, 0.2), 0.05)


def test_the_best_of_raw_and_averaged() -> None:
    course = Course(step=10)
    assert judged(course, 2.0, 3.0)
    assert (course.best, course.best_averaged, course.best_step, course.best_width) == (2.0, False, 10, None)
    course.step = 20
    assert judged(course, 2.5, 1.0)
    assert (course.best, course.best_averaged, course.best_step, course.best_width) == (1.0, True, 20, 0.05)
    assert (course.last, course.last_error, course.best_error) == (2.5, 0.1, 0.2)
    assert not judged(course, 1.0, 1.5)
    assert (course.stale, course.judgements) == (1, 6)


def test_one_more_judgement_is_no_validation() -> None:
    course = Course(step=10)
    judged(course, 2.0, 3.0)
    assert course.weighed(Judgement(1.5), 0.1)
    assert (course.best, course.best_width, course.last, course.stale) == (1.5, 0.1, 2.0, 0)


def test_a_value_that_is_no_number_is_never_best() -> None:
    course = Course()
    assert not judged(course, math.nan, math.nan)
    assert not judged(course, math.nan, math.inf)
    assert judged(course, math.nan, 3.0)
    assert course.best == 3.0
    assert course.best_averaged


def test_states_of_earlier_versions_lack_what_came_later() -> None:
    course = Course(step=3, best=1.0, best_averaged=True)
    earlier = {name: value for name, value in course.to_json().items() if name not in LATER}
    assert Course.from_json(earlier) == course


def test_copies_are_independent_and_json_is_exact() -> None:
    course = Course(step=3, typical={"a": 0.1 + 0.2})
    other = course.copy()
    other.follow("a", 5.0)
    assert course.typical == {"a": 0.1 + 0.2}
    assert Course.from_json(course.to_json()) == course
    with pytest.raises(Corrupt):
        Course.from_json({"step": 3})
