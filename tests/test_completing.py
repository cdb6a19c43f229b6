"""Rows of which something is known, completed by any model: its way, its ranges, and what is hopeless."""

import numpy as np
import pandas as pd
import pytest
import torch

import likely
from likely.backbones import MLP
from likely.errors import CannotAnswer, Hopeless, WrongRows
from likely.ranges import above, at_least, between, isnot

EVERY = {"columns": {"visits": {"kind": "count"}}}


def people(n=300):
    rng = np.random.default_rng(0)
    sex = rng.choice(["f", "m"], n)
    age = rng.normal(np.where(sex == "f", 50, 36), 6).round()
    return pd.DataFrame({"age": age, "visits": rng.poisson(3, n), "sex": sex, "dose": rng.normal(0, 1, n)})


@pytest.fixture(scope="module")
def made():
    return likely.fit(likely.read(people(), schema=EVERY), likely.MADE(width=16), budget=40, certify=False)


@pytest.fixture(scope="module")
def vae():
    return likely.fit(people(), likely.VAE(latent=2), condition="sex", budget=20, certify=False)


@pytest.fixture(scope="module")
def flow():
    return likely.fit(people(), likely.RealNVP(layers=2, width=16), budget=20, certify=False)


class Counting:
    """Counts the calls of some of a model's methods."""

    def __init__(self, model, names, patch):
        self.calls = []
        for name in names:
            patch.setattr(model, name, self._counted(name, getattr(model, name)))

    def _counted(self, name, method):
        def counted(*arguments, **settings):
            self.calls.append(name)
            return method(*arguments, **settings)

        return counted


def test_orders_are_compared_on_the_rows_as_completed():
    rows = likely.read("iris").frame
    fitted = likely.fit(rows, likely.MADE(width=16), condition="species", budget=20, certify=False)
    told = fitted.complete(rows.drop(columns=rows.columns[0]).head(9))
    assert told.way == "model-exact"
    assert told.disagreement is not None
    assert told.disagreement > 0
    pd.testing.assert_index_equal(told.rows.index, rows.index[:9])


# Ranges that a model cannot be told ----------------------------------------------------------------------------------


def test_a_set_is_exact_for_a_model_that_is_told_values(made):
    told = made.complete(people(40).drop(columns=["sex", "visits"]), given={"sex": isnot("m"), "visits": "2|3|4"})
    assert (told.way, told.acceptance) == ("model-exact", None)
    assert set(told.rows["sex"]) == {"f"}
    assert set(told.rows["visits"]) <= {2, 3, 4}
    alone = made.complete(people(40).drop(columns=["sex", "visits"])).log_evidence
    assert (told.log_evidence < alone).all()


def test_a_range_of_reals_is_looked_for_and_its_acceptance_told(made):
    told = made.complete(people(40).drop(columns="dose"), given={"dose": between(0, 1)})
    assert told.way == "model-exact"
    assert 0.02 < told.acceptance < 0.6
    assert told.rows["dose"].between(0, 1).all()
    drawn = made.sample(30, given={"dose": "0..1", "sex": "f"})
    assert drawn["dose"].between(0, 1).all()
    pd.testing.assert_frame_equal(made.sample(7, given={"dose": "0..1", "sex": "f"}), drawn.head(7))


@pytest.mark.parametrize("name", ["vae", "flow"])
def test_models_that_only_sample_are_given_ranges_alone(name, request):
    fitted = request.getfixturevalue(name)
    told = fitted.complete(pd.DataFrame(index=range(25)), given={"age": at_least(45), "visits": "!=3"})
    assert (told.rows["age"] >= 45).all()
    assert (told.rows["visits"] != 3).all()
    assert 0.001 < told.acceptance < 0.9
    assert told.way == ("exact" if name == "flow" else "asymptotic")


def test_a_range_beside_values_by_particles(vae):
    told = vae.complete(people(20).drop(columns="dose"), given={"dose": at_least(0)}, particles=4)
    assert (told.rows["dose"] >= 0).all()
    assert told.way == "asymptotic"
    assert told.rows["age"].tolist() == people(20)["age"].tolist()


def test_a_range_of_the_condition_is_drawn_from_its_law(vae):
    assert set(vae.sample(20, given={"sex": isnot("m")})["sex"]) == {"f"}
    with pytest.raises(WrongRows, match="no 'x'"):
        vae.sample(3, given={"sex": isnot("x")})


# What is hopeless ----------------------------------------------------------------------------------------------------


