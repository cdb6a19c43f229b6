"""A row made again is the same row."""

import runpy
import shlex
from dataclasses import replace

import pytest

import likely
from likely.apps.again import again, line_of
from likely.apps.compare import compare
from likely.apps.comparison import Round
from likely.fields import made


@pytest.mark.parametrize("line", ["NaiveBayes", "VAE,latent=8", "Diffusion,schedule.low=0.01,drop=0.2", "GAN,codes=0"])
def test_a_line_says_the_family(line):
    family = made("Family", line)
    assert made("Family", line_of(family)) == family
    assert line_of(family) == line


def test_a_family_that_no_line_says_has_no_line():
    assert line_of(object()) == ""


def test_the_command_and_the_lines_make_the_same_numbers(tmp_path, capsys):
    found = compare("iris", "naive-bayes,vae,latent=2", condition="species", budget=3, seed=5)
    vae = found.contenders[1]
    told = again(vae, found)
    words = shlex.split(told.command)
    assert words[:3] == ["likely", "compare", "iris"]
    said = dict(zip(words[3::2], words[4::2], strict=True))
    assert said == {
        "--families": "VAE,latent=2", "--budget": "3", "--condition": "species", "--seed": "5", "-o": "again.html"
    }  # fmt: skip
    recipe = tmp_path / "recipe.py"
    recipe.write_text(told.python, encoding="utf-8")
    assert runpy.run_path(str(recipe))["scores"].mean == vae.scores.mean
    assert str(vae.scores) in capsys.readouterr().out
    assert again(found.references[0], found) is None


def test_what_was_raced_against_the_clock_says_that_it_comes_near(planted):
    plain = planted(("KDE", "=", -1.0, 0.6), ("independent columns", "=", -5.0, 0.99))
    fitted = likely.fit("iris", likely.VAE(latent=2), budget=2, certify=False)
    raced = replace(plain.contenders[0], name="VAE", family=fitted.card.family, fitted=fitted)
    rounds = (Round(1, "VAE", "2 s", 2.0, 30), Round(2, "VAE", "4 s", 4.0, 60))
    told = again(raced, replace(plain, budget="60s", rounds=rounds))
    assert told.python.startswith("# raced against the clock")
    assert "budget=90" in told.python
    assert "--budget 90" in told.command
    assert "#" not in again(raced, replace(plain, budget="2 steps")).python
