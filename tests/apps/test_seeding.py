"""Other seeds: as many as the time lets, one for each in turn."""

import pytest
import torch

import likely
from likely.apps.allowance import Allowance
from likely.apps.arena import Arena
from likely.apps.contender import Contender
from likely.apps.lanes import Here, Lanes
from likely.apps.seeding import Repeats, Seeding
from likely.contracts import Scores
from likely.data import read, split
from likely.metrics import Measure
from likely.training import Budget


class Planted(Lanes):
    """Answers with the seed; some have none."""

    count = 1

    def __init__(self, silent=()):
        self.silent, self.asked = silent, []

    def done(self, tasks, arena, listen):
        for task in tasks:
            self.asked.append((task.name, task.seed, task.budget, task.unit))
            yield task, None if task.name in self.silent else float(task.seed)


def contender(name, family, seconds, area=None):
    scores = None if area else Scores(torch.zeros(5).double(), False, None, "m")
    found = {"two-sample AUC": Measure("two-sample AUC", area, 0.0, 1.0, (5, 5), 0.5)} if area else {}
    return Contender(name, family, scores, "", found, seconds)


def repeats(lanes, seconds):
    return Repeats(Arena(None, (), 0), Allowance(seconds), 0.97, lanes, lambda family: None, lambda title: ())


def test_a_seed_for_each_in_turn_and_then_another():
    lanes = Planted()
    found = repeats(lanes, 1000.0).of(
        [contender("VAE", likely.VAE(), 2.0), contender("GAN", likely.GAN(), 2.0, 0.7)], Budget(seconds=1000.0), 3
    )
    assert [(name, seed) for name, seed, *_ in lanes.asked] == [("VAE", 1), ("GAN", 1), ("VAE", 2), ("GAN", 2)]
    assert [(each.name, each.seeds, each.values, each.unit) for each in found] == [
        ("VAE", (0, 1, 2), (0.0, 1.0, 2.0), "nats/row"), ("GAN", (0, 1, 2), (0.7, 1.0, 2.0), "two-sample AUC"),
    ]  # fmt: skip
    assert lanes.asked[0][2] == "2.00s"


def test_no_seed_is_begun_for_which_there_is_no_time():
    lanes = Planted()
    asked = [contender("VAE", likely.VAE(), 30.0), contender("GAN", likely.GAN(), 1.0, 0.7)]
    found = repeats(lanes, 10.0).of(asked, Budget(seconds=10.0), 2)
    assert [each.name for each in found] == ["GAN"]
    assert not repeats(Planted(), 0.0).of(asked, Budget(seconds=10.0), 2)


def test_who_counts_needs_no_seeds_and_who_fails_has_none():
    asked = [contender("KDE", likely.KDE(), 1.0), contender("VAE", likely.VAE(), 1.0)]
    assert repeats(Planted(silent=["VAE"]), 1000.0).of(asked, Budget(seconds=1000.0), 2) == ()


@pytest.mark.parametrize("unit", ["nats/row", "two-sample AUC"])
def test_a_seed_is_a_training_of_its_own_and_is_kept(unit, tmp_path):
    arena = Arena(split(read("iris")), (), 0)
    task = Seeding("VAE", likely.VAE(latent=2), 1, 3, unit, 20, 60.0, folder=tmp_path)
    ((_, value),) = Here().done([task], arena, lambda title: ())
    assert value == task.done(None)
    assert (tmp_path / "seed-1").is_dir()