def test_one_in_a_million_is_drawn_at_once_where_a_model_is_told_ranges(monkeypatch):
    rng = np.random.default_rng(1)
    exact = likely.fit(pd.DataFrame({"x": rng.normal(size=4000), "y": rng.normal(size=4000)}),
                       likely.GaussianMixture(components=1), certify=False)  # fmt: skip
    counted = Counting(exact.model, ["log_evidence", "complete", "sample"], monkeypatch)
    told = exact.complete(pd.DataFrame(index=range(50)), given={"x": above(4.75)})
    assert (told.rows["x"] > 4.75).all()
    assert float(told.log_evidence[0].exp()) == pytest.approx(1e-6, rel=0.5)
    assert sorted(counted.calls) == ["complete", "log_evidence", "log_evidence"]


def test_one_in_a_million_is_told_after_few_calls_where_it_must_be_looked_for(made, flow, monkeypatch):
    for fitted, method in ((made, "complete"), (flow, "sample")):
        counted = Counting(fitted.model, [method], monkeypatch)
        with pytest.raises(Hopeless, match=r"0 of [\d,]+ draws had 'dose' in >60.*below 0\.0"):
            fitted.sample(1, given={"dose": above(60)})
        assert len(counted.calls) <= 9


def test_what_is_impossible_is_told(made):
    bayes = likely.fit(people(), likely.NaiveBayes(), certify=False)
    with pytest.raises(Hopeless, match=r"'age' in >40&<40\.5 has probability 0"):
        bayes.sample(3, given={"age": ">40&<40.5"})
    with pytest.raises(Hopeless, match="probability 0"):
        made.sample(3, given={"visits": ">5&<6"})
    with pytest.raises(Hopeless, match=r"'dose' in >60 has probability about 1e-\d\d+"):
        bayes.sample(3, given={"dose": above(60)})


# How good it is ------------------------------------------------------------------------------------------------------


def test_a_condition_that_ignores_what_is_known_is_called_heuristic(vae):
    rows = people(8)
    assert vae.complete(rows.drop(columns="dose")).way == "asymptotic"
    assert vae.complete(rows.drop(columns="sex")).way == "heuristic"
    assert vae.complete(pd.DataFrame(index=range(4))).way == "asymptotic"


def test_the_evidence_of_a_model_with_particles_is_an_estimate(vae):
    told = vae.complete(people(30), particles=300).log_evidence
    scores = vae.score(people(30), draws=300).nats
    assert told.shape == (30,)
    assert torch.isfinite(told).all()
    assert float((told - scores).abs().median()) < 1.0


def test_a_condition_drawn_from_those_seen_is_asymptotic():
    fitted = likely.fit(people(), likely.GaussianMixture(components=2), condition="dose", certify=False)
    assert fitted.complete(people(5).drop(columns="age")).way == "exact"
    assert fitted.complete(people(5).drop(columns="dose")).way == "asymptotic"


def test_less_than_exact_is_refused_where_exact_is_asked_for(made, vae):
    assert made.complete(people(5).drop(columns="age"), exact=True).way == "model-exact"
    with pytest.raises(CannotAnswer, match=r"VAE completes these rows by asymptotic draws(.|\n)*NaiveBayes"):
        vae.complete(people(5).drop(columns="age"), exact=True)
    diffusion = likely.Diffusion(steps=4, network=MLP(width=8))
    pictures = likely.fit("digits", diffusion, budget="2 steps", certify=False)
    with pytest.raises(CannotAnswer, match="exact ones were asked for"):
        pictures.complete(likely.read("digits").take([0]), hole=np.eye(8, dtype=bool), exact=True)


def test_the_evidence_is_in_the_data_s_own_units():
    rows = people()[["age", "dose"]]
    for scale in (1.0, 1000.0):
        fitted = likely.fit(rows.assign(dose=rows["dose"] * scale), likely.NaiveBayes(), certify=False)
        partial = fitted.sample(4).drop(columns="age")
        told = fitted.complete(partial).log_evidence
        assert torch.allclose(told, fitted.score(fitted.complete(partial).rows).nats.double(), atol=9)
        if scale == 1.0:
            first = told
    assert torch.allclose(first - np.log(1000.0), told, atol=1e-3)


def test_a_value_that_is_none_is_refused_where_the_row_knows_better(made, vae):
    row = pd.DataFrame({"age": [40.0], "visits": [2], "sex": ["f"], "dose": [np.nan]})
    for fitted in (made, vae):
        for given, word in (({"sex": "zzz"}, "zzz"), ({"age": "old"}, "old"), ({"visits": "often"}, "often")):
            with pytest.raises(WrongRows, match=word):
                fitted.complete(row, given=given)
            with pytest.raises(WrongRows, match=word):
                fitted.imputations(row, 2, given=given)
        told = fitted.complete(row, given={"sex": "m", "age": 20.0}).rows
        assert told[["age", "visits", "sex"]].equals(row[["age", "visits", "sex"]])
