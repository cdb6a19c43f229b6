"""Certificates in words."""

from likely.certificates.certificate import Certificate, Certificates, Dependence
from likely.certificates.told import digit, drawn, rows_of, strongest, summary

FOUND = Certificates(
    (Certificate("mass", "passed", "1"), Certificate("codes", "failed", "2"), Certificate("x", "not applicable", "3")),
    rows=1200, held_out=True, seconds=0.44, cap=5.0,
)  # fmt: skip
MATRIX = Dependence(("age", "hours"), ("sex",), ((7.0, 1.0, 0.0), (1.0, 3.0, 4.0)), "nats")


def test_a_summary_and_a_line_a_check():
    assert summary(FOUND) == "1 passed, 1 failed, 1 not applicable on 1,200 held-out rows in 0.4 s (at most 5 s)"
    assert [row[1] for row in rows_of(FOUND)] == ["passed", "FAILED", "–"]


def test_a_matrix_of_digits_and_dots():
    assert strongest(MATRIX) == 4.0
    assert drawn(MATRIX) == [
        "dependence, in nats (9: 4; dot: none; each row on each column)",
        "        1 2 3",
        "1 age   - 4 .",
        "2 hours 4 - 9",
        "3 sex (given)",
    ]


def test_of_many_columns_it_says_where():
    names = tuple(f"x{i}" for i in range(40))
    many = Dependence(names, (), tuple((0.0,) * 40 for _ in names), "nats")
    assert "--json" in drawn(many)[0]
    assert digit(0.0, 1.0) == digit(1.0, 0.0) == "."
    assert digit(1e-9, 1.0) == "1"
