"""fit and resume: determinism, folders, weights, conditions, going on, and bad input with its three sentences."""

# pyright: reportAttributeAccessIssue=false, reportOptionalMemberAccess=false

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch

import likely
from likely.certificates import certify
from likely.data import BytePages, Texts, read, sounds_of, split
from likely.distributions.kernels import Tophat
from likely.errors import BudgetTooSmall, ConditionError, DataError, EmptyData, FieldError, Interrupted, LikelyError
from likely.training import Engine, Stepped, learn

PLAIN = Engine(threads=1, probe=False)
SMALL = "vae,latent=2,network=mlp,network.width=16"


def weights(fitted):
    return fitted.model.state_dict()


def same(a, b):
    return all(torch.equal(a[name], b[name]) for name in a)


def test_one_seed_one_model():
    first, second = (likely.fit("iris", SMALL, budget=30, seed=3, engine=PLAIN) for _ in range(2))
    assert same(weights(first), weights(second))
    other = likely.fit("iris", SMALL, budget=30, seed=4, engine=PLAIN)
    assert not same(weights(first), weights(other))


def test_where_judging_is_dear_the_card_is_measured_on_as_many_rows_as_validation(monkeypatch):
    """A diffusion of pictures was once scored 128 times on each of 2,000 rows after minutes of training."""
    from likely.families.diffusion import Diffuses

    seen = []
    plain = Diffuses.elbo
    monkeypatch.setattr(
        Diffuses, "elbo", lambda self, x, c=None, *, rng: seen.append(len(x)) or plain(self, x, c, rng=rng)
    )
    diffusion = "diffusion,network=mlp,network.width=16,draws=2"
    few = likely.fit("digits", diffusion, budget=5, engine=PLAIN, certify=False)
    assert few.card.recipe["judged"] > 2000
    assert few.card.measures["validation"]["rows"] == max(seen)
    monkeypatch.setattr("likely.run.JUDGED", 10**6)  # now the recipe's rows are fewer
    assert few.card.recipe["judged"] < 10**6
    seen.clear()
    again = likely.fit("digits", diffusion, budget=5, engine=PLAIN, certify=False)
    assert again.card.measures["validation"]["kind"] == few.card.measures["validation"]["kind"]
    assert seen[-3:] == [seen[-1]] * 3  # two draws of the score, one of its terms


def test_what_the_codes_of_a_latent_family_keep_is_measured_on_held_out_rows():
    """By the promise alone: trained or counted, and without the columns that are given."""
    told = likely.fit("wine", SMALL, condition="grower", budget=20, engine=PLAIN, certify=False).card.measures
    assert "codes" in told
    assert told["codes"] == {"rows": told["codes"]["rows"], "held out": True}  # of 18 rows neighbours say nothing
    plane = likely.fit("swiss-roll", SMALL, budget=60, engine=PLAIN, certify=False)
    told = plane.card.measures["codes"]
    assert 900 < told["rows"] < 1100
    assert 0.5 < told["trustworthiness"]["value"] < 1
    assert 1.5 < told["dimension of the rows"]["value"] < 3
    counted = likely.fit("iris", likely.FactorAnalysis(factors=2), engine=PLAIN, certify=False).card.measures["codes"]
    assert counted["held out"] is False
    assert counted["continuity"]["value"] > 0.9
    assert "codes" not in likely.fit("iris", "kde", certify=False).card.measures


def test_torch_s_own_generator_is_put_back():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    likely.fit("iris", SMALL, budget=5, engine=PLAIN)
    assert torch.equal(before, torch.get_rng_state())


def test_a_folder_holds_the_model_its_recipe_and_log(tmp_path):
    run = tmp_path / "iris.likely"
    fitted = likely.fit("iris", SMALL, budget=20, folder=run, engine=PLAIN)
    assert {path.name for path in run.iterdir()} == {
        "model.json",
        "weights.safetensors",
        "recipe.json",
        "log.jsonl",
    }
    assert same(weights(likely.load(run)), weights(fitted))
    events = [json.loads(line)["event"] for line in (run / "log.jsonl").read_text().splitlines()]
    assert events[0] == "planned"
    assert events[-1] == "finished"


