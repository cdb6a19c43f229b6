"""Recipes from budgets, probes and what is remembered of them."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from likely.training import (
    Budget,
    Engine,
    Examples,
    Noticed,
    Planned,
    Precision,
    Recipe,
    follow,
    learn,
    plan,
    probe,
)
from likely.training.learn import fingerprint
from likely.training.recipe import Probe
from likely.training.trial import Timing, Trial
from tests.training.runner import recipe, rows
from tests.training.toys import Game, Gaussian, Noisy

DATA = rows(400, 1)


def planned(model, **asked) -> Recipe:
    events = learn(model, DATA, **asked)
    first = next(events)
    assert isinstance(first, Planned)
    events.close()  # type: ignore[attr-defined]
    return first.recipe


def test_short_trainings_measure_nothing(own_cache: Path) -> None:
    short = planned(Gaussian(4), budget=Budget(steps=100))
    assert short.round_seconds is None
    assert short.probes == ()
    assert list(own_cache.iterdir()) == []


def test_validation_stays_cheap_beside_learning() -> None:
    many = planned(Gaussian(4), budget=Budget(steps=2000), batch=10, validation=rows(3000, 2))
    assert many.validate_every >= 1000
    few = planned(Gaussian(4), budget=Budget(steps=2000), batch=100, validation=rows(50, 2))
    assert few.validate_every == 50


def test_where_judging_is_dear_fewer_rows_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """All 5,000 would take 100 seconds, twice, of a budget of 60."""
    asked = {"budget": Budget(seconds=60), "validation": rows(5000, 2), "engine": Engine(probe=False)}
    assert planned(Gaussian(4), **asked).judged >= 5000
    monkeypatch.setattr(Trial, "judging", lambda *_: 0.01)
    dear = planned(Gaussian(4), **asked)
    assert dear.judged == 64
    assert dear.steps > 1
    monkeypatch.setattr(Trial, "judging", lambda *_: 0.001)
    assert 64 < planned(Gaussian(4), **asked).judged <= 0.15 * 60 / 8 / 0.002


def test_who_learns_from_what_another_moves_is_not_stopped_early(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"budget": Budget(steps=300), "validation": rows(50, 2)}
    assert planned(Gaussian(4), **asked).patience == Recipe.patience
    own = Gaussian.players
    monkeypatch.setattr(Gaussian, "players", lambda self: {k: replace(v, follows=True) for k, v in own(self).items()})
    assert planned(Gaussian(4), **asked).patience == 300


def test_a_game_is_judged_seldom_on_few_rows_and_not_stopped_early() -> None:
    asked = {"budget": Budget(steps=4800), "validation": rows(3000, 2), "batch": 64, "engine": Engine(probe=False)}
    found = planned(Game(4), **asked)
    assert (found.judged, found.validate_every, found.patience) == (1000, 300, 4800)


def test_where_draws_are_dear_a_training_is_judged_seldom_and_a_short_one_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A judgement draws 500 rows twice, and each costs as much as 10 rows of a round: 10,000 rows."""
    asked = {"validation": rows(50, 2), "batch": 50, "engine": Engine(probe=False)}
    monkeypatch.setattr(Game, "dear", 10.0)
    short, longer, longest = (planned(Game(4), budget=Budget(steps=steps), **asked) for steps in (199, 201, 30_000))
    assert short.judged == 0
    assert (longer.judged, longer.validate_every) == (1000, math.ceil(10_000 / 0.15 / 50))
    assert longest.validate_every == 30_000 / 16
    finished = list(learn(Game(4), DATA, budget=Budget(steps=3), **asked))[-1]
    assert finished.rule.endswith("last weights, as judging would have taken longer than learning")


def test_where_one_judgement_by_draws_takes_longer_than_the_seconds_left_none_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = {"budget": Budget(seconds=20), "validation": rows(50, 2), "batch": 50, "engine": Engine(probe=False)}
    assert planned(Game(4), **asked).judged == 1000
    monkeypatch.setattr(Trial, "judging", lambda *_: 0.12)  # a row: 12 s for the weights and their average
    dear = planned(Game(4), **asked)
    assert (dear.judged, dear.steps > 100) == (0, True)
    monkeypatch.setattr(Game, "dear", 1e9)
    monkeypatch.setattr(Trial, "judging", lambda *_: pytest.fail("it was judged to learn what judging costs"))
    assert planned(Game(4), **asked).judged == 0


