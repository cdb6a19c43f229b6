"""The loop, end to end, on toys with known answers."""

import math
import threading
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import final

import pytest
import torch

from likely.contracts import Density, Player, Prepared, Trained, Turn
from likely.errors import BudgetTooSmall, EmptyData, FieldError, TrainingError
from likely.spaces import reals
from likely.training import (
    Budget,
    Engine,
    Event,
    Examples,
    Finished,
    Noticed,
    Observed,
    Planned,
    Recipe,
    Stepped,
    Validated,
    follow,
    learn,
)
from likely.training.average import WIDTHS
from tests.training.runner import recipe, rows, sha
from tests.training.toys import Both, Chase, Coded, Game, Gaussian, Kernel, Mean, Noisy

DATA = rows(400, 1)
HELD_OUT = rows(100, 2)


def events_of(model, data=DATA, **asked) -> list[Event]:
    return list(learn(model, data, **asked))


def test_a_gaussian_finds_the_mean_and_the_spread() -> None:
    model = Gaussian(4, rate=0.1)
    follow(learn(model, DATA, budget=Budget(steps=600), batch=200))
    torch.testing.assert_close(model.mean, DATA.x.mean(0), atol=0.02, rtol=0)
    torch.testing.assert_close(model.log_std.exp(), DATA.x.std(0, correction=0), atol=0.02, rtol=0.02)


def test_the_events_of_a_training() -> None:
    events = events_of(Gaussian(4), validation=HELD_OUT, recipe=recipe(100))
    assert isinstance(events[0], Planned)
    assert [e.step for e in events if isinstance(e, Stepped)] == list(range(10, 101, 10))
    assert [e.step for e in events if isinstance(e, Validated)] == [20, 40, 60, 80, 100]
    assert isinstance(events[-1], Finished)
    seconds = [e.seconds for e in events]
    assert seconds == sorted(seconds)


def test_kept_are_the_best_weights_on_the_held_out_rows() -> None:
    model = Gaussian(4)
    events = events_of(model, validation=HELD_OUT, recipe=recipe(200))
    finished = events[-1]
    assert isinstance(finished, Finished)
    values = judgements_of(events)
    assert finished.kept.value == min(values)
    with torch.no_grad():
        assert -model.log_prob(HELD_OUT.spread(64).x).double().mean().item() == pytest.approx(min(values), rel=1e-6)
    assert all(torch.equal(t, finished.kept.weights[name]) for name, t in model.state_dict().items())
    assert finished.final.step == 200
    assert finished.unit == "nats"


def test_one_seed_one_model() -> None:
    def run(seed: int) -> str:
        torch.manual_seed(7)
        model = Noisy(4)
        return sha(follow(learn(model, DATA, validation=HELD_OUT, recipe=recipe(60), seed=seed)))

    assert run(3) == run(3)
    assert run(3) != run(4)


def test_torchs_global_source_is_left_as_it_was() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    follow(learn(Gaussian(4), DATA, recipe=recipe(10)))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_game_of_two_keeps_the_average_without_a_number() -> None:
    model = Game(4)
    events = events_of(model, recipe=recipe(50))
    finished = events[-1]
    assert not any(isinstance(e, Validated) for e in events)
    assert isinstance(finished, Finished)
    assert (finished.kept.averaged, finished.kept.value) == (True, None)
    assert finished.rule == "the average of the last weights, as nothing could judge them"
    assert not finished.final.averaged
    reported = next(e for e in events if isinstance(e, Stepped))
    assert set(reported.losses) == {"generator", "critic"}


def test_a_game_that_keeps_to_its_losses_is_judged_by_them() -> None:
    events = events_of(Game(4, averaged=False), validation=HELD_OUT, recipe=recipe(50))
    assert {e.unit for e in events if isinstance(e, Validated)} == {"loss"}


def judgements_of(events: list[Event]) -> list[float]:
    """Everything that was judged, on the way and in the end."""
    finished = events[-1]
    assert isinstance(finished, Finished)
    on_the_way = [v for e in events if isinstance(e, Validated) for v in (e.value, e.average)]
    return [*on_the_way, *finished.widths.values()]


