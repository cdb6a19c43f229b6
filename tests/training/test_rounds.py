from typing import final

import pytest
import torch
from torch import nn

from likely.backbones.batch_norm import BatchNorm
from likely.contracts import Paced, Player, Trained, Turn
from likely.errors import Corrupt
from likely.spaces import reals
from likely.training.course import Course
from likely.training.processes import Alone
from likely.training.rounds import Diverging, Rounds
from likely.training.saving import copied
from tests.training.runner import recipe, rows
from tests.training.toys import Game, Gaussian, Noisy


def rounds(model) -> Rounds:
    return Rounds(model.train(), rows(300, 1), recipe(50), seed=0, lift=None, processes=Alone())


def played(played: Rounds, course: Course, count: int) -> dict[str, torch.Tensor]:
    for _ in range(count):
        played.play(course)
        played.look(course)
    return copied(played.tensors())


@pytest.mark.parametrize("toy", [Gaussian, Noisy, Game])
def test_the_tensors_are_all_that_the_next_rounds_depend_on(toy) -> None:
    torch.manual_seed(0)
    first = rounds(toy(4))
    held = played(first, Course(), 7)
    ahead = played(first, Course(step=7), 5)
    torch.manual_seed(1)
    other = rounds(toy(4))
    other.restore(held)
    again = played(other, Course(step=7), 5)
    assert all(torch.equal(ahead[name], again[name]) for name in ahead)


def test_the_state_of_other_players_is_refused() -> None:
    held = copied(rounds(Gaussian(4)).tensors())
    with pytest.raises(Corrupt):
        rounds(Gaussian(4)).restore({**held, "average/0": torch.ones(9)})
    with pytest.raises(Corrupt):
        rounds(Gaussian(4)).restore({name: t for name, t in held.items() if "optimizer" not in name})


def test_losses_are_means_since_the_last_look() -> None:
    model, course = rounds(Game(4)), Course()
    played(model, course, 3)
    assert model.counts == {"critic": 6, "generator": 3}
    assert set(model.losses()) == {"critic", "generator"}
    assert model.losses() == {}


def test_the_length_of_each_player_s_gradients_is_told_once() -> None:
    model, course = rounds(Game(4)), Course()
    played(model, course, 3)
    lengths = model.lengths()
    assert set(lengths) == {"critic", "generator"}
    assert all(length > 0 for length in lengths.values())
    assert model.lengths() == {}


def test_an_infinite_loss_is_told_with_its_player() -> None:
    model, course = Gaussian(4), Course()
    started = rounds(model)
    with torch.no_grad():
        model.mean.fill_(float("inf"))
    started.play(course)
    with pytest.raises(Diverging, match="'gaussian'"):
        started.look(course)


class Hurried(Trained, Paced):
    """Remembers what it was told of its training."""

    def __init__(self) -> None:
        super().__init__(reals(4))
        self.layer, self.told = nn.Linear(4, 4), []

    def sample(self, n, c=None, *, rng):
        return self.layer(rng.normal((n, 4), like=self.layer.weight))

    def players(self):
        return {"layer": Player(self.layer)}

    def turns(self, x, c=None, *, rng):
        yield Turn("layer", lambda: (self.layer(x) * self.told[-1]).square().mean())

    def pace(self, done):
        self.told.append(done)


def test_a_model_that_asks_is_told_how_far_it_is() -> None:
    model = Hurried()
    rounds_of = rounds(model)
    played(rounds_of, Course(step=10), 3)
    assert model.told == [10 / 50, 11 / 50, 12 / 50]


@final
class Normed(Trained):
    """Its first layer knows the mean of what it was shown."""

    def __init__(self) -> None:
        super().__init__(reals(4))
        self.net = nn.Sequential(BatchNorm(4), nn.Linear(4, 1))

    def sample(self, n, c=None, *, rng):
        return torch.zeros(n, 4)

    def players(self):
        return {"normed": Player(self.net)}

    def turns(self, x, c=None, *, rng):
        yield Turn("normed", lambda: self.net(x).square().mean())


def test_running_statistics_are_recounted_under_averaged_weights_and_put_back() -> None:
    played, course = rounds(Normed()), Course()
    for _ in range(20):
        played.play(course)
    norm = played.model.net[0]
    before = {name: tensor.clone() for name, tensor in played.model.state_dict().items()}
    with played.averaged(played.average.width, course.step):
        batches = [played.data.x[played.order.at(step)] for step in range(12, 20)]
        torch.testing.assert_close(norm.mean, torch.stack([batch.mean(0) for batch in batches]).mean(0))
        assert torch.equal(played.model.net[1].weight, played.average.values[0][2])
    assert all(torch.equal(tensor, before[name]) for name, tensor in played.model.state_dict().items())
    assert played.model.training