def test_a_second_average_where_judging_its_widths_costs_little() -> None:
    asked = {"batch": 100, "engine": Engine(probe=False)}
    few, many = rows(50, 2), rows(5000, 2)
    wide = lambda **more: planned(Gaussian(4), **asked, **more).average_wide  # noqa: E731
    assert wide(budget=Budget(steps=2000), validation=few) == Recipe.average_wide
    assert wide(budget=Budget(steps=100), validation=few) is None
    assert wide(budget=Budget(steps=400), validation=many) is None
    assert wide(budget=Budget(steps=2000)) is None


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads on busy cores take ten times as long as one; channels-last and bf16 gain."""

    def rounds(self: Trial, recipe: Recipe, *, most: int, seconds: float) -> Timing:
        took = 0.01 * (10 if recipe.threads > 1 else 1) * (0.5 if recipe.precision == Precision.BF16 else 1)
        return Timing(took, took, took, (1.0, 2.0))

    monkeypatch.setattr(Trial, "rounds", rounds)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    monkeypatch.setattr(torch, "set_num_threads", lambda threads: None)
    monkeypatch.setattr(plan, "crowding", lambda threads: {"2": 0.001, "1": 0.001})


@pytest.mark.usefixtures("busy")
def test_busy_cores_are_found_and_told() -> None:
    events = learn(Noisy(4), DATA, budget=Budget(steps=4000))
    first, second = next(events), next(events)
    assert isinstance(first, Planned)
    chosen = first.recipe
    assert (chosen.threads, chosen.precision) == (1, Precision.BF16)
    assert [p.question for p in chosen.probes] == ["threads", "precision"]
    assert chosen.probes[0].seconds == {"2": 0.1, "1": 0.01}
    assert isinstance(second, Noticed)
    assert "cores are busy" in second.what


@pytest.mark.usefixtures("busy")
def test_answers_are_remembered_on_this_machine(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = planned(Noisy(4), budget=Budget(steps=4000))
    monkeypatch.setattr(probe.Probing, "all", lambda self: pytest.fail("asked again"))
    assert planned(Noisy(4), budget=Budget(steps=4000)) == first
    (own_cache / "probes.json").write_text("{ spoilt")
    with pytest.raises(pytest.fail.Exception):
        planned(Noisy(4), budget=Budget(steps=4000))


@pytest.mark.usefixtures("busy")
def test_a_choice_that_was_made_is_not_probed() -> None:
    fixed = planned(Noisy(4), budget=Budget(steps=4000), engine=Engine(threads=2, precision=Precision.FP32))
    assert (fixed.threads, fixed.precision, fixed.probes) == (2, Precision.FP32, ())
    assert planned(Noisy(4), budget=Budget(steps=4000), engine=Engine(probe=False)).threads == 2


@pytest.mark.usefixtures("busy")
def test_probes_cost_a_small_share() -> None:
    # 210 rounds of 0.1 s: six rounds of a candidate are affordable; then, at 0.01 s a round, 2 s are too short for bf16
    short = planned(Noisy(4), budget=Budget(steps=210))
    assert [p.question for p in short.probes] == ["threads"]
    # 230 rounds of 0.1 s where threads are fixed: asked of bf16, which is taken
    fixed = planned(Noisy(4), budget=Budget(steps=230), engine=Engine(threads=2))
    assert [p.choice for p in fixed.probes] == ["bf16"]


def test_a_probe_changes_nothing_but_the_recorded_choice() -> None:
    def run(**asked) -> dict[str, torch.Tensor]:
        torch.manual_seed(3)
        return follow(learn(Noisy(4), DATA, **asked)).final.weights

    probed = run(budget=Budget(steps=250))
    spread = planned(Noisy(4), budget=Budget(steps=250), engine=Engine(probe=False))
    plain = run(recipe=spread)
    assert all(torch.equal(probed[name], plain[name]) for name in plain)


def test_an_answer_that_is_no_answer_is_asked_again(own_cache: Path) -> None:
    model = Noisy(4)
    first = planned(model, budget=Budget(steps=300))
    for spoilt in ({"threads": "many"}, 3, {"surprise": 1}):
        (own_cache / "probes.json").write_text(json.dumps({"x": spoilt}))
        assert planned(model, budget=Budget(steps=300)).steps == first.steps


def test_fingerprints_see_cells_and_order() -> None:
    x = torch.randn(20, 3)
    other = x.clone()
    other[4, 2] += 1e-6
    assert fingerprint(x) == fingerprint(x.clone())
    assert len({fingerprint(x), fingerprint(other), fingerprint(x.flip(0))}) == 3
    for kind in (torch.uint8, torch.int64, torch.float64, torch.bool):
        fingerprint(torch.zeros(4, 2).to(kind))


def test_a_notice_needs_a_great_difference() -> None:
    calm = replace(recipe(5), probes=(Probe("threads", "1", {"1": 1.0, "2": 2.0}),))
    assert not any(isinstance(e, Noticed) for e in learn(Gaussian(4), Examples(DATA.x), recipe=calm))


def test_crowded_cores_are_given_one_thread_even_in_short_trainings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    monkeypatch.setattr(torch, "set_num_threads", lambda threads: None)
    monkeypatch.setattr(plan, "crowding", lambda threads: {"2": 0.1, "1": 0.001})
    for steps in (10, 500):
        events = learn(Noisy(4), DATA, budget=Budget(steps=steps))
        first, second = next(events), next(events)
        assert isinstance(first, Planned)
        assert first.recipe.threads == 1
        assert isinstance(second, Noticed)
        assert "threads=1 is 100 times faster" in second.what
