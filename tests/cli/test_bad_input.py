"""What people really hand over, through the program: each refusal says what, what was expected and what to do, and
leaves every file as it was."""

# pyright: reportOptionalMemberAccess=false

import hashlib
import json
import os
import pickle
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import likely
from likely.data import read
from tests.cli.conftest import ENVIRONMENT, PROGRAM

NOBODY = 65534
DIGITS = "".join(f"{i * 0.37:.2f},{'xyz'[i % 3]}\n" for i in range(50))
TABLE = "size,town,n\n" + "".join(
    f"{10 + i % 7 * 0.35:.2f},{['Ulm', 'Bonn', 'Köln'][i % 3]},{i * i % 5}\n" for i in range(90)
)


def refusal(cli, folder, around=nullcontext):
    """Runs a line that must fail, plainly and with --json: the same words on stderr, nothing else, no file changed."""

    def call(code, words, *line):
        before = contents(folder)
        with around():
            plain, programs = cli(*line), cli(*line, "--json")
        plain.fails(code, *words)
        assert "Try: " in plain.err
        assert (plain.out, programs.out) == ("", "")
        assert (programs.code, programs.err) == (plain.code, plain.err)
        assert contents(folder) == before

    return call


@pytest.fixture
def refuses(cli, tmp_path):
    return refusal(cli, tmp_path)


