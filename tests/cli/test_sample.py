"""Drawing rows: to the terminal, to files with their recipe, given something."""

import io
import json
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

import likely
from likely.backbones import MLP
from likely.cli.sample import Asked
from likely.data import read_recipe
from likely.training import Engine


def frame(told):
    return pd.read_csv(io.StringIO(told.out))


def test_rows_come_as_csv(cli, models):
    rows = frame(cli("sample", models["iris"], "-n", "7"))
    assert rows.shape == (7, 5)
    assert rows.equals(frame(cli("sample", models["iris"], "-n", "7")))
    assert not rows.equals(frame(cli("sample", models["iris"], "-n", "7", "--seed", "1")))
    assert rows.head(3).equals(frame(cli("sample", models["iris"], "-n", "3")))


def test_json(cli, models):
    told = json.loads(cli("sample", models["people"], "-n", "40", "--json").out)
    assert len(told["rows"]) == 40
    assert told["recipe"]["n"] == 40
    ages = [row["age"] for row in told["rows"]]
    assert None in ages
    assert any(isinstance(age, float) for age in ages)


def test_given(cli, models):
    rows = frame(cli("sample", models["species"], "-n", "5", "--given", "species=setosa"))
    assert set(rows["species"]) == {"setosa"}
    rows = frame(cli("sample", models["people"], "-n", "5", "--given", "town=Köln", "--given", " children = 2 "))
    assert set(rows["town"]) == {"Köln"}
    assert set(rows["children"]) == {2}


@pytest.mark.parametrize("name", ["new.csv", "new.tsv", "new.parquet", "new.csv.gz", "deep/er/new.csv"])
def test_files_carry_their_recipe(cli, models, name, tmp_path):
    told = cli("sample", models["people"], "-n", "12", "--seed", "7", "--given", "town=Ulm", "-o", name)
    assert told.code == 0
    assert told.out == ""
    assert f"12 rows in {name}" in told.err
    recipe = read_recipe(tmp_path / name)
    assert (recipe["n"], recipe["seed"], recipe["given"]) == (12, 7, {"town": "Ulm"})
    said = json.loads(cli("sample", models["people"], "-n", "12", "-o", name, "--json").out)
    assert said["file"] == name
    assert said["recipe"]["verb"] == "sample"


def test_pictures_go_to_a_file(cli, models, tmp_path):
    assert "4 rows in samples.png" in cli("sample", models["digits"], "-n", "4").err
    with Image.open(tmp_path / "samples.png") as picture:
        assert picture.size[0] > 8
    assert cli("sample", models["digits"], "-n", "4", "--given", "label=3", "-o", "threes").code == 0
    assert (tmp_path / "threes" / "00003.png").is_file()
    assert (tmp_path / "threes" / "metadata.csv").is_file()
    assert json.loads(cli("sample", models["digits"], "-n", "2", "--json").out)["file"] == "samples.png"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--given", "species"], 2, ["COLUMN=VALUE"]),
        (["--given", "=5"], 2, ["COLUMN=VALUE"]),
        (["--given", "species=rose"], 3, ["rose", "setosa"]),
        (["--given", "colour=red"], 3, ["colour", "species"]),
        (["--given", "sepal length (cm)=long"], 3, ["long"]),
        (["-o", "new.xyz"], 2, ["new.xyz", ".csv"]),
        (["-o", "/proc/new.csv"], 6, ["/proc/new.csv"]),
    ],
)
def test_what_cannot_be_drawn_is_told(cli, models, words, code, said):
    cli("sample", models["species"], *words).fails(code, *said)


def test_truncated_codes(cli, models, tmp_path):
    plain, near = (cli("sample", models["gan"], "-n", "5", *more) for more in ((), ("--truncation", "0.4")))
    assert near.code == 0
    assert near.out != plain.out
    assert cli("sample", models["gan"], "-n", "5", "--truncation", "1").out == plain.out
    assert cli("sample", models["gan"], "-n", "5", "--truncation", "0.4", "-o", "near.csv").code == 0
    assert read_recipe(tmp_path / "near.csv")["truncation"] == 0.4
    assert cli("replay", "near.csv").code == 0
    assert (tmp_path / "near.again.csv").read_text() == (tmp_path / "near.csv").read_text()
    cli("sample", models["gan"], "--truncation", "0").fails(2, "a truncation of 0", "above 0")
    cli("sample", models["iris"], "--truncation", "0.4").fails(4, "NaiveBayes has no codes to truncate", "GAN")
    cli("sample", models["gan"], "--truncation", "0.4", "-n", "1", "--stream").fails(2, "--truncation is of generators")


