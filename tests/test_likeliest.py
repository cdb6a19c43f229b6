"""The most probable completion against a list of all."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

import likely
from likely.errors import CannotAnswer, ConditionError


def people(n=300):
    rng = np.random.default_rng(0)
    town, size = rng.choice(["Ulm", "Bonn", "Kiel"], n), rng.choice(["S", "M", "L"], n)
    well = np.where((town == "Ulm") == (size == "S"), rng.random(n) < 0.9, rng.random(n) < 0.2)
    return pd.DataFrame({"town": town, "size": size, "well": well, "dose": rng.normal(well, 1)})


@pytest.mark.parametrize("family", [likely.BayesNet(), likely.NaiveBayes(), likely.GaussianMixture(components=2)],
                         ids=lambda family: type(family).__name__)  # fmt: skip
def test_it_is_the_best_of_all(family):
    fitted = likely.fit(people(), family, certify=False)
    partial = people().head(6).drop(columns=["town", "well"]).set_axis(range(10, 16))
    partial["size"] = partial["size"].mask(partial.index == 12)
    told = fitted.likeliest(partial)
    assert told.way == "exact"
    assert told.rows.index.equals(partial.index)
    assert told.rows["dose"].equals(partial["dose"])
    for row in range(6):
        sizes = ["S", "M", "L"] if row == 2 else [partial["size"].iloc[row]]
        every = pd.DataFrame(
            [*product(["Ulm", "Bonn", "Kiel"], sizes, [True, False])], columns=["town", "size", "well"]
        )
        scores = fitted.score(every.assign(dose=partial["dose"].iloc[row])).nats
        best = every.iloc[int(scores.argmax())]
        assert told.rows.iloc[row][["town", "size", "well"]].tolist() == best.tolist()


def test_what_cannot_be_listed():
    fitted = likely.fit(people(), likely.NaiveBayes(), condition="town", certify=False)
    with pytest.raises(CannotAnswer, match="'dose' is a number"):
        fitted.likeliest(people().drop(columns="dose"))
    with pytest.raises(ConditionError, match="'town'"):
        fitted.likeliest(people().drop(columns="town"))
    wide = likely.fit(people().assign(more=[f"a{i % 60:02d}" for i in range(300)]), likely.NaiveBayes(), certify=False)
    with pytest.raises(CannotAnswer, match="more than 64 ways"):
        wide.likeliest(people(3)[["dose"]])
