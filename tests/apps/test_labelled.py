"""Rows with a label: categories are told beforehand, what is no class is refused, classes keep their places."""

import numpy as np
import pandas as pd
import pytest

import likely
from likely.apps.labelled import labelled
from likely.errors import ConditionError, EmptyData, WrongRows


def people(n: int = 200, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    ill = rng.integers(0, 2, n)
    return pd.DataFrame({
        "age": rng.normal(40 + 10 * ill, 8).round(1), "town": rng.choice([*"abcdefgh"], n), "ill": ill,
        "grade": np.where(rng.random(n) < 0.1, None, rng.choice(["x", "y", "z"], n)),
        "name": [f"n{i}" for i in range(n)],
    })  # fmt: skip


def test_numbers_of_few_values_are_classes_and_missing_labels_are_left_out() -> None:
    known = labelled(people(), "ill")
    assert known.classes == (0, 1)
    assert (known.truth == people()["ill"]).all()
    graded = labelled(people(), "grade")
    assert len(graded.truth) == people()["grade"].notna().sum()


@pytest.mark.parametrize("family", ["naive-bayes", "logistic"])
@pytest.mark.parametrize("target", ["ill", "grade", "town"])
def test_part_of_the_rows_knows_every_category(family: str, target: str) -> None:
    known = labelled(people(), target)
    few = known.take(np.arange(12))
    p = known.probabilities(few.fitted(family))
    assert p.shape == (len(known.truth), len(known.classes))
    np.testing.assert_allclose(p.sum(1), 1.0, atol=1e-6)


def test_probabilities_stand_at_their_classes() -> None:
    known = labelled(people(2000), "ill")
    for family in ("naive-bayes", "logistic"):
        assert (known.probabilities(known.fitted(family)).argmax(1) == known.truth).mean() > 0.65


def test_booleans_and_pictures() -> None:
    frame = people().assign(ill=lambda f: f["ill"] == 1)
    known = labelled(frame, "ill")
    assert known.probabilities(known.fitted("logistic")).shape == (200, 2)
    digits = labelled("digits", "label").take(np.arange(300))
    assert (digits.probabilities(digits.fitted(likely.NaiveBayes())).argmax(1) == digits.truth).mean() > 0.8


def test_what_cannot_be_told_is_refused() -> None:
    with pytest.raises(ConditionError, match="to predict"):
        labelled(people(), "income")
    with pytest.raises(WrongRows, match="different values"):
        labelled(people(), "age")
    with pytest.raises(WrongRows, match="no class"):
        labelled(people(), "name")
    with pytest.raises(WrongRows, match="one value"):
        labelled(people().assign(ill=1), "ill", schema={"columns": {"ill": {"kind": "category"}}})
    with pytest.raises((EmptyData, WrongRows), match="missing"):
        labelled(people().assign(ill=None), "ill")