def test_a_game_is_judged_by_what_it_draws_and_never_stopped_early() -> None:
    model = Game(4)
    events = events_of(model, validation=HELD_OUT, recipe=recipe(60))
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert {e.unit for e in events if isinstance(e, Validated)} == {finished.unit} == {"distance"}
    assert all(e.error is not None for e in events if isinstance(e, Validated))
    assert finished.kept.value == min(judgements_of(events))
    assert finished.rule == (
        "the smallest distance of drawn rows from 100 validation rows, never test rows, "
        "of 11 judgements of the weights and their averages"
    )


def test_too_few_rows_to_hold_draws_against() -> None:
    few = Examples(HELD_OUT.x[:5])
    finished = follow(learn(Game(4), DATA, validation=few, recipe=recipe(20)))
    assert (finished.kept.averaged, finished.kept.value) == (True, None)


def test_a_training_that_overfits_keeps_its_best_and_its_last_weights() -> None:
    """Validation falls and rises again: the kept width is that of the lowest point, by brute force over widths."""
    model = Kernel(DATA.x[:20])
    long = replace(recipe(200), patience=999, validate_every=10)
    events = events_of(model, Examples(DATA.x[:20]), validation=HELD_OUT, recipe=long)
    finished = events[-1]
    assert isinstance(finished, Finished)
    curve = [e.value for e in events if isinstance(e, Validated)]
    lowest = curve.index(min(curve))
    assert 2 < lowest < len(curve) - 3
    assert sorted(curve[: lowest + 1], reverse=True) == curve[: lowest + 1]
    assert sorted(curve[lowest:]) == curve[lowest:]
    assert finished.kept.value == min(judgements_of(events)) < finished.final.value
    assert finished.kept.step < finished.final.step == 200
    assert finished.final.value == curve[-1]
    assert not finished.kept.same(finished.final)
    held = HELD_OUT.x[:64]

    def loss(log_std: float) -> float:
        model.log_std.data.fill_(log_std)
        return -model.log_prob(held).mean().item()

    widths = torch.linspace(-3, 1.5, 200).tolist()
    best = min(widths, key=loss)
    kept, last = (end.weights["log_std"].item() for end in (finished.kept, finished.final))
    assert kept == pytest.approx(best, abs=0.15)
    assert last < best - 0.5


def test_where_players_go_round_in_circles_the_average_is_kept() -> None:
    """And it is nearer to where they would rest, of which the judge knows nothing."""
    model, plain = Chase(4), DATA.x / torch.tensor([1.0, 2.0, 3.0, 0.5]) + 4.0
    held = Examples(HELD_OUT.x / torch.tensor([1.0, 2.0, 3.0, 0.5]) + 4.0)
    seldom = replace(recipe(2000), validate_every=500, guard=500)
    finished = follow(learn(model, Examples(plain), validation=held, recipe=seldom))
    assert finished.kept.averaged
    assert finished.kept.value is not None
    assert finished.final.value is not None
    assert finished.kept.value < 0.5 * finished.final.value
    rest = plain.mean(0)
    kept, last = ((end.weights["generator.weight"][:, 0] - rest).norm() for end in (finished.kept, finished.final))
    assert kept < 0.5 * last


def test_the_end_is_judged_at_other_widths_where_there_are_two_averages() -> None:
    asked = {"validation": HELD_OUT, "seed": 1}
    one = follow(learn(Gaussian(4), DATA, recipe=replace(recipe(60), average_wide=None), **asked))
    two = follow(learn(Gaussian(4), DATA, recipe=recipe(60), **asked))
    assert one.widths == {}
    assert set(two.widths) == set(WIDTHS)
    assert two.final == one.final
    assert two.kept.value is not None
    assert one.kept.value is not None
    assert two.kept.value <= one.kept.value


