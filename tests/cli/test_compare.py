"""Races from the command line."""

import json

FAMILIES = "naive-bayes,kde,vae,latent=2"


def test_a_table_with_conclusions_and_a_page(cli, tmp_path):
    told = cli("compare", "iris", "--families", FAMILIES, "--budget", "3", "-o", "page.html")
    assert told.code == 0
    assert all(name in told.out for name in ("NaiveBayes", "KDE", "VAE", "real rows", "independent columns"))
    assert "By held-out likelihood" in told.out
    assert "report: page.html" in told.out
    assert "VAE" in told.err  # whose progress is shown
    assert (tmp_path / "page.html").is_file()


def test_json(cli):
    told = cli("compare", "iris", "--families", FAMILIES, "--budget", "3", "--condition", "species", "--json")
    found = json.loads(told.out)
    assert told.err == ""
    assert [c["name"] for c in found["contenders"]] == ["NaiveBayes", "KDE", "VAE"]
    assert found["contenders"][2]["family"]["latent"] == 2
    assert found["contenders"][0]["score"]["kind"] == "="
    assert found["condition"] == ["species"]
    assert found["report"] is None
    assert len(found["verdicts"]) == 6  # the simple mixture has a likelihood too
    assert found["leaders"]
    assert found["conclusions"]


def test_quiet(cli, tmp_path):
    told = cli("compare", "iris", "--families", "kde", "-q", "-o", "page.html", "--markdown", "page.md")
    assert (told.out, told.err) == ("", "")
    assert (tmp_path / "page.html").is_file()
    assert (tmp_path / "page.md").read_text().startswith("# iris: which family suits it?")


def test_what_cannot_be_compared(cli):
    cli("compare", "iris", "--families", "perceptron").fails(2, "perceptron")
    cli("compare", "iris", "--families", "kde,kde").fails(2, "twice")
    cli("compare", "iris", "--budget", "soon").fails(2, "soon")
    cli("compare", "iris", "--condition", "colour").fails(3, "colour")
    cli("compare", "nowhere.csv").fails(3, "nowhere.csv")


def test_a_page_that_cannot_be_written_is_told_before_anything_is_fitted(cli, tmp_path):
    (tmp_path / "folder.html").mkdir()
    for place in ("/proc/page.html", "folder.html"):
        told = cli("compare", "iris", "--families", "kde", "-o", place)
        told.fails(6, place)
        assert "KDE" not in told.err


def test_kept_and_somebody_else_s_samples(cli, tmp_path):
    (tmp_path / "theirs.csv").write_text("sepal,petal\n1,2\n")
    line = ("compare", "iris", "--families", "naive-bayes", "--keep", "kept", "--also", "theirs=theirs.csv")
    told = cli(*line, "--budget", "3")
    assert told.code == 0
    assert "theirs failed: the rows lack" in told.out  # other columns: told, and nobody else stops
    assert "round 1 of 1: 1 family" in told.err
    assert list((tmp_path / "kept").glob("naivebayes-*/round-1"))
    again = cli(*line, "--budget", "3", "--json")
    assert json.loads(again.out)["recommendations"][1]["name"] == "NaiveBayes"


def test_wrong_use_of_others_and_of_a_folder(cli, tmp_path):
    cli("compare", "iris", "--also", "theirs").fails(2, "NAME=FILE")
    cli("compare", "iris", "--also", "theirs=nowhere.csv").fails(3, "nowhere.csv")
    cli("compare", "iris", "--also", "theirs=nowhere.py:flow").fails(3, "nowhere.py")
    cli("compare", "iris", "--processes", "0").fails(2, "processes")
    (tmp_path / "file").write_text("")
    cli("compare", "iris", "--families", "kde", "--keep", "file").fails(6, "file")


def test_somebody_else_s_model_in_a_file_that_is_run(cli, tmp_path):
    (tmp_path / "theirs.py").write_text(
        "def same(rows):\n    return type('Same', (), {'sample': lambda self, n: rows.sample(n, replace=True)})()\n"
    )
    (tmp_path / "broken.py").write_text("import nowhere_at_all\n")
    told = cli("compare", "iris", "--families", "naive-bayes", "--also", "same=theirs.py:same", "--json")
    same = json.loads(told.out)["contenders"][1]
    assert (same["name"], same["failed"]) == ("same", "")
    assert same["measures"]["two-sample AUC"]["value"] < 0.9
    cli("compare", "iris", "--also", "same=theirs.py:other").fails(2, "nothing called 'other'")
    cli("compare", "iris", "--also", "same=broken.py:other").fails(2, "ModuleNotFoundError")
