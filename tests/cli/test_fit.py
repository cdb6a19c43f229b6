"""Fitting from the command line: fields as flags, what is printed, where the model goes."""

import json

import pytest

import likely


def fitted(folder):
    return likely.load(folder).card


def test_it_fits_shows_and_saves_beside(cli, tmp_path):
    told = cli("fit", "iris")
    assert told.code == 0
    assert "saved in iris.likely" in told.out
    assert "= " not in told.err
    assert fitted(tmp_path / "iris.likely").data["rows"] == 150


def test_the_folder_is_named_after_the_file(cli, people, tmp_path):
    people.to_csv(tmp_path / "people.v2.csv.gz", index=False)
    assert "saved in people.v2.likely" in cli("fit", tmp_path / "people.v2.csv.gz").out


def test_json(cli):
    told = cli("fit", "iris", "-f", "kde", "--json", "-o", "m")
    page = json.loads(told.out)
    assert page["family"]["is"] == "KDE"
    assert page["folder"] == "m"
    assert page["data"]["rows"] == 150


def test_quiet_is_silent(cli, tmp_path):
    told = cli("fit", "iris", "-q", "-o", "m")
    assert (told.out, told.err) == ("", "")
    assert (tmp_path / "m" / "model.json").is_file()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--latent", "3", "--beta=0.5"], {"latent": 3, "beta": 0.5}),
        (["--network", "mlp", "--network.width", "16"], {"network": {"is": "MLP", "width": 16}}),
        (["--network=mlp", "--network.residual"], {"network": {"is": "MLP", "residual": True}}),
        (["--law", "none"], {"law": None}),
    ],
)
def test_fields_are_flags_before_and_after_the_data(cli, words, expected):
    for line in ([*words, "iris"], ["iris", *words]):
        told = json.loads(cli("fit", *line, "--family", "vae", "--budget", "2", "--json", "-o", "m").out)["family"]
        for name, value in expected.items():
            assert told[name] == value if not isinstance(value, dict) else value.items() <= told[name].items()


def test_bare_yes_or_no_flags_leave_the_data_alone(cli):
    for words, anneal in ((["--anneal", "iris"], True), (["--anneal", "no", "iris"], False)):
        told = cli("fit", "-f", "gan", *words, "--width", "8", "--budget", "1", "--json", "-o", "m")
        assert json.loads(told.out)["family"]["anneal"] is anneal


@pytest.mark.parametrize(
    ("words", "family"),
    [
        (["-f", "realnvp", "--coupling", "affine", "--layers", "2"], "RealNVP"),
        (["-f", "diffusion", "--sampler", "ddim", "--sampler.eta", "0.5", "--steps", "3"], "Diffusion"),
        (["--family", "gan", "--game", "wasserstein", "--game.clip", "0.1"], "GAN"),
        (["--family", "kde", "--bandwidth", "fixed", "--bandwidth.width", "0.3"], "KDE"),
        (["--family", "naive_bayes", "--counts", "poisson"], "NaiveBayes"),
        (["--family=vae,latent=3"], "VAE"),
    ],
)
def test_every_family_takes_its_objects(cli, words, family, tmp_path):
    assert cli("fit", "iris", *words, "--budget", "1", "-q", "-o", "m").code == 0
    assert type(fitted(tmp_path / "m").family).__name__ == family


def test_help_lists_the_fields_of_the_family_that_is_named(cli):
    told = " ".join(cli("fit", "iris", "--family", "vae", "--network", "mlp", "--help").out.split())
    assert "Fields of VAE:" in told
    assert "--beta float above 1 trades fit for a simpler code" in told
    assert "One of MLP, Conv, DCGAN, Residual, Bidirectional, Temporal, UNet, DiT." in told
    assert "--network.width int" in told
    assert "Fields of NaiveBayes:" in cli("fit", "--help").out
    assert "Fields of GAN:" in cli("fit", "--help", "-fgan").out


def test_condition_schema_weight_validation_batch_seed(cli, people, tmp_path):
    people.assign(w=[1.0, 2.0] * 60).to_csv("people.csv", index=False)
    people.head(40).assign(w=1.0).to_csv("held.csv", index=False)
    assert cli("data", "people.csv", "--write-schema", "schema.json").code == 0
    told = cli(
        "fit", "people.csv", "-f", "vae", "--latent", "2", "--condition", "town", "--condition", "married", "--schema",
        "schema.json", "--weight", "w", "--validation", "held.csv", "--batch", "16", "--seed", "5", "--budget", "3",
        "-q", "-o", "m",
    )  # fmt: skip
    assert told.code == 0, told.err
    card = fitted(tmp_path / "m")
    assert (card.condition, card.seed, card.recipe["batch"]) == (("town", "married"), 5, 16)
    assert card.measures["validation"]["rows"] == 40


def test_init_goes_on_from_a_saved_model(cli, models):
    line = ["fit", "iris", "-f", "vae", "--init", models["vae"], "--budget", "2", "-q"]
    assert cli(*line, "--latent", "2", "-o", "m").code == 0
    cli(*line, "--latent", "3", "-o", "n").fails(6, "another model")


def test_tensorboard_events_are_written(cli, tmp_path):
    assert cli("fit", "iris", "-f", "vae", "--budget", "2", "--tensorboard", "-q", "-o", "m").code == 0
    assert list((tmp_path / "m" / "tensorboard").iterdir())


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--family", "vea"], 2, ["no family called 'vea'", "VAE"]),
        (["--lantent", "2", "-f", "vae"], 2, ["no flag --lantent", "did you mean --latent?"]),
        (["--famly", "vae"], 2, ["did you mean --family?"]),
        (["--zzz", "2"], 2, ["no flag --zzz", "--smoothing", "likely fit --family NaiveBayes --help"]),
        (["--latent", "two", "-f", "vae"], 2, ["VAE.latent cannot be 'two'", "an integer"]),
        (["--latent", "-f", "vae"], 2, ["VAE.latent cannot be 'true'"]),
        (["--network", "resnet", "-f", "vae"], 2, ["MLP, Conv, DCGAN, Residual, Bidirectional, Temporal, UNet, DiT"]),
        (["--network.width", "3", "-f", "vae"], 2, ["VAE.network is not set", "network=NAME"]),
        (["--network", "mlp", "--network.widht", "3", "-f", "vae"], 2, ["MLP has no field 'widht'", "width"]),
        (["--budget", "soon"], 2, ["budget 'soon'", "5m"]),
        (["--budget", "0"], 2, ["budget of 0", "2000 steps"]),
        (["--budget", "1ns"], 2, ["5m"]),
        (["--budget", "0.000001s", "-f", "vae"], 5, ["Try: "]),
        (["--condition", "colour"], 3, ["colour", "species"]),
        (["--weight", "w"], 3, ["'w' of weights"]),
        (["--validation", "held.csv"], 3, ["held.csv"]),
        (["--schema", "schema.json"], 3, ["schema.json"]),
        (["--init", "no.likely"], 3, ["no.likely"]),
        (["--device", "abacus"], 2, ["abacus"]),
        (["--batch", "0"], 2, ["--batch"]),
        (["-o", "/proc/m.likely"], 6, ["/proc/m.likely"]),
    ],
)
def test_what_cannot_be_done_is_told(cli, words, code, said):
    cli("fit", "iris", *words).fails(code, *said)


def test_a_folder_of_something_else_is_left_alone(cli, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    cli("fit", "iris", "-o", "mine").fails(3, "something else")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]
