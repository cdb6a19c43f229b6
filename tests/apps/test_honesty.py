"""How sure and how often right: of who tells a label, beside the same numbers by hand."""

import numpy as np
import pytest

import likely
from likely.apps.honesty import honesty


@pytest.fixture(scope="module")
def parts():
    rows = likely.read("iris")
    even = np.arange(len(rows)) % 2 == 0
    return rows.take(np.flatnonzero(even)), rows.take(np.flatnonzero(~even))


def test_a_density_given_the_label_and_by_hand(parts):
    learned, unseen = parts
    fitted = likely.fit(learned, likely.GaussianMixture(components=1), condition="species", certify=False)
    found = honesty(fitted, unseen)
    told = fitted.classify(unseen)
    wrong = (told.idxmax(axis=1).to_numpy() != unseen.frame["species"].to_numpy()).mean()
    assert found.error.value == pytest.approx(wrong)
    assert found.overconfidence.value == pytest.approx(told.max(axis=1).mean() - (1 - wrong))
    assert sum(each.rows for each in found.bins) == len(unseen)


def test_who_tells_no_label_says_nothing(parts):
    learned, unseen = parts
    assert honesty(likely.fit(learned, likely.NaiveBayes(), certify=False), unseen) is None
    gan = likely.fit(learned, likely.GAN(), condition="species", budget=1, certify=False)
    assert honesty(gan, unseen) is None
