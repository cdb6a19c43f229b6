"""What a look says adds up, and is plain JSON."""

import json
import math

from likely.card import Card
from likely.doctor import Finding, Health, Reading, readings_of
from likely.families.gan import GAN

READING = Reading("a number", 1.23456, 1.0, math.inf, "10 rows", "0")


def test_looks_add_up():
    both = Health(findings=(Finding("a", "b", "c"),)) + Health(readings=(READING,), left_out=("x: why",))
    assert (len(both.findings), len(both.readings), both.left_out) == (1, 1, ("x: why",))
    told = json.loads(json.dumps(both.to_json(), allow_nan=False))
    assert told["findings"] == [{"name": "a", "seen": "b", "remedy": "c"}]
    assert told["readings"][0]["high"] is None
    assert told["left out"] == ["x: why"]


def test_what_a_card_keeps():
    kept = json.loads(json.dumps(Health(readings=(READING,)).to_json()["readings"]))
    assert readings_of(Card(GAN(), measures={"health": kept})) == (READING,)
    assert readings_of(Card(GAN())) == ()


def test_a_number_in_words():
    assert str(READING) == "1.23 [1, ∞]"
    assert str(Reading("modes", 7.0, 7.0, 7.0, "", "8")) == "7"
    assert str(Reading("modes", 12345.0, 10_000.0, 20_000.0, "", "")) == "12,345 [10,000, 20,000]"
