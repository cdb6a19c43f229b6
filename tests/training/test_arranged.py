import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from likely.contracts import Density, Player, Trained, Turn
from likely.errors import FieldError, Interrupted
from likely.spaces import Image
from likely.training import Budget, Engine, Event, Examples, Planned, Precision, arranged, follow, learn
from likely.training.arranged import compilable, convolves
from tests.training.runner import recipe, rows, sha
from tests.training.test_training import interrupt
from tests.training.toys import Gaussian, Noisy


class Convolution(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(2, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 2, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Pictures(Density, Trained):
    """Has convolutions, and remembers how its weights lay while it learned."""

    def __init__(self) -> None:
        super().__init__(Image(2, 6, 6, None))
        self.network = Convolution()
        self.seen: set[str] = set()

    def log_prob(self, x, c=None):
        weight = self.network.layers[0].weight
        if weight.is_contiguous(memory_format=torch.channels_last) and x.is_contiguous(
            memory_format=torch.channels_last
        ):
            self.seen.add("channels last")
        out = self.network(x)
        self.seen.add(str(out.dtype))
        return -(x - out.float()).square().flatten(1).sum(1)

    def sample(self, n, c=None, *, rng):
        return torch.zeros(n, 2, 6, 6)

    def players(self):
        return {"pictures": Player(self)}

    def turns(self, x, c=None, *, rng):
        yield Turn("pictures", lambda: -self.log_prob(x).mean())


DATA_ROWS = rows(100, 1)
DATA = Examples(torch.randn(64, 2, 6, 6, generator=torch.Generator().manual_seed(0)))


def learned(**choices) -> Pictures:
    torch.manual_seed(0)
    model = Pictures()
    follow(learn(model, DATA, recipe=replace(recipe(20), **choices)))
    return model


def test_channels_last_while_learning_and_contiguous_after() -> None:
    plain, laid = learned(), learned(channels_last=True)
    assert "channels last" not in plain.seen
    assert "channels last" in laid.seen
    assert all(w.is_contiguous() for w in laid.parameters())
    for a, b in zip(plain.parameters(), laid.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("choice", [{"channels_last": True}, {"precision": Precision.BF16}])
def test_an_interruption_costs_nothing_however_the_model_is_arranged(tmp_path: Path, choice) -> None:
    def events(folder: Path) -> Iterator[Event]:
        torch.manual_seed(0)
        asked = replace(recipe(40), **choice)
        return learn(Pictures(), DATA, validation=DATA, recipe=asked, folder=folder, resume=True)

    with pytest.raises(Interrupted):
        interrupt(events(tmp_path / "stopped"), 20)
    assert sha(follow(events(tmp_path / "stopped"))) == sha(follow(events(tmp_path / "whole")))


def test_mixed_precision_of_losses_only() -> None:
    mixed = learned(precision=Precision.BF16)
    assert "torch.bfloat16" in mixed.seen
    assert {w.dtype for w in mixed.parameters()} == {torch.float32}
    assert learned().seen == {"torch.float32"}


def test_what_compiles_is_below_the_model_and_not_torchs_own() -> None:
    model = Noisy(4)
    assert compilable(model) == [model.encoder, model.decoder]
    assert compilable(nn.Sequential(nn.Sequential(model.encoder), nn.ReLU())) == [model.encoder]
    assert compilable(Gaussian(2)) == []
    assert convolves(Pictures())
    assert not convolves(model)


def test_without_a_compiler_compilation_stays_off_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    assert arranged.compiler() is None
    events = list(learn(Noisy(4), Examples(torch.randn(40, 4)), budget=None, engine=Engine(compile=True, probe=False)))
    planned, noticed = events[0], events[1].said()
    assert isinstance(planned, Planned)
    assert not planned.recipe.compile
    assert "no C++ compiler" in noticed["what"]


def test_the_compiler_is_not_even_imported() -> None:
    follow(learn(Noisy(4), Examples(torch.randn(40, 4)), recipe=recipe(20)))
    assert "lightning_fabric" not in sys.modules


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_compiled_networks_learn_the_same() -> None:
    if arranged.compiler() is None:
        return
    plain, compiled = learned(), learned(compile=True)
    assert all(module._compiled_call_impl is None for module in compiled.modules())
    for a, b in zip(plain.parameters(), compiled.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)
    assert list(plain.state_dict()) == list(compiled.state_dict())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_compilation_that_is_asked_for_is_tried_and_then_used() -> None:
    if arranged.compiler() is None:
        return
    events = list(
        learn(Noisy(4), DATA_ROWS, validation=DATA_ROWS, budget=Budget(steps=60), engine=Engine(compile=True))
    )
    assert isinstance(events[0], Planned)
    assert events[0].recipe.compile
    events = list(learn(Gaussian(4), DATA_ROWS, budget=Budget(steps=60), engine=Engine(compile=True)))
    assert isinstance(events[0], Planned)
    assert not events[0].recipe.compile  # it has no network: nothing would be compiled


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(FieldError, match="cannot be used"):
        Engine(device="cuda:99").place()
    with pytest.raises(FieldError, match="cannot be used"):
        Engine(device="abacus").place()
