"""What a card carries: to JSON and back, damage refused, what failed in words."""

import json
import math

import pytest

from likely.certificates.certificate import Certificate, Certificates, Dependence, Seen, finite
from likely.errors import Corrupt

FOUND = Certificates(
    (
        Certificate("mass", "passed", "the mass is 1", 0.01, 0.1, 0.2),
        Certificate("dependence", "failed", "'b' is left alone", 1.0, 0.0, 0.1, "a wider network"),
        Certificate("log-determinant", "not applicable", "no codes"),
    ),
    rows=200, held_out=True, seconds=0.4, cap=5.0,
    dependence=Dependence(("a", "b"), ("k",), ((1.0, 0.0, 2.0), (0.0, 1.0, 0.0)), "nats"),
)  # fmt: skip


def test_to_json_and_back():
    assert Certificates.from_json(json.loads(json.dumps(FOUND.to_json(), allow_nan=False))) == FOUND


def test_findings_say_what_and_what_to_do():
    assert FOUND.findings == ("dependence: 'b' is left alone. Try: a wider network",)


def test_nan_never_passes_and_never_reaches_json():
    assert not Seen(math.nan, 1.0, "").passed
    assert Seen(1.0, 1.0, "").passed
    assert finite(math.inf) is finite(math.nan) is None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("rows", -1),
        ("held_out", 1),
        ("cap", "long"),
        ("checks", {}),
        ("checks.0.outcome", "splendid"),
        ("checks.0.value", "nan"),
        ("checks.0.extra", 1),
        ("dependence.names", [1, 2]),
        ("dependence.names", ["a"]),
        ("dependence.strength", [[1.0], [1.0]]),
        ("dependence.strength", [1.0, 1.0]),
        ("surplus", 0),
    ],
)
def test_damage_is_refused(path, value):
    said = json.loads(json.dumps(FOUND.to_json()))
    *walk, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    inner = said
    for part in walk:
        inner = inner[part]
    inner[last] = value
    with pytest.raises(Corrupt):
        Certificates.from_json(said)


@pytest.mark.parametrize("said", [None, [], "passed", {}])
def test_what_is_no_certificate_is_refused(said):
    with pytest.raises((Corrupt, KeyError)):
        Certificates.from_json(said)