def contents(folder):
    """Every file below, by what it holds."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and os.access(path, os.R_OK)]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def towns(tmp_path_factory):
    """A model of a real, a category and a few numbers."""
    place = tmp_path_factory.mktemp("towns")
    (place / "towns.csv").write_text(TABLE, encoding="utf-8")
    likely.fit(place / "towns.csv", likely.NaiveBayes(), folder=place / "towns.likely")
    return place / "towns.likely"


# Files that nothing can be learned from ------------------------------------------------------------------------------

TEXTS = {
    "empty": ("", 3, ["it.csv is empty", "at least one row"]),
    "blank lines": ("\n\n  \n", 3, ["it.csv is empty"]),
    "header only": ("a,b,c\n", 3, ["has a header but no rows: 'a', 'b', 'c'"]),
    "infinity": (f"a,b\n{DIGITS}inf,x\n", 3, ["column 'a'", "infinite", "row 51", "leave the cell empty"]),
    "minus infinity": (f"a,b\n{DIGITS}-inf,x\n", 3, ["column 'a'", "infinite", "row 51"]),
    "a word among numbers": (
        f"a,b\n{DIGITS}many,x\n",
        3,
        ["column 'a' holds numbers, but row 51 says 'many'", "missing_as"],
    ),
    "columns of one name": ("a,a\n1,2\n3,4\n", 3, ["more than one column is called 'a'", "rename"]),
    "a row too long": ("a,b\n1,2\n1,2,3\n4,5\n", 3, ["line 3 has 3 cells where 2 were expected"]),
    "a row too short": ("a,b\n1,2\n1\n4,5\n", 3, ["line 3 has 1 cells where 2 were expected"]),
    "one constant column": ("a\n" + "5\n" * 50, 3, ["'a' is a constant", "columns that vary"]),
    "nothing but constants": ("a,b\n" + "5,x\n" * 50, 3, ["'a' is a constant", "'b' is a constant"]),
    "nothing but missing cells": ("a,b\n" + ",NA\n" * 50, 3, ["no column to learn from"]),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_a_table_that_cannot_be_learned_from(refuses, tmp_path, kind):
    text, code, words = TEXTS[kind]
    (tmp_path / "it.csv").write_text(text)
    refuses(code, words, "fit", "it.csv", "-f", "naive-bayes", "-o", "m")
    assert not (tmp_path / "m").exists()


BYTES = {
    "it.csv": (bytes(np.random.default_rng(0).integers(0, 256, 3000, dtype=np.uint8)), ["binary data", "CSV"]),
    "it.pdf": (b"%PDF-1.4 and so on", ["holds a PDF file"]),
    "it.pkl": (pickle.dumps({"a": [1, 2]}), ["holds a pickle file"]),
    "it.xlsx": (b"PK\3\4 and so on", ["is a spreadsheet", "save the sheet as CSV"]),
    "it.json": (b'{"a": [1, 2, 3]}', ["is nested records", "CSV or Parquet"]),
    "it.html": (b"<table><tr><td>1</td></tr></table>", ["is a document"]),
    "it.zip": (b"PK\3\4 and so on", ["damaged zip", "again"]),
    "it.csv.gz": (b"\x1f\x8b and so on", ["damaged", "again"]),
    "it.parquet": (b"PAR1 and so on", ["it.parquet"]),
    "it.npy": (b"\x93NUMPY and so on", ["cannot be read as an array"]),
    "it.png": (b"no picture", ["corrupt picture", "whole copy"]),
}


@pytest.mark.parametrize("name", BYTES)
def test_a_file_of_another_type(refuses, tmp_path, name):
    held, words = BYTES[name]
    (tmp_path / name).write_bytes(held)
    refuses(3, [name, *words], "fit", name, "-f", "naive-bayes", "-o", "m")


def test_a_missing_file(refuses, tmp_path):
    (tmp_path / "adult.csv").write_text("a\n1\n2\n")
    refuses(3, ["there is no file nothing.csv"], "fit", "nothing.csv", "-o", "m")
    refuses(3, ["there is no file aduld.csv", "did you mean 'adult.csv'?"], "fit", "aduld.csv", "-o", "m")
    refuses(3, ["the folder nowhere does not exist"], "fit", "nowhere/adult.csv", "-o", "m")
    refuses(3, ["no embedded set called 'digit'", "did you mean 'digits'?"], "fit", "digit", "-o", "m")


@pytest.mark.parametrize(("name", "code"), [("latin.csv", 3), ("klingon.csv", 3)])
def test_an_encoding_that_is_not_the_file_s(refuses, tmp_path, name, code):
    (tmp_path / name).write_bytes(f"a,b\n{DIGITS}1.5,Köln\n".encode("latin-1"))
    (tmp_path / "said.json").write_text(json.dumps({"file": {"encoding": {"latin.csv": "ascii"}.get(name, "klingon")}}))
    refuses(code, [name, '{"file": {"encoding": "latin-1"}}'], "fit", name, "--schema", "said.json", "-o", "m")


# Pictures ------------------------------------------------------------------------------------------------------------


def pictures(folder, *sizes):
    folder.mkdir()
    for place, size in enumerate(sizes):
        Image.fromarray(np.full(size, 7 * place, np.uint8)).save(folder / f"{place}.png")
    return folder


def test_a_folder_without_pictures(refuses, tmp_path):
    (tmp_path / "empty").mkdir()
    refuses(3, ["no pictures in empty: it is empty", ".png"], "fit", "empty", "-o", "m")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("a")
    refuses(3, ["no pictures in notes: it holds 'a.txt'", "name the folder"], "fit", "notes", "-o", "m")


def test_pictures_of_several_sizes(refuses, tmp_path):
    pictures(tmp_path / "faces", (8, 8), (8, 8), (8, 9))
    refuses(3, ["0.png is 8 x 8, 2.png is 8 x 9", "one size", "scale them"], "fit", "faces", "-o", "m")


def test_a_corrupt_picture(refuses, tmp_path):
    place = pictures(tmp_path / "faces", (8, 8), (8, 8)) / "1.png"
    place.write_bytes(place.read_bytes()[:-30])
    refuses(3, ["1.png is a corrupt picture", "replace it by a whole copy"], "fit", "faces", "-o", "m")
    place.write_bytes(b"not a picture")
    refuses(3, ["1.png is a corrupt picture"], "fit", "faces", "-o", "m")


# Odd, but nothing is wrong with it -----------------------------------------------------------------------------------


def fitted_and_sampled(cli, tmp_path, text, *, family="naive-bayes", encoding="utf-8"):
    (tmp_path / "it.csv").write_bytes(text.encode(encoding))
    told = cli("fit", "it.csv", "-f", family, "-o", "m", "-q")
    assert told.code == 0, told.err
    assert cli("sample", "m", "-n", "20", "-o", "out.csv").code == 0
    real, drawn = (
        read(tmp_path / "it.csv").frame,
        read(tmp_path / "out.csv", schema=read(tmp_path / "it.csv").schema).frame,
    )
    assert list(drawn) == list(real)
    assert cli("score", "m", "it.csv").code == 0
    return drawn


def test_one_row_is_learned(cli, tmp_path):
    assert set(fitted_and_sampled(cli, tmp_path, "a,b\n1.5,x\n")["b"]) == {"x"}


def test_one_column_is_learned(cli, tmp_path):
    fitted_and_sampled(cli, tmp_path, "a\n" + "".join(f"{i * 0.37:.2f}\n" for i in range(50)))


def test_a_column_without_a_single_value_comes_back_empty(cli, tmp_path):
    drawn = fitted_and_sampled(cli, tmp_path, "a,b\n" + "".join(f"{i * 0.37:.2f},\n" for i in range(50)))
    assert drawn["b"].isna().all()


def test_gaps_come_back_in_proportion(cli, tmp_path):
    drawn = fitted_and_sampled(cli, tmp_path, "a,b\n" + "".join(f"{'' if i % 2 else i},{i % 3}\n" for i in range(80)))
    assert 0.1 < drawn["a"].isna().mean() < 0.9


@pytest.mark.parametrize("family", ["naive-bayes", "kde"])
@pytest.mark.parametrize("largest", [2**53 + 1, 2**63 - 1, 10**30])
def test_huge_whole_numbers(cli, tmp_path, largest, family):
    """Beyond what a float holds exactly; repeated, so that they are no ids."""
    rows = "".join(f"{largest - i % 7 * 1000},{i % 3}\n" for i in range(70))
    drawn = fitted_and_sampled(cli, tmp_path, f"a,b\n{rows}", family=family)
    values = drawn["a"].astype(str).astype(float)
    assert values.between(largest * 0.99, largest * 1.01).all()


def test_huge_reals(cli, tmp_path):
    drawn = fitted_and_sampled(cli, tmp_path, "a,b\n" + "".join(f"{i + 1}.5e300,{i % 3}\n" for i in range(60)))
    assert np.isfinite(drawn["a"]).all()


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-8-sig"])
def test_encodings_are_found(cli, tmp_path, encoding):
    drawn = fitted_and_sampled(cli, tmp_path, TABLE, encoding=encoding)
    assert "Köln" in set(drawn["town"])


# Rows that do not fit the model --------------------------------------------------------------------------------------

SCORED = {
    "a column lacks": ("size,n\n9.5,3\n", ["lack the column 'town'", "'size', 'town', 'n'", "add them"]),
    "a word for a number": ("size,town,n\n9.5,Ulm,3\nbig,Ulm,3\n", ["column 'size', row 2: 'big' is not a number"]),
    "infinity": ("size,town,n\ninf,Ulm,3\n", ["column 'size', row 1", "infinite"]),
    "a gap where there was none": ("size,town,n\nNaN,Ulm,3\n", ["column 'size', row 1", "missing cell", "fill it in"]),
    "no rows": ("size,town,n\n", ["has a header but no rows"]),
    "nothing": ("", ["is empty"]),
}


@pytest.mark.parametrize("kind", SCORED)
def test_rows_that_do_not_fit_are_not_scored(refuses, tmp_path, towns, kind):
    text, words = SCORED[kind]
    (tmp_path / "it.csv").write_text(text)
    refuses(3, words, "score", towns, "it.csv", "-o", "out.csv")


def test_rows_of_another_kind_are_not_scored(refuses, towns, models):
    refuses(3, ["these rows are pictures", "a table, as the model was fitted on"], "score", towns, "digits")
    refuses(3, ["these rows are a table", "pictures, as the model was fitted on"], "score", models["digits"], "iris")


def scored(cli, model, text):
    Path("it.csv").write_text(text, encoding="utf-8")
    told = cli("score", model, "it.csv", "--json")
    assert told.code == 0, told.err
    return json.loads(told.out)["nats"]


def test_an_unknown_category_gets_the_mass_of_what_was_never_seen(cli, towns):
    known, unknown = scored(cli, towns, "size,town,n\n10.5,Ulm,4\n10.5,Paris,4\n")
    assert unknown < known - 2


def test_an_unknown_class_cannot_be_conditioned_on(refuses, tmp_path, models):
    iris = read("iris").frame.head(3)
    iris.assign(species="rose").to_csv(tmp_path / "it.csv", index=False)
    words = ["column 'species'", "'rose'", "one of 'setosa'", "correct the spelling"]
    refuses(3, words, "score", models["species"], "it.csv")


def test_more_columns_and_another_order_change_nothing(cli, towns):
    plain = scored(cli, towns, "size,town,n\n10.5,Ulm,4\n")
    assert scored(cli, towns, "extra,n,town,size\nx,4,Ulm,10.5\n") == plain


def test_one_row_s_score_has_no_spread(cli, towns, tmp_path):
    (tmp_path / "it.csv").write_text("size,town,n\n10.5,Ulm,4\n")
    told = cli("score", towns, "it.csv").out
    assert "(1 row;" in told
    assert "nan" not in told


# Places that cannot be read or written -------------------------------------------------------------------------------


@contextmanager
def without_privileges() -> Iterator[None]:
    """Root may read everything: for this long the process is somebody else."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def unprivileged(cli, tmp_path):
    tmp_path.chmod(0o777)
    return refusal(cli, tmp_path, without_privileges)


