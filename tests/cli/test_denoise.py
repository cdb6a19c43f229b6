"""`likely denoise`: tables and pictures mended into files, and refusals."""

import io
import json

import numpy as np
import pandas as pd
import pytest

import likely


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Two models that mend."""
    place = tmp_path_factory.mktemp("denoise")
    family = likely.DenoisingAutoencoder(latent=4)
    likely.fit("iris", family, budget=100, certify=False).save(place / "iris.likely")
    likely.fit("digits", family, budget=5, certify=False).save(place / "digits.likely")
    return place


@pytest.fixture
def spoilt(tmp_path):
    frame = likely.read("iris").frame.head(12).copy()
    frame.iloc[2, 0], frame.iloc[3, 4], frame.iloc[4, 4] = np.nan, None, "sotesa"
    frame.to_csv(tmp_path / "spoilt.csv", index=False)


def test_a_table(cli, place, spoilt, tmp_path):
    mended = pd.read_csv(io.StringIO(cli("denoise", place / "iris.likely", "spoilt.csv").out))
    assert mended.notna().all(axis=None)
    assert mended["species"].isin(["setosa", "versicolor", "virginica"]).all()
    told = cli("denoise", place / "iris.likely", "spoilt.csv", "-o", "whole.parquet")
    assert (told.out, "12 rows mended" in told.err) == ("", True)
    assert pd.read_parquet(tmp_path / "whole.parquet").shape == (12, 5)
    said = json.loads(cli("denoise", place / "iris.likely", "spoilt.csv", "--json").out)
    assert (said["count"], len(said["rows"]), said["files"]) == (12, 12, [])


def test_pictures(cli, place, tmp_path):
    told = json.loads(cli("denoise", place / "digits.likely", "digits", "-o", "clean.npz", "--json").out)
    assert told["rows"] is None
    assert [path.rpartition("/")[2] for path in told["files"]] == ["clean.npz"]
    assert (tmp_path / "clean.npz").is_file()
    cli("denoise", place / "digits.likely", "digits").fails(2, "-o FILE")


def test_refusals(cli, place, models, spoilt, tmp_path):
    cli("denoise", models["vae"], "spoilt.csv").fails(4, "DenoisingAutoencoder")
    cli("denoise", place / "iris.likely", "digits").fails(3, "pictures")
    cli("denoise", place / "iris.likely", "nothing.csv").fails(3, "nothing.csv")
    cli("denoise", place / "iris.likely", "spoilt.csv", "-o", "out.xyz").fails(2, "out.xyz")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n3,4\n")
    cli("denoise", place / "iris.likely", "other.csv").fails(3, "sepal length (cm)")
    (tmp_path / "words.csv").write_text((tmp_path / "spoilt.csv").read_text().replace("5.1,", "long,", 1))
    cli("denoise", place / "iris.likely", "words.csv").fails(3, "long")
