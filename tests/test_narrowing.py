"""Ranges against brute force: what a model draws given them is what remains of its draws, as often as it says."""

import numpy as np
import pandas as pd
import pytest
import torch

import likely
import likely.names
from likely.contracts import Evidence
from likely.frames import Known
from likely.narrowing import Intervals, Narrowing, Values, narrowed
from likely.ranges import Range, among, at_least, between, isnot, read_range
from likely.rng import Keyed

FAMILIES = {
    "NaiveBayes": likely.NaiveBayes(),
    "GaussianMixture": likely.GaussianMixture(components=3),
    "Diagonal": likely.GaussianMixture(components=3, covariance=likely.names.lookup("Covariance", "Diagonal")()),
    "FactorAnalysis": likely.FactorAnalysis(factors=1),
    "KDE": likely.KDE(),
    "BayesNet": likely.BayesNet(),
}
GIVEN = {
    "a number": {"age": between(35, 45)},
    "two numbers": {"age": at_least(45), "income": "!=0"},
    "a set": {"city": isnot("Bern"), "visits": among(0, 2, 5)},
    "a value too": {"city": "Basel", "age": "<38", "visits": ">=2"},
}


def people(n=400):
    rng = np.random.default_rng(0)
    city = rng.choice(["Basel", "Bern", "Chur", "Genf"], n, p=[0.4, 0.3, 0.2, 0.1])
    age = rng.normal(np.where(city == "Bern", 50, 36), 6).round()
    income = np.where(rng.random(n) < 0.3, 0.0, np.exp(rng.normal(9, 1, n) + age / 50).round(2))
    return pd.DataFrame({"age": age, "income": income, "visits": rng.poisson(age / 20), "city": city})


@pytest.fixture(scope="module", params=FAMILIES)
def fitted(request):
    told = {"columns": {"age": {"kind": "real"}, "visits": {"kind": "count"}}}
    return likely.fit(likely.read(people(), schema=told), FAMILIES[request.param], certify=False)


def agrees(rows, given):
    kept = np.ones(len(rows), dtype=bool)
    for name, said in given.items():
        told = read_range(said) if isinstance(said, str) else said
        cells = rows[name]
        for part in getattr(told, "parts", (told,)):
            match part:
                case None:
                    kept &= cells == said
                case _ if hasattr(part, "values") and str(part).startswith("!="):
                    kept &= ~cells.astype(str).isin([*map(str, part.values), *(f"{v}.0" for v in part.values)])
                case _ if hasattr(part, "values"):
                    kept &= cells.isin(part.values)
                case _:
                    low, high = (None if end is None else float(end) for end in (part.low, part.high))
                    kept &= (cells >= (-np.inf if low is None else low)) & (cells <= (np.inf if high is None else high))
                    kept &= (cells != low) | part.low_in
                    kept &= (cells != high) | part.high_in
    return kept


@pytest.fixture(scope="module")
def sampled(fitted):
    return fitted.sample(12_000, seed=5)


@pytest.mark.parametrize("kind", GIVEN)
def test_draws_in_ranges_are_those_that_would_have_remained(fitted, sampled, kind):
    given = GIVEN[kind]
    kept = agrees(sampled, given)
    remained, rows = sampled[kept], fitted.sample(1500, given=given)
    assert agrees(rows, given).all()
    for name in ("age", "visits"):
        error = np.sqrt(remained[name].var() / len(remained) + rows[name].var() / len(rows))
        assert abs(remained[name].mean() - rows[name].mean()) < 4.5 * error + 1e-9
    for city in set(rows["city"]) | set(remained["city"]):
        share = (remained["city"] == city).mean(), (rows["city"] == city).mean()
        assert abs(share[0] - share[1]) < 4.5 * np.sqrt(0.25 / len(remained) + 0.25 / len(rows))
    told = fitted.complete(pd.DataFrame(index=range(2)), given=given)
    if "city" not in given or isinstance(given["city"], Range):  # all of it is a probability
        assert told.acceptance is not None or np.exp(float(told.log_evidence[0])) == pytest.approx(
            kept.mean(), abs=4.5 * np.sqrt(0.25 / len(sampled))
        )


def test_a_model_told_values_says_the_same_of_sets_as_one_told_intervals():
    model = likely.fit(people(), likely.NaiveBayes(), certify=False)
    said = np.array([isnot("Bern")] * 50, dtype=object)
    x, known = torch.full((50, 4), torch.nan), torch.zeros(50, 4, dtype=torch.bool)
    found = [
        narrowed(model.model, Narrowing.of(told, model.codec, Known(people(50)[[]], {"city": said}), known),
                 x, known, None, Keyed(3))
        for told in (Intervals(), Values())
    ]  # fmt: skip
    assert torch.allclose(found[0].log_chance, found[1].log_chance, atol=1e-5)
    bern = list(model.codec.schema["city"].levels).index("Bern")
    assert all((each.x[:, 3] != bern).all() for each in found)


def test_known_cells_are_not_narrowed_and_count_once():
    model = likely.fit(people(), likely.NaiveBayes(), certify=False)
    rows = people(6).assign(city=["Bern", "Bern", None, None, "Chur", "Chur"])
    told = model.complete(rows, given={"city": isnot("Chur")})
    assert told.rows["city"].tolist()[4:] == ["Chur", "Chur"]
    assert (told.rows["city"][2:4] != "Chur").all()
    x, known = model.codec.encode_partial(rows)
    alone = model.model.log_evidence(x, Evidence(known)) + model.codec.encode_known(rows).ladj
    assert torch.allclose(told.log_evidence[[0, 1, 4, 5]], alone[[0, 1, 4, 5]].double(), atol=1e-5)
    assert (told.log_evidence[2:4] < alone[2:4]).all()


def test_where_there_is_no_range_no_interval_is_told():
    model = likely.fit(people(60), likely.MADE(width=8), budget=3, certify=False)
    x, known = model.codec.encode_partial(people(5).drop(columns="age"))
    none = Narrowing.of(Intervals(), model.codec, Known(people(5)), known)
    assert none.options == none.beside == ()
    assert torch.isfinite(narrowed(model.model, none, x, known, None, Keyed(0)).x).all()
