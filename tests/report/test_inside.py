"""The page about codes: whole, self-contained, escaped; and the same as data."""

import json
import re

import numpy as np
import pandas as pd
import pytest

import likely
from likely.apps.attributes import Attribute
from likely.apps.inside import inside
from likely.report import write_inside
from likely.report.inside import legend, plain, scatter
from tests.report.test_page import checked

HOSTILE = "<script>alert('x')</script>"


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({
        "a": rng.normal(size=60), "kind": rng.choice([HOSTILE, "b", "c"], 60), "n": rng.poisson(3, 60),
    })  # fmt: skip
    frame.loc[3, "a"] = np.nan
    fitted = likely.fit(frame, likely.VAE(latent=4), budget=2, certify=False)
    return inside(fitted, frame, side=3, steps=4, samples=2, nearest=2, by="kind")


@pytest.fixture(scope="module")
def pictures():
    fitted = likely.fit("digits", likely.VAE(latent=2), budget=1, certify=False)
    return inside(fitted, side=3, steps=4, samples=2, nearest=2, most=60)


@pytest.fixture(params=["table", "pictures"])
def found(request):
    return request.getfixturevalue(request.param)


def test_it_is_well_formed_and_needs_nothing_from_outside(found, tmp_path):
    page = checked(write_inside(found, tmp_path / "inside.html"))
    assert not {"script", "link", "iframe", "object", "base", "form"} & set(page.tags)
    sources = [value for name, value in page.attributes if name in ("src", "href")]
    assert all(source.startswith(("data:image/png;base64,", "#main")) for source in sources)
    text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", (tmp_path / "inside.html").read_text())
    assert not re.search(r"https?:|//[a-z]|@import|url\(", text)
    assert "<script" not in text
    words = " ".join(page.words)
    assert not re.search(r"\b(nan|inf|None)\b", re.sub(r"VAE\([^)]*\)", "", words)), words
    assert "Each number of the code" in words


def test_the_same_as_data(found):
    told = json.loads(json.dumps(plain(found)))
    assert told["width"] == found.coded.z.shape[1]
    assert len(told["grid"]["places"]) == 9
    assert len(told["map"]["places"]) == len(told["map"]["values"]) == 60
    assert len(told["traversals"]) == min(told["width"], 10)
    assert len(told["interpolations"][0]["spherical"]["codes"]) == 4
    assert np.asarray(told["neighbours"]["in_codes"]["far"]).shape == (2, 2)


def test_pictures_as_one_picture_and_rows_as_records(table, pictures):
    assert plain(pictures)["grid"]["rows"]["count"] == 9
    assert set(plain(table)["grid"]["rows"][0]) == {"a", "kind", "n"}


def test_up_is_up_and_right_is_right_on_the_map():
    places = np.array([[-1.0, -1.0], [1.0, 1.0]] * 20)
    drawn = scatter(places, np.array([0.0, 1.0] * 20), Attribute("side", ("left", "right")))
    groups = re.findall(r'd="M([\d.]+) ([\d.]+)h0[^"]*" class="spot k(\d)"', drawn)
    (x0, y0, _), (x1, y1, _) = sorted(groups, key=lambda group: group[2])
    assert float(x0) < float(x1)
    assert float(y0) > float(y1)


def test_numbers_in_shades_and_many_levels_in_others():
    rng = np.random.default_rng(0)
    places = rng.normal(size=(300, 2))
    shaded = scatter(places, rng.normal(size=300), Attribute("age", ()))
    assert len(set(re.findall(r"spot s\d", shaded))) == 5
    many = scatter(places, rng.integers(0, 30, 300).astype(float), Attribute("town", tuple(map(str, range(30)))))
    assert len(set(re.findall(r"spot k\d", many))) == 10
    assert "spot k0" in scatter(places, None, None)


def test_ten_levels_have_ten_colours_and_more_share_the_last():
    ten, many = (Attribute("digit", tuple(map(str, range(levels)))) for levels in (10, 11))
    values = np.arange(33) % 10.0
    assert legend(ten, values)[-1] == ("k9", "9")
    assert legend(ten, np.append(values, -1.0))[-1] == ("k9", "others, or nothing said")
    assert legend(many, np.arange(33) % 11.0)[-1] == ("k9", "others, or nothing said")


def test_codes_that_were_sought_are_said_to_be(tmp_path):
    fitted = likely.fit(
        likely.read("moons").take(range(300)), likely.GAN(latent=2, codes=0, width=16), budget=2, certify=False
    )
    found = inside(fitted, likely.read("moons").take(range(30)), side=2, steps=2, samples=2, nearest=2, most=20)
    assert "has no encoder: a search, which is a heuristic" in write_inside(found, tmp_path / "i.html").read_text()