def test_the_recipe_is_on_disk_before_step_1(tmp_path):
    run, seen = tmp_path / "m.likely", []

    def listener(event):
        if isinstance(event, Stepped) and not seen:
            seen.append((run / "recipe.json").is_file() and (run / "request.json").is_file())

    likely.fit("iris", SMALL, budget=20, folder=run, engine=PLAIN, listeners=[listener])
    assert seen == [True]


KILLED = """
import sys, likely
from likely.training import Engine
engine = Engine(threads=1, probe=False, save_every=0.2)
likely.fit("iris", {family!r}, condition="species", budget=2000, folder=sys.argv[1], engine=engine)
"""


def test_killed_and_resumed_ends_in_the_same_bits(tmp_path, monkeypatch):
    monkeypatch.setattr("likely.run.certify", partial(certify, cap=600))  # on a busy machine the cap leaves rows out
    whole = likely.fit("iris", SMALL, condition="species", budget=2000, folder=tmp_path / "whole.likely", engine=PLAIN)
    run = tmp_path / "killed.likely"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED.format(family=SMALL), str(run)], env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    deadline = time.monotonic() + 120
    while not (run / "state.safetensors").exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    process.wait()
    resumed = likely.resume(run, engine=PLAIN)
    assert same(weights(resumed), weights(whole))
    assert resumed.sample(5).equals(whole.sample(5))
    assert resumed.card.measures == whole.card.measures
    assert verdicts(resumed) == verdicts(whole)
    assert same(weights(likely.resume(run)), weights(whole))  # a finished one is just loaded


def stopped(run, *args, **keywords):
    """A training that is interrupted as soon as it has taken some steps."""

    def stop(event):
        if isinstance(event, Stepped) and event.step >= 5:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Interrupted):
        likely.fit(*args, **keywords, folder=run, engine=PLAIN, listeners=[stop])


def verdicts(fitted):
    """What was seen by each check that had the time."""
    checks = fitted.card.certificates.checks
    return [(c.name, c.outcome, c.value, c.said) for c in checks if "time" not in c.said]


def test_certificates_change_no_bit_of_the_model_and_are_kept(tmp_path):
    run = tmp_path / "m.likely"
    checked = likely.fit("iris", SMALL, budget=20, folder=run, engine=PLAIN)
    bare = likely.fit("iris", SMALL, budget=20, folder=tmp_path / "bare.likely", engine=PLAIN, certify=False)
    assert same(weights(checked), weights(bare))
    assert bare.card.certificates is None
    assert checked.card.certificates.held_out
    assert likely.load(run).card.certificates == checked.card.certificates
    assert likely.load(tmp_path / "bare.likely").card.certificates is None
    stopped(tmp_path / "stopped.likely", "iris", SMALL, budget=20, certify=False)
    assert likely.resume(tmp_path / "stopped.likely", engine=PLAIN).card.certificates is None  # as it was asked


def test_resume_refuses_changed_data_and_no_training(tmp_path):
    frame = likely.read("iris").frame
    path = tmp_path / "flowers.csv"
    frame.to_csv(path, index=False)
    run = tmp_path / "f.likely"
    stopped(run, path, SMALL, budget=20)
    frame.head(100).to_csv(path, index=False)
    with pytest.raises(DataError, match="has changed"):
        likely.resume(run)
    with pytest.raises(LikelyError, match="no training"):
        likely.resume(tmp_path / "nothing")