def test_counting() -> None:
    model = Mean(4, rounds=3)
    events = events_of(model, Examples(DATA.x, weight=torch.arange(400.0)))
    torch.testing.assert_close(model.mean, (DATA.x * torch.arange(400.0)[:, None]).sum(0) / torch.arange(400.0).sum())
    assert [e.turn for e in events if isinstance(e, Observed)] == [1, 2, 3]
    model = Mean(4, rounds=10)
    follow(learn(model, DATA, budget=Budget(steps=2)))
    assert int(model.passes) == 2


def test_counting_a_stream_larger_than_memory() -> None:
    model, passes = Mean(2, rounds=2), []

    def stream() -> Iterator[Examples]:
        passes.append(1)
        return (Examples(torch.full((10, 2), float(i))) for i in range(5))

    finished = follow(learn(model, stream))
    assert model.mean.tolist() == [2.0, 2.0]
    assert (len(passes), finished.step) == (2, 2)
    with pytest.raises(TrainingError, match="stream"):
        follow(learn(Gaussian(2), stream))
    with pytest.raises(EmptyData):
        follow(learn(Mean(2), list))


def test_counted_trained_and_prepared() -> None:
    model = Both(4)
    events = events_of(model, budget=Budget(steps=300), batch=100)
    torch.testing.assert_close(model.center, DATA.x.mean(0))
    torch.testing.assert_close(model.log_std.exp(), DATA.x.std(0, correction=0), atol=0.02, rtol=0.05)
    kinds = [type(e).__name__ for e in events]
    assert kinds.index("Observed") < kinds.index("Stepped")


def test_weights_are_drawn() -> None:
    data = Examples(torch.tensor([[0.0], [1.0]]), weight=torch.tensor([1.0, 3.0]))
    model = Gaussian(1, rate=0.02)
    follow(learn(model, data, budget=Budget(steps=800), batch=2))
    assert model.mean.item() == pytest.approx(0.75, abs=0.05)


def test_double_precision_all_the_way() -> None:
    model = Noisy(4).double()
    follow(learn(model, DATA, validation=HELD_OUT, recipe=recipe(20)))
    assert {w.dtype for w in model.parameters()} == {torch.float64}


def test_uint8_levels_are_widened_by_the_batch() -> None:
    follow(learn(Gaussian(3), Examples(torch.randint(0, 9, (50, 3), dtype=torch.uint8)), recipe=recipe(5)))


@final
class Spread:
    """x + U."""

    def up(self, x, *, rng):
        return x + rng.uniform(x.shape, like=x), torch.zeros(len(x), dtype=torch.float64)


def test_a_lift_is_redrawn_for_every_batch() -> None:
    model = Gaussian(1, rate=0.05)
    data = Examples(torch.zeros(64, 1))
    follow(learn(model, data, budget=Budget(steps=800), lift=Spread()))
    assert model.mean.item() == pytest.approx(0.5, abs=0.05)
    assert model.log_std.exp().item() == pytest.approx(math.sqrt(1 / 12), rel=0.1)


def test_init_goes_on_from_other_weights() -> None:
    start = {"mean": torch.full((4,), 9.0), "log_std": torch.zeros(4)}
    model = Gaussian(4, rate=1e-9)
    follow(learn(model, DATA, recipe=recipe(3), init=start))
    torch.testing.assert_close(model.mean, start["mean"])


def test_patience_ends_a_training_early() -> None:
    tight = replace(recipe(4000), validate_every=10, patience=3)
    finished = follow(learn(Gaussian(4, rate=0.3), DATA, validation=HELD_OUT, recipe=tight))
    assert finished.early
    assert finished.step < 4000
    assert finished.kept.step == finished.step - 30


def test_a_recipe_repeats_a_training_exactly() -> None:
    def run(**asked) -> tuple[str, Recipe]:
        torch.manual_seed(1)
        events = events_of(Noisy(4), validation=HELD_OUT, seed=2, **asked)
        planned, finished = events[0], events[-1]
        assert isinstance(planned, Planned)
        assert isinstance(finished, Finished)
        return sha(finished), planned.recipe

    first, written = run(budget=Budget(seconds=1.0))
    again, same = run(recipe=Recipe.from_json(written.to_json()))
    assert (first, written) == (again, same)