def test_a_file_without_the_right_to_read_it(unprivileged, tmp_path):
    (tmp_path / "it.csv").write_text(TABLE)
    (tmp_path / "it.csv").chmod(0)
    unprivileged(3, ["it.csv", "ermission denied"], "fit", "it.csv", "-o", "m")


def test_a_place_without_the_right_to_write_there(unprivileged, tmp_path, towns):
    (tmp_path / "it.csv").write_text(TABLE)
    (tmp_path / "closed").mkdir(mode=0o555)
    unprivileged(6, ["closed/m", "ermission denied", "another place"], "fit", "it.csv", "-o", "closed/m")
    Path("near.likely").mkdir()
    for name in ("model.json", "weights.safetensors"):
        (tmp_path / "near.likely" / name).write_bytes((towns / name).read_bytes())
    line = ("sample", "near.likely", "-n", "3", "-o")
    unprivileged(6, ["closed/x.csv", "ermission denied", "untouched"], *line, "closed/x.csv")


def test_a_file_where_a_folder_must_be(refuses, tmp_path, towns):
    (tmp_path / "it.csv").write_text(TABLE)
    refuses(3, ["it.csv is a file", "a folder for the model", "another -o"], "fit", "it.csv", "-o", "it.csv")
    refuses(3, ["it.csv is a file", "a folder for the model"], "fit", "it.csv", "-o", "it.csv/m")
    refuses(6, ["it.csv/x.csv cannot be written"], "sample", towns, "-o", "it.csv/x.csv")