def test_resume_of_data_in_memory_asks_for_it(tmp_path):
    run = tmp_path / "m.likely"
    frame = likely.read("iris").frame
    likely.fit(frame, likely.NaiveBayes(), folder=run)  # an earlier model, which is not what is gone on with
    stopped(run, frame, SMALL, budget=20)
    assert likely.load(run).name == "NaiveBayes"
    with pytest.raises(DataError, match=r"data of .* came from memory"):
        likely.resume(run)
    assert likely.resume(run, frame, engine=PLAIN).name == "VAE"
    assert likely.load(run).name == "VAE"


def test_going_on_from_a_saved_model(tmp_path):
    first = likely.fit("iris", SMALL, budget=30, engine=PLAIN)
    gone_on = likely.fit("iris", SMALL, budget=5, init=first, engine=PLAIN, seed=9)
    fresh = likely.fit("iris", SMALL, budget=5, engine=PLAIN, seed=9)
    assert gone_on.score("iris").mean > fresh.score("iris").mean


def test_weights_are_rows_repeated():
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0, 5.5, 6.5]})
    twice = pd.concat([frame, frame.tail(1)], ignore_index=True)
    weighted = likely.fit(frame, likely.NaiveBayes(), weight=[1, 1, 1, 1, 1, 2])
    repeated = likely.fit(twice, likely.NaiveBayes())
    assert torch.allclose(weighted.score(frame).nats, repeated.score(frame).nats, atol=1e-5)
    column = likely.fit(frame.assign(w=[1.0, 1, 1, 1, 1, 2]), likely.NaiveBayes(), weight="w")
    assert torch.allclose(column.score(frame).nats, weighted.score(frame).nats, atol=1e-5)


def test_a_family_by_its_line():
    assert likely.fit("iris", "naive-bayes,smoothing=2").card.family == likely.NaiveBayes(smoothing=2.0)


@pytest.mark.parametrize(
    ("keywords", "error", "match"),
    [
        ({"condition": "colour"}, ConditionError, "no column"),
        ({"condition": ["a", "b"]}, LikelyError, "nothing is left"),
        ({"budget": "soon"}, FieldError, "budget"),
        ({"budget": "0s"}, FieldError, "budget"),
        ({"weight": "w"}, DataError, "weights"),
    ],
)
def test_bad_arguments_are_told(keywords, error, match):
    frame = pd.DataFrame({"a": np.arange(40) % 3, "b": np.arange(40) % 2}).astype(str)
    with pytest.raises(error, match=match):
        likely.fit(frame, likely.NaiveBayes(), **keywords)


def test_a_budget_too_small_for_one_step_is_told():
    with pytest.raises(BudgetTooSmall):
        likely.fit("digits", likely.VAE(), budget="0.001s", engine=PLAIN)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": []}),
        pd.DataFrame(),
        pd.DataFrame({"a": [np.nan, np.nan, np.nan]}),
    ],
    ids=["no rows", "no columns", "all missing"],
)
def test_nothing_to_learn_from_is_told(frame):
    with pytest.raises((EmptyData, DataError)):
        likely.fit(frame, likely.NaiveBayes())


@pytest.mark.parametrize("family", ["naive-bayes", "kde", SMALL, "realnvp,layers=2,width=8", "gan", "diffusion"])
def test_awkward_tables_fit_and_sample_or_are_refused_clearly(family):
    awkward = {
        "one column": pd.DataFrame({"x": np.random.default_rng(0).normal(size=60)}),
        "constant": pd.DataFrame({"x": np.random.default_rng(0).normal(size=60), "same": 7}),
        "a few rows": pd.DataFrame({"x": [1.0, 2.0, 3.5], "y": ["a", "b", "a"]}),
        "one row": pd.DataFrame({"x": [1.5], "y": [2.5]}),
        "heavy": pd.DataFrame(
            {"x": np.random.default_rng(0).standard_cauchy(80), "y": 1e12 * np.random.default_rng(1).random(80)}
        ),
        "words": pd.DataFrame({"x": ["a", "b", "c", "a"] * 15, "y": [True, False] * 30}),
    }
    for name, frame in awkward.items():
        drawn = sampled_or_refused(frame, family)
        assert drawn is None or (list(drawn.columns), len(drawn)) == (list(frame.columns), 6), name


