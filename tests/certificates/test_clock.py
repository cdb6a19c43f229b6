"""Slices that grow while they are quick and end with the time."""

import itertools
import time

from likely.certificates.clock import Clock


def test_slices_are_whole_and_grow():
    parts = list(Clock(60).slices(1000))
    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert parts[-1].stop == 1000
    sizes = [part.stop - part.start for part in parts[:-1]]
    assert sizes[0] == 4
    assert all(a <= b for a, b in itertools.pairwise(sizes))


def test_slow_slices_stay_small_and_the_end_is_the_end(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    clock, sizes = Clock(1.0), []
    for part in clock.slices(1000):
        sizes.append(part.stop - part.start)
        now[0] += 0.3
    assert sizes == [4, 4, 4, 4]


def test_a_share_is_of_what_is_left_and_a_stopped_clock_gives_nothing():
    clock = Clock(60)
    assert 25 < clock.share(0.5).left <= 30
    clock.stop()
    assert clock.left < 0
    assert list(clock.slices(5)) == list(clock.share(0.5).slices(5)) == []