def test_a_folder_where_a_file_must_be(refuses, tmp_path, towns):
    (tmp_path / "out").mkdir()
    (tmp_path / "out.csv").mkdir()
    (tmp_path / "out.csv" / "mine.txt").write_text("mine")
    refuses(2, ["a table cannot be written to out", ".csv"], "sample", towns, "-o", "out")
    refuses(2, ["a table cannot be written to out.docx", ".csv"], "sample", towns, "-o", "out.docx")
    refuses(6, ["out.csv cannot be written"], "sample", towns, "-o", "out.csv")


def test_a_missing_folder_is_made_and_an_earlier_file_replaced(cli, tmp_path, towns):
    assert cli("sample", towns, "-n", "3", "-o", "a/b/out.csv").code == 0
    assert cli("sample", towns, "-n", "5", "-o", "a/b/out.csv").code == 0
    assert len(read(tmp_path / "a" / "b" / "out.csv")) == 5


# Names and values ----------------------------------------------------------------------------------------------------

WORDS = [
    (2, ["no family called 'naive-bays'", "did you mean 'NaiveBayes'?"], ["-f", "naive-bays"]),
    (2, ["no family called 'xyzzy'", "one of NaiveBayes"], ["-f", "xyzzy"]),
    (2, ["no flag --latnt", "did you mean --latent?"], ["-f", "vae", "--latnt", "3"]),
    (2, ["VAE has no field 'latnt'", "did you mean 'latent'?"], ["-f", "vae,latnt=3"]),
    (2, ["'latent' is not a field", "field=value"], ["-f", "vae,latent"]),
    (2, ["NaiveBayes.reals cannot be 'norml'", "did you mean 'Normal'?"], ["-f", "naive-bayes", "--reals", "norml"]),
    (2, ["NaiveBayes.smoothing cannot be 'lots'", "a number"], ["-f", "naive-bayes", "--smoothing", "lots"]),
    (2, ["latent=-3", "at least 1"], ["-f", "vae", "--latent", "-3"]),
    (2, ["NaiveBayes", "smoothing"], ["-f", "naive-bayes", "--smoothing", "nan"]),
    (2, ["DDPM() stirs in noise", "Heun()", "Diffusion or Score"], ["-f", "flow-matching", "--sampler", "ddpm"]),
    (2, ["no level of noise above 20", "Straight(high=1000)"], ["-f", "flow-matching", "--schedule", "cosine"]),
    (2, ["pairing cannot be 'nearest'", "Independent, Transport"], ["-f", "flow-matching", "--pairing", "nearest"]),
    (2, ["Sliced.slices is 0"], ["-f", "score", "--matching", "sliced", "--matching.slices", "0"]),
    (3, ["no column 'twn' to condition on", "did you mean 'town'?"], ["--condition", "twn"]),
    (3, ["no column 'weigth' of weights", "some of 'size'"], ["--weight", "weigth"]),
    (2, ["cannot read the budget 'soon'", "5m"], ["--budget", "soon"]),
    (2, ["cannot read the budget '-5'", "5m"], ["--budget", "-5"]),
    (2, ["a budget of 0", "more than nothing"], ["--budget", "0"]),
    (2, ["No such option: -z"], ["-z"]),
    (3, ["no file no.json"], ["--schema", "no.json"]),
    (2, ["bad.json is not JSON"], ["--schema", "bad.json"]),
    (3, ["the schema names 'twn'", "did you mean 'town'?"], ["--schema", "twn.json"]),
    (3, ["no model at no.likely"], ["--init", "no.likely"]),
]