def sampled_or_refused(frame, family):
    """Six rows, or None where a clear error refused; anything else goes through."""
    try:
        return likely.fit(frame, family, budget=4, engine=PLAIN).sample(6)
    except LikelyError:
        return None


def test_a_family_that_is_none_is_told():
    with pytest.raises(FieldError, match=r"VAE is a class(.|\n)*Try: likely\.VAE\(\)"):
        likely.fit("iris", likely.VAE)
    with pytest.raises(FieldError, match="a int is no family"):
        likely.fit("iris", 3)


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(DataError, match="something else"):
        likely.fit("iris", likely.NaiveBayes(), folder=tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "mine"


def test_weights_follow_their_rows_through_the_split():
    """Rows of weight 0 may hold anything: they are not learned from."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": np.r_[rng.normal(0, 1, 400), rng.normal(50, 1, 400)]})
    weight = np.r_[np.ones(400), np.zeros(400)]
    drawn = likely.fit(frame, "realnvp,layers=2,width=16", budget=60, weight=weight, engine=PLAIN).sample(200)
    assert (drawn["x"] < 25).mean() > 0.9


@pytest.mark.parametrize("name", ["large.csv", "large.csv.gz", "large.zip"])
def test_a_file_too_large_for_memory_is_counted_in_pieces(tmp_path, monkeypatch, name):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"x": rng.normal(5, 2, 3000), "y": rng.choice(["a", "b"], 3000), "z": rng.poisson(3, 3000)})
    frame.loc[2900:, "y"] = "late"  # a category that the head does not hold
    path = tmp_path / name
    frame.to_csv(
        path, index=False, compression={"method": "zip", "archive_name": "t.csv"} if "zip" in name else "infer"
    )
    whole = likely.fit(path, likely.NaiveBayes(), condition="y")
    monkeypatch.setattr("likely.streamed.LARGE", 50_000)  # the packed file alone is smaller
    monkeypatch.setattr("likely.streamed.CHUNK", 700)
    pieces = likely.fit(path, likely.NaiveBayes(), condition="y", folder=tmp_path / "m.likely")
    assert pieces.card.data["rows"] == 3000
    assert torch.allclose(pieces.score(frame).nats, whole.score(frame).nats, atol=1e-3)
    assert torch.allclose(pieces.conditions.weights, whole.conditions.weights)
    with pytest.raises(LikelyError, match="too large"):
        likely.fit(path, SMALL)


def test_a_text_longer_than_memory_is_read_where_it_lies(tmp_path, monkeypatch):
    path = tmp_path / "play.txt"
    path.write_text("First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\nSpeak, speak.\n\n" * 20)
    for name, size in {
        "likely.streamed.LARGE": 500,
        "likely.data.prose.MAPPED": 500,
        "likely.data.texts.PAGE": 32,
    }.items():
        monkeypatch.setattr(name, size)
    rows = likely.read(path)
    fitted = likely.fit(path, likely.NaiveBayes(), folder=tmp_path / "m.likely")
    assert isinstance(rows.texts, BytePages)
    assert fitted.card.data["rows"] == len(rows) == path.stat().st_size // 32
    assert fitted.codec.space.length == 32
    mapped = fitted.score(path).nats
    held = fitted.score(Texts(tuple(rows), "document")).nats
    assert torch.equal(mapped, held)
    assert len(fitted.sample(2)[0].encode("utf-8", "surrogateescape")) <= 32


def test_validation_rows_of_no_probability_are_no_number_and_no_crash(tmp_path):
    far = likely.read("moons").frame.head(30) + 100
    family = likely.KDE(kernel=Tophat())
    fitted = likely.fit("moons", family, validation=far, folder=tmp_path / "m")
    assert fitted.card.measures["validation"] == {"kind": "=", "mean": None, "stderr": None, "rows": 30}
    assert likely.load(tmp_path / "m").card.measures == fitted.card.measures


def test_the_card_and_the_score_say_one_kind(tmp_path):
    rows = likely.read("iris")
    fitted = likely.fit(rows, likely.VAE(), budget=3, validation=rows.take(range(40)))
    scores = fitted.score(rows.take(range(40)))
    said = fitted.card.measures["validation"]
    assert (said["kind"], said["rows"]) == (scores.kind, 40)
    assert said["mean"] == pytest.approx(scores.mean)


def test_files_of_a_person_stay_in_the_folder(tmp_path):
    likely.fit("moons", SMALL, budget=2, engine=PLAIN, folder=tmp_path / "m")
    (tmp_path / "m" / "statement.txt").write_text("mine")
    likely.fit("moons", SMALL, budget=2, engine=PLAIN, folder=tmp_path / "m")
    assert (tmp_path / "m" / "statement.txt").read_text() == "mine"
    assert not (tmp_path / "m" / "state.safetensors").exists()


def test_a_training_that_goes_on_from_a_model_resumes_with_its_codecs(tmp_path):
    first = likely.fit("iris", SMALL, budget=30, engine=PLAIN)
    later = likely.read("iris").frame
    later[later.columns[0]] *= 2
    whole = likely.fit(later, SMALL, budget=300, init=first, engine=PLAIN, folder=tmp_path / "whole")
    stopped(tmp_path / "run", later, SMALL, budget=300, init=first)
    resumed = likely.resume(tmp_path / "run", later, engine=PLAIN)
    assert same(weights(resumed), weights(whole))
    assert resumed.sample(5).equals(whole.sample(5))
    assert not (tmp_path / "run" / "init.likely").exists()
    stopped(tmp_path / "run", later, SMALL, budget=300, init=first)
    (tmp_path / "run" / "state.safetensors").unlink()  # as if killed before the first state was saved
    assert same(weights(likely.resume(tmp_path / "run", later, engine=PLAIN)), weights(whole))


def test_weights_given_as_numbers_are_asked_for_on_resume(tmp_path):
    heavy = np.linspace(0.1, 2.0, 150)
    whole = likely.fit("iris", SMALL, budget=300, weight=heavy, engine=PLAIN)
    stopped(tmp_path / "run", "iris", SMALL, budget=300, weight=heavy)
    with pytest.raises(DataError, match=r"weight of .* came from memory"):
        likely.resume(tmp_path / "run", engine=PLAIN)
    with pytest.raises(LikelyError, match="other data"):
        likely.resume(tmp_path / "run", weight=heavy[::-1], engine=PLAIN)
    assert same(weights(likely.resume(tmp_path / "run", weight=heavy, engine=PLAIN)), weights(whole))


def test_going_on_under_another_condition_is_refused():
    first = likely.fit("iris", SMALL, budget=2, condition="species", engine=PLAIN)
    with pytest.raises(ConditionError, match="the model to go on from"):
        likely.fit("iris", SMALL, budget=2, init=first, engine=PLAIN)


def test_a_target_is_given_to_generative_families_and_predicted_by_the_others():
    assert likely.fit("iris", "naive-bayes", target="species").card.condition == ("species",)
    discriminative = likely.fit("iris", "logistic", target="species")
    assert len(discriminative.card.condition) == 4
    assert discriminative.classify("iris").shape == (150, 3)
    told = pd.DataFrame({"words": ["good day", "bad day", "good", "bad luck"] * 30, "id": range(120)})
    told["mood"] = told["words"].str.contains("good").map({True: "up", False: "down"})
    words = likely.fit(told, "logistic", target="mood", schema={"columns": {"words": {"kind": "text"}}})
    assert words.card.condition == ("words",)
    assert (words.classify(told).idxmax(axis=1) == told["mood"]).all()
    with pytest.raises(ConditionError, match="to predict"):
        likely.fit("iris", "logistic", target="colour")
    with pytest.raises(ConditionError, match="both"):
        likely.fit("iris", "logistic", target="species", condition="species")


def test_series_and_sounds_are_fitted_scored_sampled_and_saved(tmp_path):
    """A record in windows, and sounds with their class: what is drawn is of their kind and can be scored again."""
    frame = pd.DataFrame({"time": range(240), "load": np.sin(np.arange(240) / 4) + np.arange(240) % 3})
    frame.to_csv(tmp_path / "load.csv", index=False)
    fitted = likely.fit(tmp_path / "load.csv", "naive-bayes", window=12, folder=tmp_path / "load.likely")
    assert fitted.score(tmp_path / "load.csv").nats.shape == (20,)
    drawn = likely.load(tmp_path / "load.likely").sample(3)
    assert (drawn.values.shape, drawn.channels) == ((3, 12, 1), ("load",))
    assert fitted.score(drawn).kind == "="
    tones = sounds_of(
        [np.sin(np.arange(40) * (1 + i % 2) / 3) / 2 for i in range(24)], 8000, labels=["low", "high"] * 12
    )
    heard = likely.fit(tones, "naive-bayes", condition="label")
    assert heard.sample_rows(2, {"label": "low"}).about.frame["label"].tolist() == ["low", "low"]
    assert "mu-law" in heard.score(tones).measure


def holed(rows=200):
    """Two columns that hang together, a third of their cells removed by chance."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=rows)
    frame = pd.DataFrame({"x": x, "y": x + 0.3 * rng.normal(size=rows), "c": np.where(x > 0, "high", "low")})
    return frame.mask(rng.random(frame.shape) < 0.33)


CHANCE = [
    "gaussianmixture",
    "circuit",
    "made,width=32",
    "transformer,width=16,layers=1",
    "vqvae,quantiser.levels=(4,3),slots=2,prior=made,prior.width=16,rate=5e-3",
    SMALL,
]


@pytest.mark.parametrize("family", CHANCE)
def test_cells_missing_by_chance_are_left_out(family):
    """No model sees which are missing; the score is over the same measure as where it is modelled."""
    by_chance, told = (
        likely.fit(holed(), family, schema=schema, budget=60, seed=1, engine=PLAIN, certify=False)
        for schema in ({"missing_at_random": True}, None)
    )
    chances = by_chance.codec.layout.chances
    assert set(chances) == {"x", "y", "c"}
    assert not any(column.missing for column in by_chance.model.space.columns)
    ours, theirs = by_chance.score(holed(), draws=16), told.score(holed(), draws=16)
    assert ours.measure == theirs.measure
    assert torch.isfinite(ours.nats).all()
    assert abs(ours.mean - theirs.mean) < 0.8
    assert by_chance.sample(50).notna().all(axis=None)


def test_a_family_of_reals_cannot_leave_cells_out():
    with pytest.raises(FieldError, match=r"RealNVP cannot leave missing cells out \('x', 'y', 'c'\)"):
        likely.fit(holed(), likely.RealNVP(), schema={"missing_at_random": True}, budget=5)


def test_weights_are_chosen_without_a_look_at_a_test_row(monkeypatch):
    """Every row that `learn` is given, to learn from or to judge by, is of the training or the validation side."""
    given = []

    def watched(model, data, **asked):
        given.extend(part for part in (data, asked["validation"]) if part is not None)
        return learn(model, data, **asked)

    monkeypatch.setattr("likely.run.learn", watched)
    found = likely.compare("wine", ["gan"], budget=5)
    (contender,) = found.contenders
    test = split(read("wine")).test
    cells = contender.fitted.codec.encode(test).x
    assert len(given) == 8  # the GAN's two, the rows of the independent columns, and of other references
    assert sum(found.rows.values()) == len(read("wine"))
    for part in given:
        assert not (torch.cdist(part.x, cells) == 0).any()
