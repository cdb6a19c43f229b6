"""Time that is limited: what is left of it, and what is cut off."""

import signal
import threading
import time
from contextlib import suppress
from math import inf

import pytest

from likely.apps.allowance import Allowance, Overrun, cut_off


def test_what_earlier_runs_took_is_spent():
    found = Allowance(100.0, 90.0)
    assert 90 < found.spent < 95
    assert 5 < found.left() < 10
    assert found.left(0.5) == 0.0
    assert Allowance(None, 90.0).left(0.1) == inf


def test_what_takes_too_long_is_cut_off_and_nothing_forgives_it():
    def forgiving():
        try:
            while True:
                time.sleep(0.001)
        except Exception:
            return

    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(Overrun), cut_off(0.05):
        forgiving()
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_an_alarm_that_nobody_heard_sounds_again():
    """A callback from C code prints what is raised in it, and goes on."""

    def deaf():
        with suppress(Overrun):
            time.sleep(60)
        time.sleep(60)

    with pytest.raises(Overrun), cut_off(0.01):
        deaf()


def test_what_is_in_time_is_left_alone():
    with cut_off(30):
        done = 1
    with cut_off(inf):
        done += 1
    assert done == 2
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_elsewhere_than_in_the_main_thread_nothing_is_cut():
    seen = []

    def work():
        with cut_off(0.01):
            time.sleep(0.05)
            seen.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == ["done"]
