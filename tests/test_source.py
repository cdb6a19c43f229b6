"""What a family's source says of it: fields with their comments, promises, its first paragraph."""

import pytest

from likely.names import TABLES
from likely.source import families_that, promises, told_fields, told_page


@pytest.mark.parametrize("family", list(TABLES["Family"]))
def test_every_field_says_what_turning_it_does(family):
    assert told_page("Family", family)
    assert promises(family)
    for field in told_fields("Family", family):
        assert len(field.help) > 5, f"{family}.{field.name} has no comment"


def test_a_model_that_lives_in_another_room_says_its_promises():
    assert promises("RealNVP") == ("Density", "Latent", "Fills", "Trained", "Prepared")


def test_what_the_models_of_a_family_share_is_no_promise():
    assert promises("MADE") == ("Density", "Sharpens", "AnyOrder", "Trained", "Prepared")


def test_families_are_found_by_what_their_models_promise():
    assert {"NaiveBayes", "KDE"} <= set(families_that("Counted"))
    assert "GAN" not in families_that("Density", "Bound", "Weighted")


def test_families_are_found_by_what_a_room_promises_too():
    assert families_that("Walks") == ["LatentDiffusion"]  # the others by what stands on it
    assert families_that("Descends", "Climbs") == ["Diffusion", "FlowMatching", "Score"]
    assert "Walks" not in promises("LatentDiffusion")
