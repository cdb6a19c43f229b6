"""Work done here, and in processes beside: the same answers, and a process that dies takes no other along."""

import os
from dataclasses import dataclass, replace

import pytest

import likely
from likely.apps.arena import Arena, Learning, Task
from likely.apps.lanes import Beside, Here, lanes_of
from likely.apps.standing import Standing
from likely.data import read, split
from likely.errors import LikelyError


@dataclass(frozen=True)
class Told(Task):
    """Says in which process it was done."""

    title: str
    alone: bool = False

    def done(self, arena, listeners=()):
        return os.getpid()


@dataclass(frozen=True)
class Dying(Task):
    """Ends its process."""

    title: str
    alone: bool = False

    def done(self, arena, listeners=()):
        os._exit(3)


def test_here_one_after_another_each_with_its_listeners():
    heard = []
    found = list(Here().done([Told("a"), Told("b")], None, lambda title: heard.append(title) or ()))
    assert [task.title for task, _ in found] == heard == ["a", "b"]
    assert {process for _, process in found} == {os.getpid()}


def test_as_many_lanes_as_processes():
    assert isinstance(lanes_of(1), Here)
    assert lanes_of(3).count == 3


@pytest.mark.slow
def test_beside_the_answers_are_the_same_and_the_model_goes_by_the_folder(tmp_path):
    arena = Arena(split(read("iris")), (), 0)
    task = Learning("NaiveBayes", likely.NaiveBayes(), 1, 3, 60.0, Standing("NaiveBayes"), title="NaiveBayes")
    there = replace(task, folder=tmp_path)
    alone = Told("here", alone=True)
    found = dict(Beside(2).done([there, Told("there"), alone], arena, lambda title: ()))
    standing = found[there]
    assert standing.fitted is None
    assert standing.showing.scores.mean == task.done(arena).showing.scores.mean
    assert there.held(standing).name == "NaiveBayes"
    assert found[Told("there")] != os.getpid() == found[alone]


@pytest.mark.slow
def test_a_process_that_dies_is_told_and_takes_no_other_along():
    found = []
    with pytest.raises(LikelyError, match="the process of dying ended twice"):
        found += Beside(2).done([Told("a"), Dying("dying")], None, lambda title: ())
