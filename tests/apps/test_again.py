"""A row made again is the same row."""

import shlex

import pytest

import likely
from likely.apps.again import again, line_of
from likely.apps.compare import compare
from likely.fields import made


@pytest.mark.parametrize("line", ["NaiveBayes", "VAE,latent=8", "Diffusion,schedule.low=0.01,drop=0.2", "GAN,codes=0"])
def test_a_line_says_the_family(line):
    family = made("Family", line)
    assert made("Family", line_of(family)) == family
    assert line_of(family) == line


def test_a_family_that_no_line_says_has_no_line():
    assert line_of(object()) == ""


def test_the_command_and_the_lines_make_the_same_numbers(monkeypatch):
    found = compare("iris", "naive-bayes,vae,latent=2", condition="species", budget=3, seed=5)
    vae = found.contenders[1]
    told = again(vae, found)
    words = shlex.split(told.command)
    assert words[:3] == ["likely", "compare", "iris"]
    said = dict(zip(words[3::2], words[4::2], strict=True))
    assert said == {
        "--families": "VAE,latent=2", "--budget": "3", "--condition": "species", "--seed": "5", "-o": "again.html"
    }  # fmt: skip
    scope = {"likely": likely, "read": likely.data.read, "split": likely.data.split}
    *lines, last = told.python.splitlines()
    exec("\n".join(lines), scope)
    scores = eval(last, scope)
    assert scores.mean == vae.scores.mean
    assert again(found.references[0], found) is None
