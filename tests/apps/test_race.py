"""Rounds, shares, who goes on: with planted standings, so that nothing is learned."""

from dataclasses import replace
from math import inf

import pytest
import torch

import likely
from likely.apps.allowance import Allowance
from likely.apps.comparison import Round
from likely.apps.contender import Contender
from likely.apps.lanes import Lanes
from likely.apps.race import FEWEST, LEARNED, Race, learns_by_gradient, rounds_of, survivors
from likely.apps.standing import Showing, Standing
from likely.contracts import Scores
from likely.training import Budget

WAVE = torch.sin(torch.arange(60.0)).double() / 4


class Planted(Lanes):
    """Every family shows the number it is given; what was asked of it is written down."""

    def __init__(self, worth, failing=(), count=1):
        self.worth, self.failing, self.count, self.asked, self.untils = worth, failing, count, [], []

    def done(self, tasks, arena, listen):
        for task in tasks:
            self.untils.append(task.until)
            self.asked.append((task.number, task.name, float(task.budget[:-1]), task.certify))
            mean = self.worth[task.name]
            scores = Scores(WAVE * (-1) ** len(self.asked) + mean, False, None, "m")
            if (task.name, task.number) in self.failing:
                held = bool(task.before.held)
                rounds = (*task.before.rounds, Round(task.number, task.name, "1 s", 1.0, stopped="it broke"))
                yield task, replace(task.before, rounds=rounds, failed="" if held else "it broke")
                continue
            rounds = (*task.before.rounds, Round(task.number, task.name, "1 s", 1.0))
            yield task, Standing(task.name, rounds, Showing(scores), task.number)


def race(lanes, families, seconds=1000.0):
    budget = Budget(seconds=seconds)
    told = []
    found = Race(None, families, budget, Allowance(seconds), 0.6, lanes, None, lambda title: (), told.append)
    return found, told


def families(count):
    """Learners and one that counts."""
    return {f"V{i}": likely.VAE(latent=i + 1) for i in range(count)} | {"Counts": likely.NaiveBayes()}


def test_half_go_on_after_each_round_and_get_more_time():
    lanes = Planted({f"V{i}": -float(i) for i in range(16)} | {"Counts": -99.0})
    found, told = race(lanes, families(16))
    standings = found.standings()
    assert [sum(number == each for number, *_ in lanes.asked) for each in (1, 2, 3)] == [17, 8, 4]
    assert {name for number, name, *_ in lanes.asked if number == 3} == {"V0", "V1", "V2", "V3"}
    shares = {number: budget for number, name, budget, _ in lanes.asked if name != "Counts"}
    assert shares[1] == pytest.approx(LEARNED * 600 / 3 / 17, rel=0.01)
    assert shares[1] < shares[2] / 2 < shares[3] / 3
    assert all(certify == (number == 3) for number, *_, certify in lanes.asked)
    assert survivors(standings.values()) == ["V0", "V1", "V2", "V3", "Counts"]
    assert "left after round 1: V0 is better" in standings["V15"].rounds[-1].stopped
    assert any(line.startswith("V15 leaves after round 1: V0 is better on validation rows by 1") for line in told)


def test_a_budget_that_is_used_up_before_the_race_still_fits_everybody_once():
    """Nothing would come of the comparison otherwise."""
    lanes = Planted({f"V{i}": -float(i) for i in range(8)} | {"Counts": -99.0})
    found, _ = race(lanes, families(8), seconds=1e-6)
    standings = found.standings()
    assert [name for _, name, *_ in lanes.asked] == ["Counts", *(f"V{i}" for i in range(8))]
    assert all(budget >= LEARNED * FEWEST for _, _, budget, _ in lanes.asked)
    assert survivors(standings.values()) == ["V0", "V1", "V2", "V3", "Counts"]


def test_who_takes_too_long_takes_nobody_else_s_share():
    lanes = Planted({f"V{i}": -float(i) for i in range(3)} | {"Counts": 0.0})
    race(lanes, families(3))[0].standings()
    gaps = [later - earlier for earlier, later in zip(lanes.untils, lanes.untils[1:])]
    assert gaps == pytest.approx([150.0] * 3, rel=0.01)


def test_two_lanes_give_everybody_twice_the_time():
    one, two = (Planted({"V0": 0.0, "V1": -1.0, "Counts": 0.0}, count=count) for count in (1, 2))
    for lanes in (one, two):
        race(lanes, families(2))[0].standings()
    assert two.asked[1][2] == pytest.approx(2 * one.asked[1][2], rel=0.01)


def test_families_that_count_are_quick_come_first_and_leave_for_nobody():
    lanes = Planted({f"V{i}": float(i) for i in range(8)} | {"Counts": -99.0})
    standings = race(lanes, families(8))[0].standings()
    assert lanes.asked[0][1] == "Counts"
    assert [number for number, name, *_ in lanes.asked if name == "Counts"] == [1]
    assert standings["Counts"].rounds[-1].stopped == ""


def test_who_fails_in_a_later_round_stands_with_what_it_had():
    lanes = Planted({f"V{i}": -float(i) for i in range(8)} | {"Counts": 0.0}, failing={("V0", 2), ("V7", 1)})
    standings = race(lanes, families(8))[0].standings()
    assert standings["V0"].held == 1
    assert not standings["V0"].failed
    assert standings["V7"].failed
    assert "V7" not in {name for number, name, *_ in lanes.asked if number == 2}
    assert "V0" not in survivors(standings.values())


def test_there_is_no_further_round_when_the_time_is_over():
    lanes = Planted({f"V{i}": -float(i) for i in range(8)} | {"Counts": 0.0})
    found, told = race(lanes, families(8), seconds=1.0)
    found = replace(found, allowance=Allowance(1.0, before=0.9))
    standings = found.standings()
    assert {number for number, *_ in lanes.asked} == {1}
    assert told[-1] == "the time of the race is over before round 2 of 2"
    assert all(standing.held for standing in standings.values())


def test_with_little_time_there_are_fewer_rounds_and_more_leave_at_once():
    lanes = Planted({f"V{i}": -float(i) for i in range(16)} | {"Counts": -99.0})
    race(lanes, families(16), seconds=240.0)[0].standings()
    assert [sum(number == each for number, *_ in lanes.asked) for each in (1, 2)] == [17, 4]


@pytest.mark.parametrize(("learners", "rounds"), [(0, 1), (1, 1), (4, 1), (5, 1), (6, 2), (9, 2), (16, 3), (33, 4)])
def test_as_many_halvings_as_leave_about_four(learners, rounds):
    assert rounds_of(learners, Budget(seconds=6000.0), 6000.0) == rounds
    assert rounds_of(learners, Budget(seconds=1.0), 1.0) == min(rounds, 2)
    assert rounds_of(learners, Budget(steps=100), inf) == 1
    assert rounds_of(learners, Budget(), inf) == 1


def test_who_learns_by_gradient():
    assert learns_by_gradient(likely.VAE())
    assert not learns_by_gradient(likely.KDE())
    assert learns_by_gradient(Contender("somebody's own"))
