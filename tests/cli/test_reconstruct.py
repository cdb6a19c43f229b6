"""`likely reconstruct`: every way to see a picture, by files, and what cannot be."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import likely
from likely.backbones import MLP
from likely.data import Images


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A model of digits, and one of plain pictures in red or blue given which."""
    place = tmp_path_factory.mktemp("reconstruct")
    small = likely.Diffusion(steps=12, network=MLP(width=128, depth=2))
    likely.fit("digits", small, budget="150 steps", certify=False).save(place / "digits")
    label = np.arange(40) % 2
    pixels = np.zeros((40, 8, 8, 3), dtype=np.uint8)
    pixels[label == 0, ..., 0], pixels[label == 1, ..., 2] = 200, 200
    about = likely.read(pd.DataFrame({"label": np.array(["red", "blue"])[label]}))
    coloured = Images(pixels, about=about)
    likely.fit(coloured, small, budget="200 steps", condition="label", certify=False).save(place / "colours")
    likely.fit("digits", likely.NaiveBayes(), certify=False).save(place / "bayes")
    return place


@pytest.fixture
def digit(tmp_path):
    """A digit in 256 levels."""
    pixels = np.rint(likely.read("digits").pixels[3, ..., 0] * (255 / 16))
    Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "digit.png")
    return pixels


def drawn(path):
    return np.asarray(Image.open(path), dtype=float)


def test_what_is_drawn_shows_what_was_seen(cli, place, digit, tmp_path):
    small = digit.reshape(4, 2, 4, 2).mean((1, 3))
    Image.fromarray(np.rint(small).astype(np.uint8)).save(tmp_path / "small.png")
    told = cli("reconstruct", place / "digits", "small.png", "--seen", "downsample,factor=2", "--by", "pigdm")
    assert "1 picture drawn, heuristic" in told.err
    assert told.out == "reconstructed.png\n"
    made = drawn(tmp_path / "reconstructed.png")
    assert np.abs(made.reshape(4, 2, 4, 2).mean((1, 3)) - small).mean() < 30  # 255 / 16 is one level of the model's
    assert np.abs(np.roll(made, 4, 1).reshape(4, 2, 4, 2).mean((1, 3)) - small).mean() > 60
    told = cli("reconstruct", place / "digits", "small.png", "--seen", "downsample", "--by",
               "twisted,particles=4,steps=8", "--json", "-o", "made.png")  # fmt: skip
    said = json.loads(told.out)
    assert (said["way"], said["count"], said["files"]) == ("asymptotic", 1, ["made.png"])
    assert 0.25 <= said["share"] <= 1
    again = cli("reconstruct", place / "digits", "small.png", "--seen", "downsample", "--by",
                "twisted,particles=4,steps=8", "-o", "again.png")  # fmt: skip
    assert "asymptotic (particles: an effective " in again.err
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "made.png").read_bytes()


def test_every_other_way_to_see(cli, place, digit, tmp_path):
    hole = np.zeros((8, 8), dtype=np.uint8)
    hole[4:] = 255
    Image.fromarray(hole).save(tmp_path / "hole.png")
    for seen, noise in (("blur,width=0.3", 1), ("jpeg,quality=90", 1), ("mask,hole=hole.png", 0.1)):
        asked = ("--seen", seen, "--noise", noise, "--by", "dps" if "jpeg" in seen else "pigdm", "-o", "made.png")
        assert cli("reconstruct", place / "digits", "digit.png", *asked).code == 0
        assert np.abs(drawn(tmp_path / "made.png") - digit)[:4].mean() < 45, seen
    matrix = np.linalg.qr(np.random.default_rng(0).normal(size=(64, 60)))[0].T
    np.save(tmp_path / "m.npy", matrix)
    np.save(tmp_path / "y.npy", (matrix @ np.rint(digit * (16 / 255)).ravel())[None])
    asked = ("--seen", "matrix,file=m.npy", "--by", "pigdm", "-o", "made.png")
    assert cli("reconstruct", place / "digits", "y.npy", *asked).code == 0
    assert np.abs(drawn(tmp_path / "made.png") - digit).mean() < 30


def test_a_class_is_told(cli, place, tmp_path):
    Image.fromarray(np.full((8, 8), 66, dtype=np.uint8)).save(tmp_path / "grey.png")
    seen = ("reconstruct", place / "colours", "grey.png", "--seen", "colourise,weights=(0.33,0,0.33)", "--by", "pigdm")
    for label, channel in (("red", 0), ("blue", 2)):
        assert "heuristic" in cli(*seen, "--noise", 5, "--given", f"label={label}", "-o", f"{label}.png").err
        assert drawn(tmp_path / f"{label}.png").mean((0, 1)).argmax() == channel
    cli(*seen, "--given", "label=green").fails(3, "green")
    cli(*seen, "--given", "colour=red").fails(3, "colour", "label")
    cli(*seen, "--given", "label").fails(2, "--given")


def test_what_cannot_be(cli, place, digit, tmp_path):
    def asked(seen, *more, run="digits", data="digit.png"):
        return cli("reconstruct", place / run, data, "--seen", seen, *more)

    assert "--seen" in cli("reconstruct", place / "digits", "digit.png").err
    asked("blurr").fails(2, "'blurr'", "did you mean 'Blur'", "Matrix")
    asked("blur,width=wide").fails(2, "Blur.width")
    asked("blur,width=-1").fails(2, "no kernel")
    asked("downsample,factor=3").fails(2, "squares of 3")
    asked("downsample").fails(3, "what was seen is 8 x 8", "4 x 4")
    asked("colourise").fails(2, "3 weights for 1 channels")
    asked("mask").fails(2, "mask,hole=hole.png")
    asked("matrix,m.npy").fails(2, "matrix,file=m.npy")
    asked("matrix,file=no.npy").fails(3, "no.npy")
    asked("mask,hole=no.png").fails(3, "no.png")
    Image.fromarray(np.zeros((4, 8), dtype=np.uint8)).save(tmp_path / "hole.png")
    asked("mask,hole=hole.png").fails(3, "the mask is 4 x 8")
    np.save(tmp_path / "m.npy", np.ones((2, 5)))
    asked("matrix,file=m.npy", data="m.npy").fails(3, "5 columns", "64 numbers")
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    asked("matrix,file=objects.npy").fails(3, "Python objects, which are not opened")
    np.save(tmp_path / "m.npy", np.ones((2, 64)))
    asked("matrix,file=m.npy").fails(3, "a number for each row")
    np.save(tmp_path / "gone.npy", np.full((1, 8, 8), np.nan))
    asked("blur", data="gone.npy").fails(3, "missing or infinite")
    asked("blur", "--noise", -3).fails(2, "noise of -3")
    asked("blur", "--by", "best").fails(2, "best", "Twisted")
    asked("jpeg", "--by", "replacing").fails(2, "not linear")
    asked("blur", "--given", "label=3").fails(3, "label", "nothing given")
    asked("blur", run="bayes").fails(4, "Diffusion")
    asked("blur", data="iris").fails(3, "a table", "pictures")
    asked("blur,width=0.5", "--by", "pigdm", "-o", "made.xyz").fails(2, "made.xyz")