@pytest.mark.parametrize(("code", "words", "line"), WORDS)
def test_a_name_or_value_that_does_not_exist(refuses, tmp_path, code, words, line):
    (tmp_path / "it.csv").write_text(TABLE)
    (tmp_path / "bad.json").write_text("{nope")
    (tmp_path / "twn.json").write_text('{"columns": {"twn": {"kind": "category"}}}')
    refuses(code, words, "fit", "it.csv", *line, "-o", "m")


def test_a_refused_fit_leaves_an_earlier_training_as_it_was(refuses, cli, tmp_path):
    """The state of a training that was stopped is not taken away before the new one is known to make sense."""
    (tmp_path / "it.csv").write_text(TABLE)
    (tmp_path / "m").mkdir()
    for name in ("state.safetensors", "request.json", "recipe.json", "log.jsonl"):
        (tmp_path / "m" / name).write_text("{}")
    refuses(3, ["twn"], "fit", "it.csv", "--condition", "twn", "-o", "m")
    refuses(2, ["latent"], "fit", "it.csv", "-f", "vae", "--latent", "0", "-o", "m")
    refuses(2, ["soon"], "fit", "it.csv", "--budget", "soon", "-o", "m")


GIVEN = [
    (2, ["'town' is not COLUMN=VALUE", "for example"], "town"),
    (2, ["'=3' is not COLUMN=VALUE"], "=3"),
    (3, ["no column of the data: 'twn'", "did you mean 'town'?"], "twn=Ulm"),
    (3, ["column 'town'", "'Paris'", "one of 'Bonn', 'Köln', 'Ulm'"], "town=Paris"),
    (3, ["column 'size'", "'big'", "numbers"], "size=big"),
    (3, ["column 'size'"], "size=inf"),
]


