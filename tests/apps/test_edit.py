"""Edits of a model whose codes are known: what is asked for changes, the rest stays, exactly."""

import numpy as np
import pandas as pd
import pytest

import likely
from likely.apps.coded import coded
from likely.apps.edit import Matched, Mean, Orthogonal, edited, effects_of
from likely.errors import CannotAnswer, FieldError
from tests.rotated import GLASSES, SHADE, TOWN, WIDTH, code_of, codes_of, facts, rotated

WAYS = [Matched(), Orthogonal(), Mean()]
EACH = pytest.mark.parametrize("way", WAYS, ids=["matched", "orthogonal", "mean"])


def known_of(said):
    fitted, rows = rotated(codes_of(said))
    return coded(fitted, rows, labels=said)


@pytest.fixture(scope="module")
def balanced():
    return known_of(facts())


@pytest.fixture(scope="module")
def together():
    """Most who wear glasses live in Ulm."""
    return known_of(facts(lambda glasses, shade, town: 9 if glasses == (town == "Ulm") else 3))


def moved(known, places, **asked):
    """How far the codes that rows were made from move."""
    found = edited(known.take(places), known, **asked)
    return code_of(found.after.said.frame) - code_of(known.rows.frame.iloc[places])


def unit(*pairs):
    return np.array([dict(pairs).get(at, 0.0) for at in range(WIDTH)])


@EACH
def test_one_attribute_changes_by_what_it_is_and_the_rest_stays(balanced, way):
    places = np.flatnonzero(~balanced.labels.frame["glasses"].to_numpy())
    found = moved(balanced, places, add=["glasses"], way=way)
    assert np.allclose(found, unit((GLASSES, 2.0)), atol=5e-3)


@EACH
def test_categories_go_from_what_they_are_to_what_is_asked(balanced, way):
    dark = np.flatnonzero(balanced.labels.frame["shade"] == "dark")[:5]
    found = moved(balanced, dark, add=["shade=light"], way=way)
    assert np.allclose(found, unit((SHADE, 2.5)), atol=5e-3)
    assert np.allclose(moved(balanced, dark, add=["shade=dark"], way=way), 0, atol=1e-4)
    both = moved(balanced, dark[:1], add=["shade=light"], remove=["glasses"], way=way)
    glasses = balanced.labels.frame["glasses"].iloc[dark[0]]
    assert np.allclose(both, unit((SHADE, 2.5), (GLASSES, -2.0 * glasses)), atol=1e-2)


def test_what_goes_together_is_taken_along_by_the_mean_and_left_by_the_others(together):
    said = together.labels.frame
    places = np.flatnonzero(~said["glasses"].to_numpy() & (said["town"] == "Bonn"))
    wide = moved(together, places, add=["glasses"], way=Mean())
    assert np.allclose(wide[:, TOWN], 0.5, atol=1e-4)  # 3 in 4 of one, 1 in 4 of the other
    for way in (Matched(), Orthogonal()):
        found = moved(together, places, add=["glasses"], way=way)
        assert np.abs(found - unit((GLASSES, 2.0))).max() < 0.3
        assert np.abs(found[:, TOWN]).max() < 0.06, way
        assert np.abs(found[:, SHADE]).max() < 0.06, way


def test_half_the_strength_goes_half_the_way(balanced):
    place = np.flatnonzero(~balanced.labels.frame["glasses"].to_numpy())[:1]
    whole, half = (moved(balanced, place, add=["glasses"], strength=each) for each in (1.0, 0.5))
    assert np.allclose(half, whole / 2, atol=1e-4)
    with pytest.raises(FieldError, match="strength"):
        moved(balanced, place, add=["glasses"], strength=np.inf)


