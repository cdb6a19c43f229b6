"""Codes printed, kept and taken back."""

import json

import numpy as np
import pandas as pd

import likely


def test_codes_of_a_table(cli, models, tmp_path):
    told = cli("encode", models["vae"], "iris")
    assert told.code == 0
    assert told.out.splitlines()[0] == "z1,z2"
    assert len(told.out.splitlines()) == 151
    assert cli("encode", models["vae"], "iris", "-o", "codes.csv").code == 0
    frame = pd.read_csv(tmp_path / "codes.csv")
    records = json.loads(cli("encode", models["vae"], "iris", "--json").out)["codes"]
    assert np.allclose(frame["z1"], [each["z1"] for each in records])
    assert json.loads(cli("encode", models["vae"], "iris", "-o", "c.parquet", "--json").out)["codes"] is None


def test_a_generator_without_an_encoder_searches(cli, models, tmp_path):
    told = cli("encode", models["gan"], "iris", "-o", "codes.csv", "--tried", "20", "--steps", "3")
    assert told.code == 0
    assert "found by search, a heuristic" in told.err
    frame = pd.read_csv(tmp_path / "codes.csv")
    assert list(frame.columns[-2:]) == ["z17", "misfit"]
    assert (frame["misfit"] >= 0).all()
    said = json.loads(cli("decode", models["gan"], "codes.csv", "--json").out)
    assert len(said["rows"]) == 150
    (tmp_path / "odd.csv").write_text(",".join(frame.columns) + "\n" + "0.5," * 17 + "1\n" + "0.5," * 16 + "999,1\n")
    cli("decode", models["gan"], "odd.csv").fails(3, "column 'z17', row 1: 0.5 is none of 256 choices")


def test_an_encoder_s_answer_can_be_bettered(cli, tmp_path):
    likely.fit("moons", likely.VAE(latent=2), budget=5, certify=False).save(tmp_path / "moons")
    said = json.loads(cli("encode", "moons", "moons", "--search", "--steps", "1", "--tried", "4", "--json").out)
    assert "heuristic" in said["search"]
    assert said["misfit"] >= 0
    cli("encode", "moons", "moons", "--search", "--tried", "2").fails(2, "4 starts among 2 codes")


def test_refusals(cli, models):
    cli("encode", models["iris"], "iris").fails(4, "NaiveBayes has no codes", "VAE", "BiGAN")
    cli("encode", models["vae"], "iris", "--search").fails(4, "what this VAE decodes to are choices")
    cli("encode", models["vae"], "digits").fails(3, "these rows are pictures")
    cli("encode", models["vae"], "iris", "-o", "/proc/c.csv").fails(6, "/proc/c.csv")
