"""What a model makes, each row given some real row's condition; what its critic says of rows, in whole packs."""

import numpy as np
import torch

from tests.doctor.patients import patient_of, ring


def one_mode_each(n, given, seed):
    """The mode that was asked for."""
    places = [int(each[1:]) for each in given]
    return np.concatenate([ring(1, seed + i, only=[p]) for i, p in enumerate(places)])


def test_rows_as_the_person_has_them():
    patient = patient_of(ring(400), lambda n, c, seed: ring(n, seed))
    made = patient.made(300)
    assert len(made.rows) == len(made.u) == 300
    assert list(made.rows.frame) == ["across", "up"]
    assert made.c is None
    assert torch.equal(patient.made(300).u, made.u)
    assert len(patient.made(300, seconds=0.0).rows) == 64  # the first batch, whatever the time


def test_each_row_is_given_a_real_row_s_condition():
    frame = ring(300, labels=True)

    def draw(n, given, seed):
        rows = one_mode_each(n, given, seed)
        return ring(n).assign(across=rows[:, 0], up=rows[:, 1], place=given.to_numpy())

    patient = patient_of(frame, draw, condition="place")
    made = patient.made(100)
    assert made.c is not None
    assert len(made.c) == 100
    assert list(made.rows.frame) == ["across", "up"]
    assert list(patient.modelled(patient.learned, made.rows).frame) == ["across", "up"]
    angle = np.arctan2(made.rows.frame["up"], made.rows.frame["across"]) * 8 / (2 * np.pi)
    said = patient.given.decode(made.c).frame["place"]
    assert ([f"m{round(a) % 8}" for a in angle] == said).all()


def test_scores_of_packs():
    patient = patient_of(ring(400), lambda n, c, seed: ring(n, seed), score=lambda x: x[: len(x) // 3 * 3, 0][::3])
    assert len(patient.scores(patient.learned, 100)) == 33
    shuffled = patient.scores(patient.learned, 360)
    assert len(shuffled) == 120
