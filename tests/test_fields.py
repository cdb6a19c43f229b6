"""Fields: JSON round trips with checked types, amended paths, families from one line."""

import json

import pytest

from likely.errors import FieldError
from likely.fields import amended, from_json, made, to_json
from likely.names import TABLES, full_name, lookup, table
from likely.spaces import Category, Image, Real, Vector

SPACES = [Vector((Real((0.5,)), Category(3, True))), Image(1, 2, 3, None)]


@pytest.mark.parametrize("described", SPACES, ids=str)
def test_a_description_survives_json(described):
    assert from_json(json.loads(json.dumps(to_json(described))), "Space") == described


@pytest.mark.parametrize("family", list(TABLES["Family"]))
def test_every_family_survives_json(family):
    described = lookup("Family", family)()
    assert from_json(json.loads(json.dumps(to_json(described))), "Family") == described


@pytest.mark.parametrize(
    "said",
    [
        {"is": "os.system"},
        {"is": "Image", "channels": "x", "height": 1, "width": 1},
        {"is": "Image", "channels": 1.5, "height": 1, "width": 1},
        {"is": "Image", "channels": True, "height": 1, "width": 1},
        {"is": "Image", "channels": 2**70, "height": 1, "width": 1},
        {"is": "Image", "channels": 1, "height": 1, "width": 1, "more": 1},
        {"is": "Image", "channels": 1},
        {"is": "Vector", "columns": [3]},
        {"is": "Vector", "columns": [{"is": "Image", "channels": 1, "height": 1, "width": 1}]},
        [],
        None,
        {"is": ["Image"]},
    ],
)
def test_a_wrong_description_is_a_clear_error(said):
    with pytest.raises(FieldError):
        from_json(said, "Space")


def test_names_are_found_however_they_are_typed():
    for typed in ("naive-bayes", "NaiveBayes", "naive_bayes", "naivebayes"):
        assert full_name("Family", typed) == "NaiveBayes"
    with pytest.raises(FieldError, match="VAE"):
        full_name("Family", "nothing")


def test_text_is_parsed_by_the_field_s_type():
    image = Image(1, 2, 3)
    assert amended(image, "levels", "none") == Image(1, 2, 3, None)
    assert amended(image, "height", "7") == Image(1, 7, 3)
    with pytest.raises(FieldError, match="an integer"):
        amended(image, "height", "tall")
    with pytest.raises(FieldError, match="no field 'depth'"):
        amended(image, "depth", "7")


def test_a_family_from_one_line():
    vae = lookup("Family", "VAE")
    assert made("Family", "vae,latent=16,beta=0.5") == vae(latent=16, beta=0.5)
    with pytest.raises(FieldError, match="is not a field"):
        made("Family", "vae,latent")


def test_what_is_named_says_its_own_fields():
    def parsed(path, text):
        return amended(made("Family", "diffusion"), path, text)

    assert parsed("sampler", "dpmsolver,order=3").sampler == made("Sampler", "dpmsolver,order=3")
    assert parsed("network", "unet,multipliers=(1,2),width=16").network.multipliers == (1, 2)
    assert amended(made("Family", "latent-diffusion"), "autoencoder", "vae,latent=3").autoencoder.latent == 3
    with pytest.raises(FieldError, match=r"DPMSolver has no field 'oder'[\s\S]*order"):
        parsed("sampler", "dpmsolver,oder=3")
    with pytest.raises(FieldError, match="'3' is not a field"):
        parsed("sampler", "dpmsolver,3")
    with pytest.raises(FieldError, match=r"Diffusion.sampler cannot be 'dpmsolve,order=3'"):
        parsed("sampler", "dpmsolve,order=3")


def test_nested_fields_by_path():
    wide = made("Family", "vae,network=mlp,network.width=64")
    assert wide.network.width == 64
    with pytest.raises(FieldError, match="name it first"):
        amended(lookup("Family", "VAE")(), "network.width", "64")


def test_fields_that_only_go_together_are_changed_together():
    schedule = made("Schedule", "geometric,low=30,high=80")
    assert (schedule.low, schedule.high) == (30, 80)
    wide = made("Family", "vae,network.width=3,network=mlp,network.width=64")
    assert wide.network.width == 64
    anew = made("Family", "vae,network=mlp,network.width=64,network=mlp")
    assert anew.network == lookup("Network", "MLP")()


@pytest.mark.parametrize("base", list(TABLES))
def test_every_name_in_the_table_exists(base):
    for name in table(base):
        assert lookup(base, name).__name__ == name
