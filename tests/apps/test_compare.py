"""Races: shares, failures, references, conditions; the ranking itself is tested on planted scores."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars
import pytest

import likely
from likely.apps.compare import compare, contenders_of, parted
from likely.apps.measure import FLOOR, INDEPENDENT
from likely.apps.references import AGAIN, MIXTURE, SMOTE, columns_alone
from likely.contracts import Family
from likely.data import read
from likely.errors import ConditionError, Diverged, EmptyData, FieldError, Interrupted, LikelyError
from likely.families.naive_bayes import NaiveBayes
from likely.fitted import Fitted
from likely.names import table
from likely.training import Finished

SMALL = "vae,latent=2,network=mlp,network.width=16"


@pytest.fixture(scope="module")
def race():
    return compare("iris", f"naive-bayes,kde,{SMALL},gan,width=16", budget=10, seed=1)


@pytest.fixture(autouse=True)
def few_references(race, monkeypatch):
    """The references have their own tests; the race above has them all."""
    monkeypatch.setattr("likely.apps.compare.references_of", lambda arena, seconds: ((columns_alone(arena),), 0.1))


def test_every_family_and_all_references_stand_in_it(race):
    assert [c.name for c in race.contenders] == ["NaiveBayes", "KDE", "VAE", "GAN"]
    assert [c.name for c in race.references] == [FLOOR, INDEPENDENT, AGAIN, SMOTE, MIXTURE]
    assert race.source == "iris"
    assert sum(race.rows.values()) == 150


def test_every_score_is_of_the_test_rows_with_its_kind(race):
    kinds = {c.name: c.scores and c.scores.kind for c in race.contenders}
    assert kinds == {"NaiveBayes": "=", "KDE": "=", "VAE": "≥ ≈", "GAN": None}
    assert all(len(c.scores.nats) == race.rows["test"] for c in race.contenders if c.scores)
    assert "no density" in race.contenders[3].why_no_score


def test_every_pair_of_scores_has_its_verdict(race):
    names = ["NaiveBayes", "KDE", "VAE", INDEPENDENT, MIXTURE]
    assert list(race.verdicts) == [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    assert race.verdicts["NaiveBayes", "KDE"].outcome == "second"
    assert "KDE" in race.leaders


def test_everybody_is_measured_and_timed(race):
    for contender in (*race.contenders, *race.references):
        assert {"two-sample AUC", "marginals", "pairs", "coverage", "copies"} <= set(contender.measures)
        assert contender.samples is not None
    assert all(c.fit_seconds > 0 and c.sample_seconds > 0 for c in race.contenders)


def test_it_prints_as_text(race):
    told = str(race)
    assert told.splitlines()[1].startswith("NaiveBayes")
    assert "By held-out likelihood" in told
    assert "nan" not in told.casefold()


def test_given_a_condition():
    found = compare("iris", "naive-bayes,kde", condition="species")
    assert found.condition == ("species",)
    assert all("given species" in c.scores.measure for c in found.contenders)
    assert found.references[0].scores is None
    assert found.references[0].why_no_score
    assert "species" in found.contenders[0].samples.frame


def test_pictures_and_captions_go_the_same_way():
    found = compare("digits", [NaiveBayes()], condition="label")
    assert found.contenders[0].samples.about is not None
    assert found.contenders[0].scores.measure.endswith("given label")


@pytest.mark.parametrize("form", [polars.from_pandas, lambda frame: frame.to_numpy()])
def test_polars_and_arrays(form):
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(300, 2)), columns=["x", "y"])
    found = compare(form(frame), [NaiveBayes()])
    assert not found.contenders[0].failed


@dataclass(frozen=True, kw_only=True)
class Broken(Family):
    """Raises while it is built."""

    error: type[BaseException] = Diverged

    def build(self, space, condition=None):
        raise self.error("it broke")


@pytest.mark.parametrize("error", [Diverged, ValueError])
def test_a_failed_contender_does_not_end_the_race(error):
    found = compare("iris", [Broken(error=error), NaiveBayes()])
    assert "it broke" in found.contenders[0].failed
    assert found.contenders[0].scores is None
    assert found.contenders[1].scores is not None
    assert "Broken failed" in str(found)


def test_a_failure_to_sample_is_a_failure(monkeypatch):
    def broken(self, *args, **kwargs):
        raise Diverged("no samples")

    monkeypatch.setattr(Fitted, "sample_rows", broken)
    with pytest.raises(LikelyError, match="no family could be fitted\nNaiveBayes: no samples"):
        compare("iris", [NaiveBayes()])


def test_an_interrupt_ends_the_race():
    with pytest.raises(Interrupted):
        compare("iris", [Broken(error=Interrupted), NaiveBayes()])


def test_steps_are_each_family_s_own():
    steps = {}

    def listener(name):
        return [lambda event: steps.update({name: event.step}) if isinstance(event, Finished) else None]

    compare("iris", [likely.VAE(latent=2), likely.VAE(latent=3)], budget=7, listener=listener)
    assert list(steps.values()) == [7, 7]


def test_families_by_name_by_line_and_as_objects():
    others = ("Linear", "Logistic", "NoisyClassifier", "CLIP")  # they tell something of rows, and do not model them
    assert list(contenders_of("all")) == [name for name in table("Family") if name not in others]
    assert contenders_of("vae,latent=3,kde")["VAE"].latent == 3
    twice = contenders_of("vae,latent=3,vae,latent=4")
    assert [name[:12] for name in twice] == ["VAE(latent=3", "VAE(latent=4"]
    assert parted("diffusion,network=unet,network.multipliers=(1,2),gan, kde,") == [
        "diffusion,network=unet,network.multipliers=(1,2)", "gan", "kde",
    ]  # fmt: skip


@pytest.mark.parametrize("families", ["", "kde,kde", [], "perceptron", "vae,latent=many"])
def test_families_that_cannot_be_compared(families):
    with pytest.raises(FieldError):
        compare("iris", families)


def test_a_wrong_condition_is_told_once_and_at_once():
    with pytest.raises(ConditionError, match="colour"):
        compare("iris", condition="colour")


def test_too_few_rows_are_told():
    with pytest.raises(EmptyData, match="rows leave"):
        compare(pd.DataFrame({"x": np.arange(40) / 7}), [NaiveBayes()])


def test_the_seed_decides():
    first, second = (compare("iris", SMALL, budget=5, seed=2) for _ in range(2))
    assert first.contenders[0].samples.frame.equals(second.contenders[0].samples.frame)
    assert first.contenders[0].measures == second.contenders[0].measures


FAST = f"naive-bayes,{SMALL}"


def test_what_is_kept_is_not_done_again(tmp_path, monkeypatch):
    first = compare("iris", FAST, budget=5, keep=tmp_path)
    monkeypatch.setattr("likely.apps.arena.fit", None)
    monkeypatch.setattr("likely.apps.compare.references_of", lambda arena, seconds: ((), 0.1))
    again = compare("iris", FAST, budget=5, keep=tmp_path)
    assert [c.scores.mean for c in again.contenders] == [c.scores.mean for c in first.contenders]
    assert again.rounds == first.rounds
    assert [c.fitted.name for c in again.contenders] == ["NaiveBayes", "VAE"]


def test_a_race_that_was_stopped_tells_what_was_kept_and_goes_on(tmp_path, monkeypatch):
    def impatient(title):
        if title == "VAE":
            raise KeyboardInterrupt
        return []

    with pytest.raises(Interrupted, match="1 rounds and 0 judgements are kept") as stopped:
        compare("iris", FAST, budget=5, keep=tmp_path, listener=impatient)
    assert f"--keep {tmp_path}" in str(stopped.value)
    with pytest.raises(Interrupted, match="nothing of it was kept"):
        compare("iris", FAST, budget=5, listener=impatient)
    begun = []
    found = compare("iris", FAST, budget=5, keep=tmp_path, listener=lambda title: begun.append(title) or [])
    assert [c.failed for c in found.contenders] == ["", ""]
    assert len(list(tmp_path.glob("*/round-1.json"))) == 2


def test_a_budget_in_time_is_for_everything():
    told = []
    found = compare("iris", FAST, budget="4s", seeds=2, tell=told.append)
    assert [each.name for each in found.rounds] == ["NaiveBayes", "VAE"]
    assert found.budget
    assert told[0] == "reference rows"
    assert any(line.startswith("round 1 of 1: 2 families, ") for line in told)
    assert [each.purpose for each in found.recommendations] == ["generate", "score", "complete", "look inside", "speed"]


def test_families_that_cannot_model_such_rows_are_left_out_of_all(monkeypatch):
    monkeypatch.setattr("likely.apps.compare.generative", lambda: ["NaiveBayes", "TableGAN"])
    found = compare(read("digits").take(range(300)), "all", budget=2)
    assert [c.name for c in found.contenders] == ["NaiveBayes"]
    assert [name for name, _ in found.unfit] == ["TableGAN"]
    assert "Left out, since they cannot model such data: TableGAN." in str(found)


def test_others_models_are_rows_of_it():
    rows = pd.DataFrame({"x": np.random.default_rng(0).normal(size=300)})
    drawn = pd.DataFrame({"x": np.random.default_rng(1).normal(size=50)})
    found = compare(rows, [NaiveBayes()], also={"theirs": drawn})
    assert [c.name for c in found.contenders] == ["NaiveBayes", "theirs"]
    assert found.contenders[1].why_no_score == "rows, not a model"
    assert "theirs" not in found.leaders


@pytest.mark.parametrize("said", [{"processes": 0}, {"seeds": 0}])
def test_impossible_numbers_are_told_at_once(said):
    with pytest.raises(FieldError, match="at least one"):
        compare("iris", FAST, **said)


@pytest.mark.slow
def test_several_processes_come_to_the_same(tmp_path):
    one, two = (compare("iris", FAST, budget=5, processes=count) for count in (1, 2))
    assert [c.scores.mean for c in one.contenders] == [c.scores.mean for c in two.contenders]
    assert two.contenders[1].fitted.name == "VAE"


@pytest.mark.slow
@pytest.mark.parametrize("data", ["digits", "breast_cancer"])
def test_all_families_against_the_clock_are_accounted_for(data, tmp_path):
    told = []
    found = compare(data, "all", budget="60s", seeds=2, keep=tmp_path, tell=told.append)
    named = {c.name for c in found.contenders} | {name for name, _ in found.unfit}
    assert named == set(contenders_of("all"))
    assert not [c.failed for c in found.contenders if "a bug in likely" in c.failed]
    assert all(c.failed or c.late or c.samples is not None for c in found.contenders)
    assert {each.name for each in found.rounds} >= {c.name for c in found.contenders}
    assert "\n".join(told)
    print("\n".join(told), found, sep="\n\n")
