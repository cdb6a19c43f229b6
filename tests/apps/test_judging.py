"""On the test rows: what is kept is not measured again, and bounds are tightened only where that may decide."""

import time
from dataclasses import replace

import pytest
import torch

import likely
from likely.apps.arena import Arena
from likely.apps.contender import Contender
from likely.apps.judging import Judging, scored, tightened, tightens
from likely.contracts import Scores
from likely.data import read, split


@pytest.fixture(scope="module")
def arena():
    return Arena(split(read("iris")), (), 0)


@pytest.fixture(scope="module")
def fitted(arena):
    return arena.learned(likely.NaiveBayes(), None)


def judging(fitted, folder=None, left=1000.0):
    until = time.monotonic() + left
    return Judging("NaiveBayes", likely.NaiveBayes(), fitted, folder, 1, 2.5, until)


def test_scored_sampled_and_measured(arena, fitted):
    found = judging(fitted).done(arena)
    assert len(found.scores.nats) == len(arena.parts.test)
    assert len(found.samples) == 2 * len(arena.parts.test)
    assert (found.fit_seconds, found.late, found.failed) == (2.5, False, "")
    assert found.sample_seconds > 0
    assert "two-sample AUC" in found.measures


def test_what_was_kept_comes_back_to_the_cell(arena, fitted, tmp_path, monkeypatch):
    first = judging(fitted, tmp_path).done(arena)
    monkeypatch.setattr("likely.apps.judging.measures", None)
    again = judging(fitted, tmp_path).done(arena)
    assert again.measures == first.measures
    assert torch.equal(again.scores.nats, first.scores.nats)
    assert again.samples.frame.equals(first.samples.frame)
    other = replace(judging(fitted, tmp_path), held=2).done(arena)  # other weights are measured anew
    assert "NoneType" in other.failed


def test_pictures_and_what_is_said_of_them_are_kept_too(tmp_path):
    arena = Arena(split(read("digits").take(range(200))), ("label",), 0)
    fitted = arena.learned(likely.NaiveBayes(), None)
    first, again = (judging(fitted, tmp_path).done(arena) for _ in range(2))
    assert (again.samples.pixels == first.samples.pixels).all()
    assert again.samples.about.frame["label"].tolist() == first.samples.about.frame["label"].tolist()


def test_without_time_it_is_late_and_not_without_a_likelihood(arena, fitted):
    found = judging(fitted, left=-1.0).done(arena)
    assert found.late
    assert found.fitted is fitted
    assert found.scores is None


def test_bounds_of_a_lift_and_of_codes_tighten_and_exact_numbers_do_not(arena):
    flow = arena.learned(likely.NICE(), 2)
    scores, _ = scored(flow, arena.parts.test, 0)
    contender = Contender("NICE", scores=scores, fitted=flow)
    assert tightens(contender)
    exact = Contender("KDE", scores=Scores(scores.nats, False, None, scores.measure), fitted=flow)
    assert not tightens(exact)


def test_an_undecided_bound_is_tightened_and_one_that_is_beaten_is_not(arena):
    vae = arena.learned(likely.VAE(latent=2), 2)
    scores, _ = scored(vae, arena.parts.test, 0)
    weak = Contender("VAE", scores=scores, fitted=vae)
    best = Contender("KDE", scores=Scores(scores.nats + 1, False, None, scores.measure))
    found = tightened([weak, best], arena, 60.0)
    assert found[0].scores.mean > scores.mean
    assert float(found[0].scores.stderr.mean()) < float(scores.stderr.mean())
    assert tightened([weak, best], arena, 0.0)[0] is weak
    strong = Contender("VAE", scores=replace(scores, nats=scores.nats + 99), fitted=None)
    assert tightened([best, strong], arena, 60.0) == [best, strong]
