"""Filling in: known cells come back, the rest is drawn."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import likely
from likely.backbones import MLP
from likely.data import Texts, Windows, series_of, write


@pytest.fixture
def partial(people, tmp_path):
    held = people.head(20).drop(columns="children")
    held.loc[3, "town"] = None
    held.to_csv(tmp_path / "partial.csv", index=False)
    return held


def test_known_cells_come_back(cli, models, partial):
    told = cli("complete", models["people"], "partial.csv")
    rows = pd.read_csv(io.StringIO(told.out))
    assert "20 rows completed, exact" in told.err
    assert rows["town"].notna().all()
    assert rows["children"].notna().all()
    known = partial["town"].notna()
    assert (rows.loc[known, "town"] == partial.loc[known, "town"]).all()
    assert rows["since"].tolist() == partial["since"].tolist()


def test_files_and_json(cli, models, partial, tmp_path):
    assert cli("complete", models["people"], "partial.csv", "-o", "whole.csv").out == ""
    assert len(pd.read_csv(tmp_path / "whole.csv")) == 20
    cli("complete", models["people"], "partial.csv", "-o", "whole.parquet")
    assert len(pd.read_parquet(tmp_path / "whole.parquet")) == 20
    told = json.loads(cli("complete", models["people"], "partial.csv", "--json").out)
    assert told["way"] == "exact"
    assert len(told["rows"]) == 20
    cli("complete", models["people"], "partial.csv", "-o", "whole.xyz").fails(2, "whole.xyz")


def test_models_that_were_fitted_to_arrays_and_polars(cli, tmp_path):
    import polars

    rows = np.random.default_rng(0).normal(size=(60, 2))
    for name, data in (("array", rows), ("polars", polars.DataFrame({"a": rows[:, 0], "b": rows[:, 1]}))):
        fitted = likely.fit(data, likely.NaiveBayes())
        fitted.save(tmp_path / name)
        pd.DataFrame({fitted.card.order[0]: [0.5, -0.5]}).to_csv("partial.csv", index=False)
        assert cli("complete", name, "partial.csv").code == 0


def test_families_that_cannot_exactly(cli, models):
    iris = likely.read("iris").frame.head(3).drop(columns="species")
    iris.to_csv("partial.csv", index=False)
    cli("complete", models["gan"], "partial.csv", "--exact").fails(4, "NaiveBayes")
    assert "heuristic" in cli("complete", models["gan"], "partial.csv").err


def test_columns_that_are_none_of_the_data_s(cli, models):
    pd.DataFrame({"colour": ["red"]}).to_csv("partial.csv", index=False)
    cli("complete", models["iris"], "partial.csv").fails(3, "colour")


def test_completion_by_particles_says_so(cli, models):
    iris = likely.read("iris").frame.head(5).drop(columns="species")
    iris.to_csv("partial.csv", index=False)
    told = cli("complete", models["vae"], "partial.csv", "--particles", 16)
    assert "5 rows completed, asymptotic (particles: an effective " in told.err
    assert "% of 16)" in told.err
    rows = pd.read_csv(io.StringIO(told.out))
    assert rows["species"].notna().all()
    assert np.array_equal(rows[iris.columns], iris)
    said = json.loads(cli("complete", models["vae"], "partial.csv", "--json").out)
    assert said["way"] == "asymptotic"
    assert 1 / 128 <= said["share"] <= 1
    cli("complete", models["vae"], "partial.csv", "--particles", 0).fails(2, "at least 1")


def test_texts_with_gaps(cli, tmp_path):
    said = "masked-diffusion,network=bidirectional,network.width=8,network.layers=1,network.heads=2"
    lines = Texts(("abab", "baba", "ab", "ba") * 10)
    likely.fit(lines, said, budget=5, certify=False).save(tmp_path / "lines")
    (tmp_path / "gaps.txt").write_text("a_ab\nb.b.\nab\n")
    cli("complete", "lines", "gaps.txt").fails(3, "'.'")
    (tmp_path / "gaps.txt").write_text("a_ab\nb__a\nab\n")
    told = cli("complete", "lines", "gaps.txt")
    first, second, third = told.out.splitlines()
    assert (first[0], first[2:], second[0], second[-1], third) == ("a", "ab", "b", "a", "ab")
    assert "3 rows completed, model-exact (orders disagree by" in told.err
    assert cli("complete", "lines", "gaps.txt", "-o", "whole.txt").out == ""
    assert (tmp_path / "whole.txt").read_text().splitlines() == [first, second, third]
    assert json.loads(cli("complete", "lines", "gaps.txt", "--json").out)["rows"] == [first, second, third]
    cli("complete", "lines", "gaps.txt", "--gap", "ab").fails(2, "one character")


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    run = tmp_path_factory.mktemp("digits") / "run"
    small = likely.Diffusion(steps=5, network=MLP())
    likely.fit("digits", small, budget="12 steps").save(run)
    return run


def test_pictures_with_holes(cli, digits, tmp_path):
    pixels = np.rint(likely.read("digits").pixels[0, ..., 0] * (255 / 16)).astype(np.uint8)
    alpha = np.full((8, 8), 255, dtype=np.uint8)
    alpha[5:] = 0
    Image.fromarray(np.stack([pixels, alpha], -1).astype(np.uint8), "LA").save(tmp_path / "erased.png")
    Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "whole.png")
    Image.fromarray(255 - alpha).save(tmp_path / "hole.png")
    for asked in (("erased.png",), ("whole.png", "--hole", "hole.png"), ("erased.png", "--by", "RePaint,steps=5")):
        told = cli("complete", digits, *asked, "-o", "made.png", "--seed", 3)
        assert f"1 rows completed, {'heuristic' if '--by' in asked else 'asymptotic'}" in told.err
        assert told.out == "made.png\n"
        made = likely.read(tmp_path / "made.png")
        assert np.array_equal(made.pixels[0, :5, :, 0], pixels[:5])
    assert json.loads(cli("complete", digits, "erased.png", "--json").out)["file"] == "completed.png"


def test_what_cannot_be_done_to_pictures(cli, digits, models, tmp_path):
    Image.fromarray(np.zeros((8, 8), dtype=np.uint8)).save(tmp_path / "whole.png")
    Image.fromarray(np.zeros((4, 8), dtype=np.uint8)).save(tmp_path / "small.png")
    cli("complete", digits, "whole.png").fails(3, "nothing of these pictures is unknown", "--hole")
    cli("complete", digits, "whole.png", "--hole", "small.png").fails(3, "4 x 8")
    cli("complete", digits, "whole.png", "--hole", "no.png").fails(3, "no.png")
    cli("complete", digits, "whole.png", "--by", "Repair").fails(2, "Repair", "RePaint")
    cli("complete", digits, "whole.png", "--by", "DPS", "--particles", 3).fails(2, "both asked for")
    likely.read("iris").frame.head(3).drop(columns="species").to_csv("partial.csv", index=False)
    cli("complete", models["vae"], "partial.csv", "--by", "DPS").fails(4, "a way of its own")


def test_ranges_several_draws_and_points(cli, models, partial):
    told = cli(
        "complete", models["people"], "partial.csv", "--given", "children>=2", "--given", "town!=Ulm", "-o", "c.csv"
    )
    assert "20 rows completed, exact" in told.err
    assert (pd.read_csv("c.csv")["children"] >= 2).all()
    cli("complete", models["people"], "partial.csv", "-n", 3, "-o", "several.csv")
    several = pd.read_csv("several.csv")
    assert several["imputation"].tolist() == [1] * 20 + [2] * 20 + [3] * 20
    cli("complete", models["people"], "partial.csv", "--point", "mean", "-o", "mean.parquet")
    assert len(pd.read_parquet("mean.parquet")) == 20
    assert cli("complete", models["people"], "partial.csv", "--exact", "--json").code == 0
    cli("complete", models["people"], "partial.csv", "--point", "map").fails(4, "is a number")
    cli("complete", models["people"], "partial.csv", "--point", "meen").fails(2, "mean")
    cli("complete", models["people"], "partial.csv", "--given", "children>=many").fails(3, "no number")


def test_less_than_exact_is_refused(cli, models):
    likely.read("iris").frame.head(3).drop(columns="species").to_csv("partial.csv", index=False)
    cli("complete", models["vae"], "partial.csv", "--exact").fails(4, "asymptotic", "NaiveBayes")


def test_a_table_alone_is_completed_by_what_tells_its_hidden_cells(cli, models, partial, tmp_path):
    told = cli("complete", "partial.csv", "-o", "filled.csv", "--point", "mean", "-n", "3", "--json")
    assert told.code == 0
    assert sum(each["weight"] for each in json.loads(told.out)["by"]) == pytest.approx(1)
    rows = pd.read_csv(tmp_path / "filled.csv")
    known = partial["town"].notna()
    assert rows["town"].notna().all()
    assert (rows.loc[known, "town"] == partial.loc[known, "town"]).all()
    assert "no rows were given" in cli("complete", models["people"]).err
    assert "a table alone" in cli("complete", "partial.csv", "--exact").err


def test_given_words_that_are_no_value_are_refused(cli, models, people):
    people.head(2).drop(columns="children").to_csv("partial.csv", index=False)
    cli("complete", models["people"], "partial.csv", "--given", "town=zzz").fails(3, "'town'", "'zzz'", "'Bonn'")
    assert cli("complete", models["people"], "partial.csv", "--given", "town=Bonn").code == 0


def test_records_and_series_with_gaps(cli, tmp_path):
    record = pd.DataFrame({"t": np.arange(60), "v": np.sin(np.arange(60) / 5), "w": np.cos(np.arange(60) / 5)})
    family = likely.GaussianMixture(components=1)
    likely.fit(record, family, window=Windows(length=8, stride=2), certify=False).save(tmp_path / "waves")
    record.to_csv("whole.csv", index=False)
    cli("complete", "waves", "whole.csv").fails(3, "nothing of these series is unknown", "gaps")
    gone = record.copy()
    gone.loc[20:22, "v"] = np.nan
    gone.to_csv("gaps.csv", index=False)
    told = cli("complete", "waves", "gaps.csv")
    assert "60 rows completed, heuristic" in told.err
    drawn = pd.read_csv(io.StringIO(told.out))
    assert (drawn - record).abs().max(axis=None) < 0.3
    assert cli("complete", "waves", "gaps.csv", "-o", "filled.csv").out == ""
    assert pd.read_csv("filled.csv").equals(drawn)
    cli("complete", "waves", "gaps.csv", "-n", 3).fails(4, "several times")
    cli("complete", "waves", "gaps.csv", "--exact").fails(4, "heuristic")
    cli("complete", "waves", "gaps.csv", "--given", "v=3").fails(3, "'v'", "nothing given")
    series = np.stack([record[["v", "w"]].to_numpy()[start : start + 8] for start in (0, 9, 20)])
    series[1, 3, 0] = np.nan
    write(series_of(series), tmp_path / "some.ts")
    told = cli("complete", "waves", "some.ts")
    assert "3 rows completed, exact" in told.err
    assert told.out == "completed.ts\n"
    assert not np.isnan(likely.read("completed.ts").values).any()
