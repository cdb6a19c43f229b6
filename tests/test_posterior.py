"""The condition of a row that is known in part: by Bayes' rule where the model completes, and as the law allows."""

# pyright: reportAttributeAccessIssue=false

import numpy as np
import pandas as pd
import pytest

import likely


def people(n=400, seed=0):
    rng = np.random.default_rng(seed)
    income = np.where(rng.random(n) < 0.3, 0.0, np.exp(rng.normal(10, 1, n)).round(2))
    city, sex = rng.choice(["Bern", "Basel", "Genf"], n), rng.choice(["f", "m"], n)
    return pd.DataFrame({"age": rng.normal(40, 10, n).round(), "income": income, "sex": sex, "city": city})


@pytest.mark.parametrize("unknown", ["a missing cell", "a missing column"])
def test_an_unknown_condition_is_drawn_from_its_posterior(unknown):
    rows = people()
    rows["sex"] = np.where(rows["income"] > 22_000, "f", "m")
    fitted = likely.fit(rows, likely.NaiveBayes(), condition="sex")
    row = rows[(rows["income"] > 15_000) & (rows["income"] < 22_000)].head(1)
    holes = pd.concat([row.assign(sex=None)] * 3000, ignore_index=True)
    told = holes if unknown == "a missing cell" else holes.drop(columns="sex")
    share = (fitted.complete(told).rows["sex"] == "f").mean()
    assert share == pytest.approx(fitted.classify(row)["f"].item(), abs=0.03)
    assert share != pytest.approx((rows["sex"] == "f").mean(), abs=0.05)


def test_given_a_free_column_the_condition_follows_from_it():
    rows = people().assign(sex=np.where(people()["city"] == "Bern", "f", "m"))
    fitted = likely.fit(rows, likely.NaiveBayes(), condition="sex")
    assert (fitted.sample(200, given={"city": "Bern"})["sex"] == "f").mean() > 0.95


def test_of_two_conditions_the_one_not_given_agrees_with_the_other():
    rows = people().assign(canton=lambda at: at["city"].str[:2])
    fitted = likely.fit(rows, likely.NaiveBayes(), condition=["city", "canton"])
    assert set(fitted.sample(50, given={"city": "Genf"})["canton"]) == {"Ge"}
    assert set(fitted.complete(rows[["age", "canton"]].assign(canton="Ba")).rows["city"]) == {"Basel"}
