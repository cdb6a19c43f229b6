"""Codes printed, kept and taken back."""

import json

import numpy as np
import pandas as pd


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


def test_refusals(cli, models):
    cli("encode", models["gan"], "iris").fails(4, "GAN has no codes", "VAE")
    cli("encode", models["vae"], "digits").fails(3, "these rows are pictures")
    cli("encode", models["vae"], "iris", "-o", "/proc/c.csv").fails(6, "/proc/c.csv")