@pytest.mark.parametrize(("code", "words", "given"), GIVEN)
def test_what_is_given_must_make_sense(refuses, towns, code, words, given):
    refuses(code, words, "sample", towns, "--given", given)


def test_partial_rows_must_make_sense(refuses, tmp_path, towns):
    (tmp_path / "it.csv").write_text("size,twn\n10.5,Ulm\n")
    refuses(3, ["'twn'", "did you mean 'town'?"], "complete", towns, "it.csv")
    refuses(3, ["no file no.csv"], "complete", towns, "no.csv")


def test_a_verb_that_does_not_exist(cli):
    cli("sampel", "m").fails(2, "no verb 'sampel'", "did you mean 'sample'?")


# Models that are none ------------------------------------------------------------------------------------------------

LINES = [("sample",), ("score", "iris"), ("complete", "iris"), ("show",)]


@pytest.mark.parametrize("verb", LINES, ids=lambda verb: verb[0])
def test_a_folder_that_is_no_model(refuses, tmp_path, verb, towns):
    verb, *rest = verb
    refuses(3, ["no model at nowhere", "likely fit"], verb, "nowhere", *rest)
    (tmp_path / "towns.likely").mkdir()
    refuses(6, ["towns.likely is no model: it has no model.json"], verb, "towns.likely", *rest)
    for name in ("model.json", "weights.safetensors"):
        (tmp_path / "towns.likely" / name).write_bytes((towns / name).read_bytes())
    refuses(3, ["no model at town.likely", "did you mean 'towns.likely'?"], verb, "town.likely", *rest)
    (tmp_path / "towns.likely" / "weights.safetensors").write_bytes(b"cut off")
    refuses(6, ["towns.likely", "copy the folder again"], verb, "towns.likely", *rest)
    (tmp_path / "it.csv").write_text(TABLE)
    refuses(3, ["no model at it.csv"], verb, "it.csv", *rest)


def test_a_folder_that_is_no_training(refuses, tmp_path):
    (tmp_path / "notes").mkdir()
    refuses(3, ["no training at notes", "request.json", "fit again"], "resume", "notes")


def test_a_file_that_carries_no_recipe(refuses, tmp_path):
    (tmp_path / "it.csv").write_text(TABLE)
    refuses(3, ["it.csv carries no recipe", "a file that likely wrote"], "replay", "it.csv")


def test_too_few_rows_to_judge(refuses, tmp_path):
    (tmp_path / "few.csv").write_text("\n".join(TABLE.split("\n")[:9]))
    refuses(3, ["too few to measure", "at least"], "measure", "few.csv", "few.csv")
    refuses(3, ["8 rows leave", "150 rows"], "compare", "few.csv", "--families", "naive-bayes")


# Trainings that are cut off ------------------------------------------------------------------------------------------

