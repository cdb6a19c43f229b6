"""Thread pools are small inside and as before outside."""

import sklearn.ensemble  # noqa: F401  (loads an OpenMP to look at)
from threadpoolctl import threadpool_info

from likely.metrics.thread import one_thread


def threads():
    return [pool["num_threads"] for pool in threadpool_info()]


def test_one_thread_inside_and_as_before_outside():
    before = threads()
    with one_thread():
        assert set(threads()) == {1}
    assert threads() == before
