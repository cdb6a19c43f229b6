"""Rows from a table of codes."""

import json

import likely


def test_there_and_back(cli, models, tmp_path):
    cli("encode", models["vae"], "iris", "-o", "codes.csv")
    told = cli("decode", models["vae"], "codes.csv")
    assert told.code == 0
    assert told.out.splitlines()[0] == ",".join(likely.read("iris").frame.columns)
    assert cli("decode", models["vae"], "codes.csv", "-o", "rows.csv").code == 0
    assert len(likely.read(tmp_path / "rows.csv")) == 150
    assert len(json.loads(cli("decode", models["vae"], "codes.csv", "--json").out)["rows"]) == 150


def test_pictures_go_to_a_file(cli, tmp_path):
    likely.fit("digits", likely.VAE(latent=2), budget=1, certify=False).save(tmp_path / "digits.likely")
    (tmp_path / "codes.csv").write_text("z1,z2\n0,0\n1.5,-0.5\n")
    told = cli("decode", "digits.likely", "codes.csv")
    assert "2 rows decoded, in decoded.png" in told.err
    assert cli("decode", "digits.likely", "codes.csv", "-o", "two.npz").code == 0
    assert likely.read(tmp_path / "two.npz").pixels.shape == (2, 8, 8, 1)


def test_refusals(cli, models, tmp_path):
    (tmp_path / "odd.csv").write_text("z1,b\n1.5,2.5\n2.5,3.5\n")
    cli("decode", models["vae"], "odd.csv").fails(3, "lacks 'z2'", "likely encode")
    (tmp_path / "words.csv").write_text("z1,z2\n1.5,much\n2.5,3.5\n")
    cli("decode", models["vae"], "words.csv").fails(3, "'much' is no number")
    cli("decode", models["vae"], "nowhere.csv").fails(3, "nowhere.csv")
    cli("decode", models["iris"], "odd.csv").fails(4, "NaiveBayes has no codes")