STEPS = 900
VAE = ["fit", "iris", "-f", "vae", "--latent", "2", "--budget", str(STEPS), "-o", "m"]


@pytest.fixture(scope="module")
def undisturbed():
    """What the training comes to when nobody stops it."""
    return likely.fit("iris", likely.VAE(latent=2), budget=STEPS).sample(5)


@contextmanager
def training(tmp_path):
    """The training in a process of its own, once it has taken a few steps."""
    line, log = [*PROGRAM, *VAE], tmp_path / "m" / "log.jsonl"
    # a shell's background jobs ignore Ctrl-C, and their children with them
    line[2] = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler); {line[2]}"
    with subprocess.Popen(
        line, stderr=subprocess.PIPE, env=os.environ | ENVIRONMENT, cwd=tmp_path, text=True
    ) as process:
        deadline = time.monotonic() + 120
        while not (log.is_file() and '"stepped"' in log.read_text()):
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield process


def test_ctrl_c_saves_and_says_how_to_go_on(cli, tmp_path, undisturbed):
    with training(tmp_path) as process:
        process.send_signal(signal.SIGINT)
        told = process.stderr.read()
        assert process.wait(60) == 130
    assert "Traceback" not in told
    assert "the state is saved in m" in told
    assert "Try: likely resume m" in told
    cli("show", "m").fails(6, "has not finished", "likely resume m")
    assert cli("resume", "m", "-q").code == 0
    assert likely.load(tmp_path / "m").card.recipe["steps"] == STEPS
    assert likely.load(tmp_path / "m").sample(5).equals(undisturbed)


def test_a_killed_training_goes_on_to_the_same_end(cli, tmp_path, undisturbed):
    with training(tmp_path) as process:
        process.kill()
        assert process.wait(60) == -signal.SIGKILL
    assert cli("resume", "m", "-q").code == 0
    assert likely.load(tmp_path / "m").sample(5).equals(undisturbed)


def test_a_budget_too_small_for_one_step(cli, tmp_path, towns):
    """The finished model that was there stays."""
    (tmp_path / "m").mkdir()
    for name in ("model.json", "weights.safetensors"):
        (tmp_path / "m" / name).write_bytes((towns / name).read_bytes())
    told = cli("fit", "iris", "-f", "vae", "--budget", "0.000001s", "-o", "m")
    told.fails(5, "budget", "Try: ")
    assert likely.load(tmp_path / "m").name == "NaiveBayes"


# A full disk ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line", [("digits", "kde"), ("iris", "vae,latent=2", "--budget", "20")], ids=["counted", "trained"]
)
def test_a_full_disk_costs_nothing_that_was_there(cli, full_disk, towns, line):
    place, full = full_disk
    model = place / "m"
    likely.load(towns).save(model)
    drawn = likely.load(model).sample(4)
    with full:
        told = cli("fit", line[0], "-f", *line[1:], "-o", model, "-q")
        told.fails(6, "cannot be written", "Try: ")
        assert likely.load(model).sample(4).equals(drawn)
        assert not [path for path in place.rglob("*") if ".new-" in path.name or path.name.endswith(".part")]
    resumed = cli("resume", model, "-q")
    assert resumed.code == 0, resumed.err
    assert likely.load(model).name.casefold() == line[1].partition(",")[0]


def test_samples_that_do_not_fit_on_the_disk(cli, full_disk, towns):
    place, full = full_disk
    out = place / "out.csv"
    assert cli("sample", towns, "-n", "5", "-o", out).code == 0
    before = contents(place)
    with full:
        cli("sample", towns, "-n", "40000", "-o", out).fails(6, "out.csv cannot be written", "make room")
        cli("score", towns, towns.parent / "towns.csv", "-o", out.with_name("scores.csv"), "--json")
    assert {name: digest for name, digest in contents(place).items() if name in before} == before
    assert pd.read_csv(out).shape == (5, 3)
