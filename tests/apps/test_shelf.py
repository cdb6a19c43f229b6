"""What a comparison keeps, and by what it is found again."""

import pytest

import likely
from likely.apps.shelf import Shelf, described, opened, read_json
from likely.errors import CannotSave


def test_a_place_depends_on_everything_that_the_numbers_do(tmp_path):
    shelf = Shelf(tmp_path, {"data": "abc", "budget": "10s", "seed": 0})
    place = shelf.of(likely.VAE(latent=2))
    assert place.parent == tmp_path
    assert place.name.startswith("vae-")
    assert place == Shelf(tmp_path, {"seed": 0, "data": "abc", "budget": "10s"}).of(likely.VAE(latent=2))
    assert place != shelf.of(likely.VAE(latent=3))
    assert place != Shelf(tmp_path, {"data": "abd", "budget": "10s", "seed": 0}).of(likely.VAE(latent=2))


def test_the_time_that_was_spent_is_remembered(tmp_path):
    shelf = Shelf(tmp_path, {"seed": 0})
    assert shelf.spent == 0.0
    shelf.note(12.5)
    assert shelf.spent == 12.5
    assert Shelf(tmp_path, {"seed": 1}).spent == 0.0


def test_somebody_s_own_family_has_no_place(tmp_path):
    class Own:
        """No family of ours."""

    assert described(Own()) is None
    assert Shelf(tmp_path, {}).of(Own()) is None


def test_what_is_broken_is_not_there(tmp_path):
    (tmp_path / "round-1.json").write_text('{"name": "VA')
    assert read_json(tmp_path / "round-1.json") is None
    assert read_json(tmp_path / "round-2.json") is None


def test_a_file_in_the_way_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotSave, match="file"):
        opened(tmp_path / "file")
