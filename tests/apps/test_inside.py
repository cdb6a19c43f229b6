"""All that a look inside holds, on tables, pictures and conditions; what cannot be looked at."""

import numpy as np
import pytest

import likely
from likely.apps.coded import coded
from likely.apps.inside import inside, row_named
from likely.data import Images, write
from likely.errors import CannotAnswer, FieldError, MissingFile, WrongRows


@pytest.fixture(scope="module")
def digits():
    return likely.fit("digits", likely.VAE(latent=3), condition="label", budget=2, certify=False)


@pytest.fixture(scope="module")
def moons():
    return likely.fit("moons", likely.VAE(latent=2), budget=2, certify=False)


def test_a_model_of_pictures_given_their_label(digits):
    found = inside(digits, side=4, steps=5, samples=2, nearest=3, most=200, between=["1,5"])
    assert isinstance(found.grid_rows, Images)
    assert len(found.grid_rows) == 16
    assert found.places.shape == (200, 2)
    assert found.attribute.name == "label"
    assert list(found.given) == ["label"]
    assert [len(each.rows) for each in found.traversals] == [5, 5, 5]
    assert found.interpolations[0].ends == ("row 1", "row 5")
    assert found.neighbours.in_codes.places.shape == (2, 3)
    assert len(found.neighbours.by_data) == 6


def test_a_table_in_two_numbers(moons):
    found = inside(moons, side=3, steps=3, samples=2, most=100)
    assert found.plane.own
    assert found.attribute.name == "x"
    assert found.used in (0, 1, 2)
    assert np.allclose(found.grid_rows.said.frame, moons.decode(found.plane.codes(found.grid)))
    assert inside(moons, by="y", side=2, most=50).attribute.name == "y"


def test_rows_by_number_by_file_and_by_both(digits, tmp_path):
    known = coded(digits, most=30)
    assert np.allclose(row_named("3", known).z, known.z[[2]], atol=1e-5)
    unconditional = likely.fit("digits", likely.VAE(latent=2), budget=1, certify=False)
    known = coded(unconditional, most=30)
    write(known.rows.take([4, 7]), tmp_path / "two.npz")
    assert np.allclose(row_named(str(tmp_path / "two.npz"), known).z, known.z[[4]], atol=1e-5)
    assert np.allclose(row_named(f"{tmp_path / 'two.npz'}:2", known).z, known.z[[7]], atol=1e-5)
    with pytest.raises(WrongRows, match="there is no row 3"):
        row_named(f"{tmp_path / 'two.npz'}:3", known)
    with pytest.raises(WrongRows, match="there is no row 31"):
        row_named("31", known)
    with pytest.raises(MissingFile):
        row_named("nowhere.png", known)


@pytest.mark.parametrize("said", ["3", "1,2,3", "1,", ""])
def test_two_rows_take_two_names(moons, said):
    with pytest.raises(FieldError, match="does not name two rows"):
        inside(moons, between=[said])


def test_refusals(moons):
    with pytest.raises(FieldError, match=r"no column 'z' to colour by.*\nExpected: one of 'x', 'y'"):
        inside(moons, by="z")
    with pytest.raises(CannotAnswer, match="Families that can"):
        inside(likely.fit("moons", likely.KDE(), certify=False))
    with pytest.raises(WrongRows, match="there is no row 10001"):
        inside(moons, between=["1,10001"])
