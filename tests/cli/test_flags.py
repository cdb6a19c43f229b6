"""Fields as flags: taken out of a line, put into a family, told in help."""

import pytest

from likely.cli.flags import family_names, family_of, field_at, fields_help, named_family, parted, told_beside
from likely.errors import FieldError

OWN = {"--family", "-f", "--budget", "-o", "--quiet", "--help"}


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("iris", "NaiveBayes"),
        ("iris --family vae", "vae"),
        ("iris -f vae,latent=3", "vae"),
        ("--family=gan iris", "gan"),
        ("-fgan iris", "gan"),
        ("iris --family", "NaiveBayes"),
    ],
)
def test_the_family_is_known_before_the_line_is_parsed(line, name):
    assert named_family(line.split()) == name


@pytest.mark.parametrize(
    ("line", "rest", "pairs"),
    [
        ("iris --latent 3 --budget 5", "iris --budget 5", [("latent", "3")]),
        ("--latent=3 iris -o m", "iris -o m", [("latent", "3")]),
        ("iris --rate -1", "iris", [("rate", "-1")]),
        ("iris --rate -.5", "iris", [("rate", "-.5")]),
        ("iris --anneal --budget 5", "iris --budget 5", [("anneal", "true")]),
        ("--anneal iris", "iris", [("anneal", "true")]),
        ("--anneal False iris", "iris", [("anneal", "False")]),
        ("iris --anneal -o m", "iris -o m", [("anneal", "true")]),
        ("iris --network mlp --network.width 3", "iris", [("network", "mlp"), ("network.width", "3")]),
        ("--generator=mlp --generator.residual iris", "iris", [("generator", "mlp"), ("generator.residual", "true")]),
        ("--game.clip none iris", "iris", [("game.clip", "none")]),
        ("iris -- --latent 3", "iris -- --latent 3", []),
        ("iris --budget=5 --quiet", "iris --budget=5 --quiet", []),
    ],
)
def test_fields_are_taken_out(line, rest, pairs):
    assert parted(line.split(), OWN, "gan") == (rest.split(), pairs)


def test_a_field_s_type_is_known_however_deep():
    assert field_at("critic_rate", "gan", {}).type == "float"
    assert field_at("game.penalty.real", "gan", {}).type == "float"  # of the default game's default penalty
    assert field_at("game.penalty.weight", "gan", {"game": "wasserstein"}).type == "float"
    assert field_at("network.residual", "vae", {"network": "mlp"}).type == "bool"
    for path, family in (("network.residual", "vae"), ("nothing", "vae"), ("latent.more", "vae"), ("x", "nothing")):
        assert field_at(path, family, {}) is None


def test_fields_are_put_in():
    family = family_of(
        "vae", [("latent", "3"), ("network", "mlp"), ("network.width", "8"), ("network.residual", "yes")]
    )
    assert (family.latent, family.network.width, family.network.residual) == (3, 8, True)
    assert family_of("gan", [("critic-rate", "0.1")]).critic_rate == 0.1
    assert family_of("vae,latent=5", []).latent == 5


def test_fields_that_only_go_together_are_put_in_together():
    family = family_of("flow-matching", [("schedule", "geometric"), ("schedule.low", "30"), ("schedule.high", "500")])
    assert (family.schedule.low, family.schedule.high) == (30, 500)
    with pytest.raises(FieldError, match="no level of noise above 20"):
        family_of("flow-matching", [("schedule", "geometric")])


def test_what_is_named_says_its_own_fields_in_one_word():
    family = family_of("vae", [("network", "mlp,width=16"), ("network.depth", "3")])
    assert (family.network.width, family.network.depth) == (16, 3)
    told = dict(fields_help("Family", "vae", {"network": "mlp,width=16"}))
    assert "--network.depth int" in told
    assert field_at("network.width", "vae", {"network": "mlp,depth=2"}).type == "int"


def test_unknown_fields_name_their_neighbours():
    with pytest.raises(FieldError, match="did you mean --latent"):
        family_of("vae", [("latnet", "3")])
    with pytest.raises(FieldError, match="did you mean --budget"):
        family_of("vae", [("budgte", "3")], ["--budget"])


def test_help_of_fields_and_of_what_was_named():
    told = dict(fields_help("Family", "vae", {"network": "unet"}))
    assert told["--latent int"].endswith("[default: 16]")
    assert "--network.multipliers int,.." in told
    assert "--network.multipliers int,.." not in dict(fields_help("Family", "vae", {}))


def test_a_field_whose_flag_is_taken_is_told_with_its_family():
    told = dict(told_beside(fields_help("Family", "diffusion", {}), {"--weight", "--seed"}, "Diffusion"))
    assert "--family Diffusion,weight=Weight" in told
    assert "--weight Weight" not in told
    assert "--steps int" in told
    assert family_of("Diffusion,weight=MinSNR", [("weight.gamma", "3")]).weight.gamma == 3


def test_names_for_the_shell():
    assert "Diffusion" in family_names()