def test_given_what_a_model_was_not_told_it_is_completed(cli, models):
    told = cli("sample", models["gan"], "-n", "3", "--given", "species=setosa")
    assert frame(told).species.tolist() == ["setosa"] * 3


def test_no_model(cli, tmp_path):
    cli("sample", "nowhere").fails(3, "nowhere")
    (tmp_path / "file.txt").write_text("not a model")
    cli("sample", "file.txt").fails(3, "file.txt")


# Texts ---------------------------------------------------------------------------------------------------------------


def test_a_prompt_is_gone_on_from(cli, texts):
    run = texts()
    told = cli("sample", run, "--prompt", "be")
    assert told.out.startswith("be")
    assert told.out.count("\n") == 1
    five = cli("sample", run, "-n", "5", "--prompt", "be", "--top-k", "2")
    assert [text[:2] for text in five.out.split()] == ["be"] * 5
    assert cli("sample", run, "-n", "5", "--given", "text=be", "--top-k", "2").out == five.out
    assert cli("sample", run, "--given", "text=be").out == told.out
    said = json.loads(cli("sample", run, "-n", "2", "--prompt", "be", "--temperature", "0.5", "--json").out)
    assert all(text.startswith("be") for text in said["texts"])
    assert said["recipe"]["prompt"] == "be"
    assert said["recipe"]["temperature"] == 0.5
    assert "top_p" not in said["recipe"]
    assert len(cli("sample", run).out.split()) == 10


def test_what_is_typed_is_not_changed(cli, texts):
    run = texts(texts=[" ab", "\\n"])
    assert cli("sample", run, "--given", "text= a").out == " ab\n"
    assert cli("sample", run, "--prompt", "\\").out == "\\n\n"


def test_stop_strings_are_read_as_a_shell_writes_them(cli, texts):
    run = texts(texts=["a\nb", "a\\c", "a\td"])
    words = ["--prompt", "a", "-n", "30", "--stop", r"\n", "--stop", r"\\", "--stop", r"\t"]
    assert cli("sample", run, *words).out == "a\n" * 30


def test_streamed_is_sampled_and_a_terminal_is_not_steered(cli, texts, monkeypatch):
    run = texts(texts=["a\x1b[31mé\tb"], unit="bytes")
    plain = cli("sample", run, "--prompt", "a").out
    assert plain == "a\x1b[31mé\tb\n"
    assert cli("sample", run, "--prompt", "a", "--stream").out == plain
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert cli("sample", run, "-n", "1").out == "a\\x1b[31mé\tb\n"


def test_an_interrupt_leaves_what_was_drawn_and_a_clean_line(cli, texts, monkeypatch):
    run = texts()

    def some(*arguments, **settings):
        yield "an"
        raise KeyboardInterrupt

    monkeypatch.setattr("likely.fitted.Fitted.stream", some)
    told = cli("sample", run, "--prompt", "a", "--stream")
    assert (told.code, told.out) == (130, "an\n")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--prompt", "x9"], 3, ["'x', '9'", "'a'"]),
        (["--prompt", "annabert"], 3, ["has 8 characters", "at most 5"]),
        (["--temperature", "0"], 2, ["temperature", "above 0", "top_k"]),
        (["--temperature", "nan"], 2, ["temperature"]),
        (["--top-p", "2"], 2, ["top_p", "at most 1"]),
        (["--top-k", "0"], 2, ["likeliest"]),
        (["--stop", ""], 2, ["stop"]),
        (["--length", "0"], 2, ["length"]),
        (["--prompt", "a", "--given", "text=b"], 2, ["--prompt", "one of them"]),
        (["--stream", "-n", "3"], 2, ["--stream"]),
        (["--stream", "--json"], 2, ["--stream"]),
        (["--given", "colour=red"], 3, ["colour"]),
    ],
)
def test_what_texts_cannot_be_asked_is_told(cli, texts, words, code, said):
    cli("sample", texts(), *words).fails(code, *said)


