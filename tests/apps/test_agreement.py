"""Rows and what is said of them: a right caption goes better with a row than a wrong one."""

import numpy as np
import pytest

import likely
from likely.apps.agreement import agreement
from likely.errors import CannotAnswer


@pytest.fixture(scope="module", params=["NoisyClassifier", "CLIP"])
def guide(request):
    family = getattr(likely, request.param)(width=64, rate=3e-3)
    return likely.fit("digits", family, budget=150, condition="label", certify=False)


def test_rows_go_with_their_own_labels_and_not_with_others(guide):
    digits = likely.read("digits").take(range(200))
    own = agreement(guide, digits)
    assert list(own) == ["agreement", "found"]
    assert len(own) == 200
    wrong = digits.with_about(
        likely.data.Table(digits.about.frame.assign(label=(digits.about.frame["label"] + 1) % 10), digits.about.schema)
    )
    other = agreement(guide, wrong)
    assert own["found"].mean() > 0.9 > 0.6 > other["found"].mean()
    assert (own["agreement"] > other["agreement"]).mean() > 0.9
    assert own["found"].between(0, 1).all()


def test_it_is_row_by_row(guide):
    digits = likely.read("digits")
    one, many = agreement(guide, digits.take([5])), agreement(guide, digits.take(range(10)))
    assert np.isclose(one["agreement"][0], many["agreement"][5], atol=1e-3)


def test_what_does_not_guide_is_refused():
    with pytest.raises(CannotAnswer, match=r"NaiveBayes has no guidance to give.*CLIP"):
        agreement(likely.fit("iris", likely.NaiveBayes()), "iris")
