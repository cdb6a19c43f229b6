"""No evidence is certain."""

from likely.certificates.evidence import adds_up
from tests.certificates import planted
from tests.certificates.planted import clock, subject


def test_evidence_of_nothing_has_probability_one():
    seen = adds_up(subject(planted.Overconfident), clock())
    assert abs(seen.value - 0.1) < 1e-6
    assert not seen.passed
