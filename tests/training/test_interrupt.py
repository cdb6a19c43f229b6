import os
import signal
import threading

import pytest

from likely.training.interrupt import Interrupts


def test_the_first_signal_is_noted_the_second_of_the_keyboard_raises() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interrupts() as interrupts:
        assert not interrupts.asked
        os.kill(os.getpid(), signal.SIGTERM)
        assert interrupts.asked
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) == before


def test_elsewhere_than_in_the_main_thread_nothing_happens() -> None:
    found: list[bool] = []

    def inside() -> None:
        with Interrupts() as interrupts:
            found.append(interrupts.asked)

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert found == [False]