def test_a_prompt_and_sharpness_for_a_table_are_refused(cli, models):
    cli("sample", models["iris"], "--prompt", "x").fails(4, "a table", "--given")
    cli("sample", models["iris"], "--stop", "x").fails(4, "stop string", "texts")
    cli("sample", models["iris"], "--stream").fails(4, "streamed")
    cli("sample", models["iris"], "--temperature", "0.5").fails(4, "NaiveBayes")


def test_a_transformer_from_a_file_to_a_replay(cli, tmp_path):
    names = [f"{a}{b}{c}" for a in ("an", "be", "zo") for b in "bdfklmnrst" for c in ("a", "ette", "ina", "o", "us")]
    (tmp_path / "names.txt").write_text("\n".join(names))
    small = ["--family", "transformer", "--width", "32", "--layers", "1", "--budget", "20", "-q", "--no-certify"]
    assert cli("fit", "names.txt", *small, "-o", "m").code == 0
    plain = cli("sample", "m", "--prompt", "an", "--temperature", "0.5")
    assert plain.out.startswith("an")
    assert cli("sample", "m", "--prompt", "an", "--temperature", "0.5", "--stream").out == plain.out
    assert cli("sample", "m", "-n", "6", "--prompt", "an", "--stop", "a", "-o", "new.txt").code == 0
    assert cli("replay", "new.txt").code == 0
    assert (tmp_path / "new.again.txt").read_text() == (tmp_path / "new.txt").read_text()
    cli("sample", "m", "--prompt", "an9").fails(3, "the beginning, 'an9',", "'9'", "'a'")


def test_a_file_of_one_line_is_learned_and_drawn(cli, tmp_path):
    (tmp_path / "one.txt").write_text("only one line of text here\n")
    small = ["--family", "transformer", "--width", "32", "--layers", "1", "--budget", "3", "-q", "--no-certify"]
    assert cli("fit", "one.txt", *small, "-o", "m").code == 0
    assert set(frame(cli("sample", "m", "--temperature", "0.5"))["column_1"]) == {"only one line of text here"}


def test_the_last_weights_can_be_asked_for_and_are_replayed(cli, tmp_path):
    family = likely.RealNVP(layers=2, width=32, rate=1e-2)
    likely.fit("iris", family, budget=200, engine=Engine(threads=1, probe=False), certify=False).save(tmp_path / "run")
    assert (tmp_path / "run" / "final.safetensors").is_file()
    best, last = (frame(cli("sample", "run", "-n", "5", *more)) for more in ((), ("--final",)))
    assert not best.equals(last)
    assert cli("sample", "run", "-n", "5", "--final", "-o", "last.csv").code == 0
    assert read_recipe(tmp_path / "last.csv")["final"] is True
    assert cli("replay", "last.csv", "-o", "again.csv").code == 0
    assert (tmp_path / "again.csv").read_text() == (tmp_path / "last.csv").read_text()


@pytest.fixture(scope="module")
def led(tmp_path_factory):
    """A model of digits that was told nothing, and a guide that tells their labels."""
    place = tmp_path_factory.mktemp("led")
    diffusion = likely.Diffusion(network=MLP(width=16), steps=6)
    likely.fit("digits", diffusion, budget=5, certify=False).save(place / "plain")
    likely.fit("digits", likely.NoisyClassifier(width=16), budget=5, condition="label", certify=False).save(
        place / "guide"
    )
    return place


def test_steps_sampler_and_a_guide_are_in_the_recipe_and_replayed(cli, led, tmp_path):
    words = ("--steps", "4", "--sampler", "dpmsolver,order=3", "--levels", "karras,rho=5", "--seed", "3")
    told = cli("sample", led / "plain", "-n", "3", "--guide", led / "guide", "--given", "label=3", "--strength", "2",
               *words, "-o", "new.npz")  # fmt: skip
    assert told.code == 0, told.err
    recipe = read_recipe(tmp_path / "new.npz")
    assert (recipe["steps"], recipe["sampler"], recipe["strength"]) == (4, "dpmsolver,order=3", 2.0)
    assert set(recipe["guide"]) == {"folder", "sha256"}
    assert cli("replay", "new.npz", "-o", "again.npz").code == 0
    one, again = (likely.read(tmp_path / name) for name in ("new.npz", "again.npz"))
    assert (one.pixels == again.pixels).all()