def test_what_is_not_said_of_a_row_is_told_from_its_code(balanced):
    bare = coded(balanced.fitted, balanced.rows.take(range(40)))
    found = edited(bare, balanced, add=["town=Bonn"])
    said = balanced.labels.frame.head(40)
    assert [each["town"] for each in found.said] == said["town"].tolist()
    assert [each["shade"] for each in found.said] == said["shade"].tolist()
    assert found.asked == ({"town": "Bonn"},) * 40
    change = code_of(found.after.said.frame) - code_of(bare.rows.frame)
    assert np.allclose(change[:, TOWN], -1.0 * (said["town"] == "Ulm"), atol=5e-3)


def test_what_is_only_to_go_becomes_the_likeliest_other(balanced):
    dark = np.flatnonzero(balanced.labels.frame["shade"] == "dark")[:4]
    found = edited(balanced.take(dark), balanced, remove=["shade=dark"])
    assert {each["shade"] for each in found.asked} == {"none"}  # at 0, nearer to -1 than 1.5 is
    others = edited(balanced.take([40]), balanced, remove=["shade=dark"])
    assert others.asked[0]["shade"] == balanced.labels.frame["shade"][40] != "dark"
    assert np.allclose(others.z, balanced.z[[40]])
    with pytest.raises(FieldError, match="every shade is removed"):
        edited(balanced.take(dark), balanced, remove=["shade=dark", "shade=light", "shade=none"])


def test_numbers_move_by_their_slope():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(300, WIDTH))
    age = pd.DataFrame({"age": 40 + 10 * z[:, 0]})
    fitted, rows = rotated(z)
    known = coded(fitted, rows, labels=age)
    place = np.array([int(np.abs(age["age"] - 45).argmin())])
    for way, near in ((Mean(), 0.1), (Matched(), 0.25)):
        found = moved(known, place, add=["age=35"], way=way)
        assert np.abs(found - unit((0, (35 - age["age"][place[0]]) / 10))).max() < near


def test_no_direction_is_left_in_few_numbers():
    said = facts()
    z = codes_of(said)[:, :1] * 0 + np.random.default_rng(0).normal(size=(len(said), 1))
    fitted = likely.fit(pd.DataFrame({"a": z[:, 0], "b": 2 * z[:, 0]}), likely.VAE(latent=1), budget=1, certify=False)
    known = coded(fitted, pd.DataFrame({"a": z[:, 0], "b": 2 * z[:, 0]}), labels=said)
    with pytest.raises(CannotAnswer, match="so few numbers"):
        edited(known.take([0]), known, add=["glasses"], way=Orthogonal())


def test_effects_are_means_and_slopes():
    z = np.array([[0.0, 0.0], [2.0, 1.0], [4.0, 2.0], [2.0, 1.0]])
    cells = np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 2.0], [-1.0, np.nan]])
    means, slope = effects_of(z, cells, np.array([False, True]))
    assert np.allclose(means, [[-2.0, -1.0], [1.0, 0.5]])
    assert np.allclose(slope, [[2.0, 1.0]])


def test_a_condition_changes_and_the_code_stays():
    fitted = likely.fit("iris", likely.VAE(latent=2), condition="species", budget=3, certify=False)
    known = coded(fitted)
    found = edited(known.take([0, 60]), known, add=["species=virginica"])
    assert found.after.said.frame["species"].tolist() == ["virginica"] * 2
    assert np.allclose(found.z, known.z[[0, 60]])
    assert [each["species"] for each in found.said] == ["setosa", "versicolor"]
    assert found.asked == ({"species": "virginica"},) * 2
    gone = edited(known.take([0, 60]), known, remove=["species=setosa"])
    assert gone.after.said.frame["species"].tolist()[1] == "versicolor"
    assert gone.after.said.frame["species"].tolist()[0] != "setosa"
    with pytest.raises(FieldError, match="every species is removed"):
        edited(known.take([0]), known, remove=["species=setosa", "species=versicolor", "species=virginica"])
    mixed = edited(known.take([0]), known, add=["species=virginica", "petal length (cm)=5"])
    assert set(mixed.asked[0]) == {"species", "petal length (cm)"}
    assert not np.allclose(mixed.z, known.z[[0]])
