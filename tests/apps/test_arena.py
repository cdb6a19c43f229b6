"""One round of one contender: what it shows, what it stands with, how it may fail."""

import time
from dataclasses import replace

import pytest
import torch

import likely
from likely.apps.arena import Arena, Learning
from likely.apps.standing import Showing, Standing
from likely.card import Card
from likely.contracts import Scores
from likely.data import read, split
from likely.errors import BudgetTooSmall, Diverged, FieldError, Interrupted


class Model:
    """A fitted model of which only the steps are asked."""

    card = Card(family=None, measures={"final": {"step": 7}})


class Stub:
    """An arena in which every training is a planted number, or an error."""

    def __init__(self, *worths):
        self.worths, self.asked = list(worths), []

    def learned(self, family, budget, *, init, folder, certify, listeners):
        self.asked.append((budget, init))
        worth = self.worths.pop(0)
        if isinstance(worth, BaseException):
            raise worth
        if callable(worth):
            worth()
        self.worth = worth
        return Model()

    def shows(self, fitted):
        return Showing(Scores(torch.full((5,), float(self.worth)).double(), False, None, "m"))


def learning(before=None, **said):
    said = {"number": 1, "budget": "2.00s", "limit": 60.0} | said
    return Learning(name="VAE", family=None, before=before or Standing("VAE"), **said)


def test_a_round_says_what_it_got_and_what_was_shown():
    found = learning().done(Stub(-1.0))
    (told,) = found.rounds
    assert (told.number, told.budget, told.steps, told.value, told.kind) == (1, "2.0 s", 7, -1.0, "=")
    assert (found.held, found.failed, told.stopped) == (1, "", "")
    assert 0 < told.seconds < 5


def test_the_next_goes_on_from_where_it_stood_and_the_better_stands():
    first = learning().done(Stub(-1.0))
    arena = Stub(-3.0)
    second = learning(first, number=2).done(arena)
    assert arena.asked[0][1] is first.fitted
    assert (second.held, second.fitted, second.rounds[1].kept) == (1, first.fitted, False)
    assert second.rounds[1].value == -3.0
    third = learning(second, number=3).done(Stub(-0.5))
    assert (third.held, [each.kept for each in third.rounds]) == (3, [True, False, True])


def test_a_share_that_is_too_small_is_made_three_times_as_large_once():
    arena = Stub(BudgetTooSmall("too small"), -1.0)
    assert learning().done(arena).held == 1
    assert [budget for budget, _ in arena.asked] == ["2.00s", "6.00s"]
    arena = Stub(BudgetTooSmall("too small"), BudgetTooSmall("still"))
    assert learning().done(arena).failed == "still"
    assert "too small" in learning(budget=3).done(Stub(BudgetTooSmall("too small"))).failed


def test_its_failure_is_its_own():
    assert learning().done(Stub(Diverged("it broke"))).failed == "it broke"
    assert "a bug in likely: ValueError: it broke" in learning().done(Stub(ValueError("it broke"))).failed
    first = learning().done(Stub(-1.0))
    second = learning(first, number=2).done(Stub(Diverged("it broke\nTry: less")))
    assert (second.failed, second.held, second.rounds[1].stopped) == ("", 1, "it broke")


def test_a_family_that_says_it_cannot_model_such_rows_is_unfit():
    assert learning().done(Stub(FieldError("no pictures"))).unfit
    assert not learning().done(Stub(Diverged("it broke"))).unfit


@pytest.mark.parametrize("error", [Interrupted("stop"), KeyboardInterrupt()])
def test_an_interrupt_is_everybody_s(error):
    with pytest.raises(type(error)):
        learning().done(Stub(error))


def test_what_takes_too_long_is_cut_off():
    found = learning(limit=0.1).done(Stub(lambda: time.sleep(5)))
    assert found.failed.startswith("was not ready after")
    over = learning(until=time.monotonic()).done(Stub(lambda: time.sleep(5)))
    assert over.failed == "the time of the race was over before its turn"


# With real rows ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def arena():
    return Arena(split(read("iris")), (), 0)


def test_exact_scores_are_enough_and_others_are_drawn_from(arena):
    shown = [arena.shows(arena.learned(family, 3)) for family in (likely.NaiveBayes(), likely.GAN(width=8))]
    assert [one.ranked for one in shown] == [True, False]
    assert shown[0].apart is None
    assert shown[1].scores is None
    assert len(shown[1].apart) == len(arena.parts.validation)
    bound = arena.shows(arena.learned(likely.VAE(latent=2), 3))
    assert bound.ranked
    assert len(bound.apart) == len(arena.parts.validation)


def test_what_was_kept_is_not_done_again(arena, tmp_path):
    task = Learning("NaiveBayes", likely.NaiveBayes(), 1, 3, 60.0, Standing("NaiveBayes"), folder=tmp_path)
    first = task.done(arena)
    assert first.fitted is None
    assert task.held(first).name == "NaiveBayes"
    again = replace(task, family=None).done(None)
    assert again.rounds == first.rounds
    assert torch.equal(again.showing.scores.nats, first.showing.scores.nats)


def test_a_training_that_was_stopped_goes_on(arena, tmp_path):
    family, place = likely.VAE(latent=2), tmp_path / "round-1"

    def stop(event):
        if getattr(event, "step", 0) >= 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        arena.learned(family, 60, folder=place, listeners=[stop])
    resumed = arena.learned(family, 1, folder=place)
    assert resumed.card.measures["final"]["step"] == 60
    whole = arena.learned(family, 60)
    assert torch.equal(resumed.score(arena.held).nats, whole.score(arena.held).nats)