def test_a_weaker_denoiser_as_a_guide_is_replayed(cli, led, tmp_path):
    words = ("--steps", "4", "--seed", "3", "--guide", led / "plain", "-o")
    assert cli("sample", led / "plain", "-n", "3", *words, "same.npz", "--strength", "1").code == 0
    assert cli("sample", led / "plain", "-n", "3", *words, "new.npz").code == 0
    assert "strength" not in read_recipe(tmp_path / "new.npz")
    assert cli("replay", "new.npz", "-o", "again.npz").code == 0
    one, again = (likely.read(tmp_path / name) for name in ("new.npz", "again.npz"))
    assert (one.pixels == again.pixels).all()


def test_a_model_that_reveals_cells_is_asked_for_looks_alone(cli, tmp_path):
    likely.fit("iris", likely.MaskedDiffusion(network=MLP(width=16)), budget=5, certify=False).save(tmp_path / "run")
    assert cli("sample", "run", "-n", "9", "--steps", "1", "-o", "new.csv").code == 0
    assert cli("replay", "new.csv", "-o", "again.csv").code == 0
    assert (tmp_path / "new.csv").read_text() == (tmp_path / "again.csv").read_text()
    cli("sample", "run", "--steps", "2", "--sampler", "ddim").fails(4, "it has no levels of noise", "--steps 8")


def test_a_wrong_way_down_is_refused(cli, led, models):
    cli("sample", models["iris"], "--steps", "5").fails(4, "NaiveBayes has no way down from noise", "Diffusion")
    cli("sample", models["gan"], "--guidance", "2").fails(4, "GAN has no way down from noise")
    cli("sample", led / "plain", "--guide", led / "guide").fails(3, "leads by 'label'", "--given label=")
    cli("sample", led / "plain", "--guide", models["digits"], "--given", "label=3").fails(4, "no guidance to give")
    cli("sample", led / "plain", "--guide", led / "nowhere", "--given", "label=3").fails(3, "there is no model")
    cli("sample", led / "plain", "--guide", led / "guide", "--given", "label=12").fails(3, "12")
    cli("sample", led / "plain", "--guide", led / "guide", "--given", "colour=red").fails(3, "colour")
    cli("sample", led / "plain", "--guidance", "2").fails(3, "given none", "--guide")
    cli("sample", led / "plain", "--strength", "2").fails(2, "no guide")
    cli("sample", led / "plain", "--sampler", "dpm").fails(2, "no sampler called 'dpm'")
    cli("sample", led / "plain", "--interval", "3").fails(2, "LOW,HIGH")
    cli("sample", led / "plain", "--interval", "0.1,3").fails(2, "no scale")
    cli("sample", led / "plain", "--steps", "3", "--stream").fails(2, "--stream")


@pytest.mark.parametrize("said", [{"interval": [1.0]}, {"interval": 3}, {"steps": "5"}, {"guide": 7}, {"levels": 1.5}])
def test_a_recipe_that_says_no_way_down_is_none(said):
    with pytest.raises(TypeError):
        Asked.of({"n": 3, "given": {}, "seed": 0} | said)
    assert Asked.of({"n": 3, "interval": [0.1, 2.0], "steps": 5}).interval == [0.1, 2.0]


def test_ranges_are_given_by_signs(cli, models):
    rows = pd.read_csv(io.StringIO(cli("sample", models["people"], "-n", 40, "--given", "age=30..40", "--given",
                                       "since>=2015", "--given", "town!=Ulm").out))  # fmt: skip
    assert rows["age"].between(30, 40).all()
    assert (rows["since"] >= "2015").all()
    assert set(rows["town"]) <= {"Bonn", "Köln"}
    told = cli("sample", models["vae"], "-n", 5, "--given", "sepal width (cm)<5", "-o", "some.csv")
    assert "of the model's draws were in the ranges given" in told.err
    assert cli("replay", "some.csv", "-o", "again.csv").code == 0
    assert Path("some.csv").read_bytes() == Path("again.csv").read_bytes()
    cli("sample", models["vae"], "--given", "sepal width (cm)>900").fails(
        4, "0 of ", "draws had 'sepal width (cm)' in >900"
    )