def test_seconds_become_steps() -> None:
    events = events_of(Gaussian(4), budget=Budget(seconds=1.5), validation=HELD_OUT, engine=Engine(threads=1))
    planned, finished = events[0], events[-1]
    assert isinstance(planned, Planned)
    assert isinstance(finished, Finished)
    assert planned.recipe.steps > 100
    assert planned.recipe.round_seconds is not None
    assert finished.seconds < 6


@final
class Slow(Density, Trained):
    """A round takes a while."""

    def __init__(self, threads: set[int] | None = None) -> None:
        super().__init__(reals(4))
        self.w = torch.nn.Parameter(torch.zeros(4))
        self.waiting = threading.Event()
        self.threads = threads if threads is not None else set()

    def __deepcopy__(self, memo: object) -> "Slow":
        other = Slow(self.threads)
        other.load_state_dict(self.state_dict())
        return other

    def log_prob(self, x, c=None):
        self.waiting.wait(0.05)
        self.threads.add(torch.get_num_threads())
        return -(x - self.w).square().sum(1)

    def sample(self, n, c=None, *, rng):
        return self.w.expand(n, -1)

    def players(self):
        return {"slow": Player(self)}

    def turns(self, x, c=None, *, rng):
        yield Turn("slow", lambda: -self.log_prob(x).mean())


def test_a_budget_too_small_for_one_round_says_so() -> None:
    with pytest.raises(BudgetTooSmall, match="one round") as raised:
        follow(learn(Slow(), DATA, budget=Budget(seconds=0.01), engine=Engine(threads=1)))
    assert "steps" in str(raised.value)


def test_a_budget_too_small_for_one_pass_says_so() -> None:
    @final
    class Slower(Mean):  # type: ignore[misc]
        def observe(self, x, c=None, weight=None):
            threading.Event().wait(0.03)
            super().observe(x, c, weight)

    with pytest.raises(BudgetTooSmall, match="one pass"):
        follow(learn(Slower(4), DATA, budget=Budget(seconds=0.02)))


def test_slow_rounds_are_planned_to_fit() -> None:
    events = events_of(Slow(), budget=Budget(seconds=1.5), engine=Engine(threads=1))
    planned, finished = events[0], events[-1]
    assert isinstance(planned, Planned)
    assert isinstance(finished, Finished)
    assert 5 <= planned.recipe.steps <= 29
    assert finished.seconds < 3


def test_the_engines_threads_are_used_and_given_back() -> None:
    model = Slow()
    follow(learn(model, DATA, recipe=replace(recipe(2), threads=2)))
    assert model.threads == {2}
    assert torch.get_num_threads() == 1


def test_callbacks_are_any_callable() -> None:
    heard: list[Event] = []
    finished = follow(learn(Gaussian(4), DATA, recipe=recipe(20)), heard.append)
    assert heard[-1] is finished


def test_default_budget_is_in_steps_by_rows() -> None:
    planned = next(learn(Gaussian(4), DATA))
    assert isinstance(planned, Planned)
    assert (planned.recipe.steps, planned.recipe.batch) == (1500, 32)


def test_more_processes_than_the_recipe_says() -> None:
    with pytest.raises(TrainingError, match="processes"):
        follow(learn(Gaussian(4), DATA, recipe=replace(recipe(5), processes=2)))


def test_what_cannot_be_asked() -> None:
    with pytest.raises(FieldError):
        follow(learn(Gaussian(4), DATA, batch=0))
    with pytest.raises(FieldError):
        follow(learn(Gaussian(4), DATA, resume=True))
    with pytest.raises(EmptyData):
        follow(learn(Gaussian(4), Examples(torch.zeros(0, 4))))


