"""The page of one model."""

import numpy as np
import pandas as pd
import pytest

import likely
from likely.apps.portrait import Judged, portrait
from likely.report import write_portrait
from likely.report.portrait import curve
from tests.report.test_page import checked

HOSTILE = "<script>alert('x')</script>"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("portrait")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=200).round(2), HOSTILE: rng.choice(["u", HOSTILE], 200)})
    frame.to_csv(folder / "rows.csv", index=False)
    likely.fit(folder / "rows.csv", likely.VAE(latent=2), budget=30, folder=folder / "run")
    return folder


def test_it_is_whole_and_says_first_what_the_model_is(run):
    path = write_portrait(portrait(run / "run"), [("family", "VAE()"), ("given", HOSTILE)], run / "page.html")
    page = checked(path)
    words = " ".join(" ".join(page.words).split())
    assert not {"script", "link", "iframe", "object", "base", "form"} & set(page.tags)
    assert "<script" not in path.read_text()
    assert path.stat().st_size < 5_000_000
    order = ["rows.csv: a VAE", "A VAE learned from 200 rows.", "Rows it did not learn from get at least about",
             "Samples, and real rows", "How it learned", "Is it as sure as it is right?", "What was checked",
             "Its card", "likely sample"]  # fmt: skip
    places = [words.index(said) for said in order]
    assert places == sorted(places)
    assert all(dict(each).get("scope") for each in page.of("th"))


def test_without_rows_it_says_what_is_not_shown(run):
    (run / "rows.csv").rename(run / "moved.csv")
    page = checked(write_portrait(portrait(run / "run"), [], run / "page.html"))
    (run / "moved.csv").rename(run / "rows.csv")
    words = " ".join(" ".join(page.words).split())
    assert "Not shown: Real rows" in words
    assert "What hangs together" not in words


def test_a_curve_has_no_end_off_the_drawing():
    told = [
        Judged(step, 1e9 if step == 10 else 5 - step / 100, 5 - step / 100, None, "nats") for step in range(10, 100, 10)
    ]
    drawn = str(curve(told, {"step": 90, "value": 4.1}))
    assert "nan" not in drawn
    assert drawn.count("dots c2") == 1
    assert curve(told[:1], {}) == ""
