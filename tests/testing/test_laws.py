"""The laws themselves are tried on planted bugs in tests/laws/test_planted.py; here, that none is without its words."""

from likely.contracts import Model
from likely.testing import LAWS


def test_every_law_is_about_a_promise_and_says_what_it_means():
    for name, law in LAWS.items():
        assert issubclass(law.promise, Model), name
        assert law.holds.__doc__, name
