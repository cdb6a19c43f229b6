"""A finding says what was seen and what helps."""

from likely.doctor import Finding


def test_a_finding_in_words():
    assert str(Finding("a name", "it was seen", "do this")) == "a name: it was seen. What helps: do this"
