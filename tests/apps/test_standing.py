"""What a model has shown, to JSON and back; its number and interval."""

import json
from math import isnan

import torch

from likely.apps.comparison import Round
from likely.apps.standing import Showing, Standing, scores_from_json, scores_to_json
from likely.contracts import Scores

NATS = torch.linspace(-2, -1, 5).double()
EXACT, BOUND = Scores(NATS, False, None, "m"), Scores(NATS, True, torch.ones(5).double(), "m")
ESTIMATE = Scores(NATS, False, torch.ones(5).double(), "m")


def test_only_exact_numbers_and_lower_bounds_are_ranked():
    assert [Showing(s).ranked for s in (EXACT, BOUND, ESTIMATE, None)] == [True, True, False, False]
    above = Scores(NATS, False, None, "m", above=True)
    assert not Showing(above).ranked


def test_a_round_is_told_what_was_shown():
    found = Showing(BOUND).told(Round(1, "VAE", "2 s", 2.5))
    assert (found.unit, found.kind, found.value) == ("nats/row", "≥ ≈", -1.5)
    assert found.low < -1.5 < found.high
    drawn = Showing(None, "no density", NATS + 2).told(Round(1, "GAN", "2 s", 2.5))
    assert (drawn.unit, drawn.kind, round(drawn.value, 6)) == ("distance", "", 0.5)
    assert isnan(Showing().told(Round(1, "GAN", "2 s", 2.5)).value)


def test_more_is_better_of_scores_and_less_of_distances():
    assert Showing(EXACT).worth == -1.5
    assert Showing(None, "", NATS + 2).worth == -0.5
    assert Showing().worth == float("-inf")


def test_to_json_and_back():
    rounds = (Round(1, "VAE", "2 s", 2.5, 100, "nats/row", "≥ ≈", -1.5, -2.0, -1.0),)
    standing = Standing("VAE", rounds, Showing(BOUND, "", NATS), 1)
    again = Standing.from_json(json.loads(json.dumps(standing.to_json())))
    assert again.rounds == rounds
    assert (again.held, again.failed, again.seconds) == (1, "", 2.5)
    assert torch.equal(again.showing.scores.nats, NATS)
    assert torch.equal(again.showing.scores.stderr, BOUND.stderr)
    assert torch.equal(again.showing.apart, NATS)
    assert scores_from_json(scores_to_json(None)) is None
    assert scores_from_json(scores_to_json(EXACT)).kind == "="