@final
class Confused(Trained):
    """Its turn is of a player it does not have."""

    def __init__(self) -> None:
        super().__init__(reals(4))
        self.w = torch.nn.Parameter(torch.zeros(4))

    def sample(self, n, c=None, *, rng):
        return self.w.expand(n, -1)

    def players(self):
        return {"one": Player(self)}

    def turns(self, x, c=None, *, rng):
        yield Turn("another", lambda: self.w.sum())


def test_a_turn_of_nobody() -> None:
    with pytest.raises(TrainingError, match="'another'"):
        follow(learn(Confused(), DATA, recipe=recipe(5)))


def test_outside_the_main_thread() -> None:
    finished: list[Finished] = []
    thread = threading.Thread(target=lambda: finished.append(follow(learn(Gaussian(4), DATA, recipe=recipe(10)))))
    thread.start()
    thread.join()
    assert finished[0].step == 10


@final
class Fixed(Trained):
    """A player with nothing to learn beside one with something."""

    def __init__(self) -> None:
        super().__init__(reals(4))
        self.still, self.w = torch.nn.Identity(), torch.nn.Linear(4, 1)

    def sample(self, n, c=None, *, rng):
        return torch.zeros(n, 4)

    def players(self):
        return {"still": Player(self.still), "moving": Player(self.w)}

    def turns(self, x, c=None, *, rng):
        yield Turn("still", lambda: x.mean())
        yield Turn("moving", lambda: self.w(x).square().mean())


def test_a_player_without_weights() -> None:
    assert follow(learn(Fixed(), DATA, recipe=recipe(10))).step == 10


@final
class Shown(Prepared):
    """Learns from a sample alone."""

    def __init__(self) -> None:
        super().__init__(reals(4))
        self.register_buffer("mean", torch.zeros(4))

    def prepare(self, x, c=None, *, rng):
        self.mean.copy_(x.mean(0))

    def sample(self, n, c=None, *, rng):
        return self.mean.expand(n, -1)


def test_a_model_that_learns_from_a_sample() -> None:
    model = Shown()
    finished = follow(learn(model, DATA))
    torch.testing.assert_close(model.mean, DATA.x.mean(0))
    assert finished.step == 0
    assert not model.training


def test_rounds_far_slower_than_measured_are_told_once() -> None:
    slow = replace(recipe(20), report=2, round_seconds=1e-9)
    told = [e.what for e in learn(Gaussian(4), DATA, recipe=slow) if isinstance(e, Noticed)]
    assert len(told) == 1
    assert "as long as measured" in told[0]


def test_a_model_looks_back_on_the_weights_that_are_kept(tmp_path) -> None:
    """At all rows where they are few, in evaluation; killed on its way from there, the same again."""
    model = Coded(4)
    first = follow(learn(model, DATA, validation=HELD_OUT, recipe=recipe(60), folder=tmp_path, seed=3))
    assert int(model.seen) == len(DATA)
    assert all(torch.equal(t, first.kept.weights[name]) for name, t in model.state_dict().items())
    with torch.no_grad():
        torch.testing.assert_close(model.mean, model.encoder(DATA.x).mean(0), atol=1.0, rtol=0)
    asked = {"validation": HELD_OUT, "folder": tmp_path, "seed": 3, "resume": True}
    again = follow(learn(Coded(4), DATA, **asked))  # the state that was saved is of before it looked
    assert sha(again) == sha(first)
    assert first.kept.same(first.final) or int(first.final.weights["seen"]) == len(DATA)  # the last weights look too


def test_looking_back_again_forgets_what_was_seen_before() -> None:
    model = Coded(4)
    follow(learn(model, DATA, recipe=recipe(20)))
    other = Coded(4)
    follow(learn(other, HELD_OUT, recipe=recipe(20), init=model.state_dict()))
    assert int(other.seen) == len(HELD_OUT)


def test_a_sample_of_many_rows_is_shown(monkeypatch) -> None:
    monkeypatch.setattr(import_module("likely.training.learn"), "SHOWN_AFTER", 50)
    model = Coded(4)
    follow(learn(model, DATA, recipe=recipe(10)))
    assert int(model.seen) == 50
