"""Rows beside their codes: where they come from, what is said of them, what is refused."""

import numpy as np
import pandas as pd
import pytest

import likely
from likely.apps import coded as apart
from likely.apps.coded import chosen, coded, flat, numbers_of, training_source
from likely.errors import CannotAnswer, DataError, MissingFile, WrongRows
from likely.spaces import Category, Image, Real, Tokens, Vector, reals
from tests.rotated import codes_of, facts, rotated


@pytest.fixture(scope="module")
def flow():
    return likely.fit("moons", likely.RealNVP(layers=2, width=8), budget=2, certify=False)


def test_codes_are_the_model_s_own(flow):
    rows = likely.read("moons").take(range(30))
    known = coded(flow, rows)
    assert np.allclose(known.z, flow.encode(rows))
    assert np.allclose(known.decoded(known.z).said.frame, rows.frame, atol=1e-3)


def test_the_rows_are_those_it_was_fitted_on_unless_others_are_given(flow, tmp_path):
    assert len(coded(flow, most=50)) == 50
    assert len(coded(flow)) == 10_000
    rows = likely.read("moons").frame.head(40)
    rows.to_csv(tmp_path / "points.csv", index=False)
    fitted = likely.fit(tmp_path / "points.csv", likely.VAE(latent=2), budget=1, certify=False)
    assert training_source(fitted) == str(tmp_path / "points.csv")
    (tmp_path / "points.csv").unlink()
    with pytest.raises(MissingFile, match="not there any more"):
        coded(fitted)
    memory = likely.fit(rows, likely.VAE(latent=2), budget=1, certify=False)
    with pytest.raises(MissingFile, match="from memory"):
        coded(memory)


def test_a_part_is_drawn_in_order_always_the_same():
    fitted, rows = rotated(codes_of(facts()))
    one, two = coded(fitted, rows, most=10), coded(fitted, rows, most=10)
    assert np.array_equal(one.z, two.z)
    assert one.rows.frame.index.is_monotonic_increasing


def test_labels_beside_the_rows():
    said = facts()
    fitted, rows = rotated(codes_of(said))
    known = coded(fitted, rows, labels=said)
    assert list(known.labels.frame) == ["x0", "x1", "x2", "x3", "x4", "glasses", "shade", "town"]
    assert known.take([3]).labels.frame["town"].tolist() == [said["town"][3]]
    with pytest.raises(WrongRows, match="one row for each row"):
        coded(fitted, rows, labels=said.head(3))
    pictures = likely.fit(np.zeros((6, 4, 4, 1), np.uint8) + np.arange(6, dtype=np.uint8)[:, None, None, None],
                          likely.VAE(latent=2), budget=1, certify=False)  # fmt: skip
    cells = np.zeros((6, 4, 4, 1), np.uint8) + np.arange(6, dtype=np.uint8)[:, None, None, None]
    assert list(coded(pictures, cells, labels=pd.DataFrame({"a": list("xyxyxy")})).labels.frame) == ["a"]


def test_rows_that_are_not_there():
    fitted, rows = rotated(codes_of(facts()))
    with pytest.raises(WrongRows, match=r"there is no row 49\nExpected: a number from 1 to 48"):
        coded(fitted, rows).take([48])
    with pytest.raises(WrongRows, match="there is no row 0"):
        coded(fitted, rows).take([-1])


def test_models_without_codes_are_told_who_has_them():
    bayes = likely.fit("iris", likely.NaiveBayes(), certify=False)
    with pytest.raises(CannotAnswer, match=r"NaiveBayes has no codes.*Families that can: .*VAE"):
        coded(bayes)
    empty = likely.fit("moons", likely.FactorAnalysis(factors=0), certify=False)
    with pytest.raises(CannotAnswer, match="hold no number"):
        coded(empty)
    fitted, rows = rotated(codes_of(facts()))
    with pytest.raises(DataError):
        coded(fitted, rows.frame.head(0))


def test_codes_that_are_choices_are_not_walked_between():
    assert chosen(Tokens(8, 5))
    assert chosen(Image(1, 4, 4, 64))
    assert chosen(Vector((Real(), Category(5))))
    assert not chosen(Image(2, 4, 4, None))
    assert not chosen(reals(3))


def test_codes_are_found_when_they_are_asked_for(monkeypatch):
    """And of rows that are drawn, fewer where each has to be sought."""
    made = likely.fit("moons", likely.GAN(latent=2, codes=0, width=16), budget=2, certify=False)
    monkeypatch.setattr("likely.apps.coded.SOUGHT", 5)
    assert len(coded(made, most=100)) == 5
    whole = coded(made)
    assert len(whole) == 10_000
    one = whole.take([9_000])
    assert "z" not in vars(whole)
    assert one.z.shape == (1, 2)
    assert np.array_equal(one.take([0]).z, one.z)


def test_numbers_beside_a_choice():
    made = likely.fit(
        likely.read("moons").take(range(300)), likely.GAN(latent=2, codes=4, width=16), budget=2, certify=False
    )
    assert apart.codes_of(made) is made.model
    with pytest.raises(CannotAnswer, match="hold a choice beside their numbers"):
        numbers_of(made)
    choices = likely.fit("digits", likely.VQVAE(prior=likely.MADE(width=8)), budget=1, certify=False)
    with pytest.raises(CannotAnswer, match="of this VQVAE are choices"):
        numbers_of(choices)


def test_the_condition_goes_with_the_row():
    fitted = likely.fit("iris", likely.VAE(latent=2), condition="species", budget=2, certify=False)
    known = coded(fitted)
    given = known.given([0, 149])
    assert given["species"].tolist() == known.rows.frame["species"].iloc[[0, 149]].tolist()
    back = known.decoded(known.z[[0, 149]], given)
    assert back.said.frame["species"].tolist() == given["species"].tolist()
    assert flat(np.zeros((3, 2, 2))).shape == (3, 4)
