"""Learning curves: errors on unseen rows, intervals, crossings of planted curves, and of planted data."""

import numpy as np
import pandas as pd
import pytest

import likely
from likely.apps.learning_curve import Crossing, Curve, crossing, learning_curve
from likely.errors import EmptyData, FieldError


def correlated(n: int = 1500, seed: int = 0) -> pd.DataFrame:
    """Copies of one column, which naive Bayes counts again and again, beside another that matters as much."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    first, second = rng.normal(y, 1.2), rng.normal(1.5 * y, 1.0)
    columns = {f"copy {i}": first + 0.1 * rng.normal(size=n) for i in range(6)}
    return pd.DataFrame({**columns, "other": second, "y": np.array(["no", "yes"])[y]})


@pytest.fixture(scope="module")
def found():
    return learning_curve(correlated(), "y", sizes=(12, 60, 400), repeats=6, seed=1)


def test_errors_fall_and_naive_bayes_ends_behind(found) -> None:
    assert [curve.name for curve in found.curves] == ["NaiveBayes", "Logistic"]
    bayes, logistic = found.curves
    assert bayes.errors.shape == (6, 3)
    assert logistic.mean[2] < logistic.mean[0]
    assert logistic.mean[2] + 0.02 < bayes.mean[2]
    assert (bayes.half > 0).all()
    assert found.baseline == pytest.approx(0.5, abs=0.03)


def test_the_same_seed_gives_the_same_curves(found) -> None:
    again = learning_curve(correlated(), "y", sizes=(12, 60), repeats=2, seed=1)
    np.testing.assert_array_equal(again.curves[0].errors, found.curves[0].errors[:2, :2])


def test_text(found) -> None:
    told = str(found)
    assert "rows" in told
    assert "±" in told
    assert "Always guessing" in told


def planted(*mean: float, spread: float = 0.001, seed: int = 0) -> np.ndarray:
    return np.array(mean) + spread * np.random.default_rng(seed).standard_normal((30, len(mean)))


def test_a_planted_crossing_is_found_with_its_interval() -> None:
    a, b = Curve("a", None, planted(0.3, 0.2, 0.2)), Curve("b", None, planted(0.4, 0.25, 0.15, seed=1))
    told = crossing(a, b, (10, 100, 1000))
    assert (told.first, told.second) == ("a", "b")
    assert told.rows == pytest.approx(100 * 10**0.5, rel=0.02)  # half way on a logarithm
    assert told.low is not None
    assert told.high is not None
    assert told.low < told.rows < told.high < 400
    other = crossing(b, a, (10, 100, 1000))
    assert (other.first, other.second) == ("a", "b")
    assert told.start == pytest.approx(-0.1, abs=0.01)
    assert told.end == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize(
    ("first", "second", "ahead"),
    [((0.2, 0.1, 0.1), (0.4, 0.3, 0.2), "a"), ((0.5, 0.4, 0.3), (0.3, 0.2, 0.1), "b")],
)
def test_curves_that_do_not_cross(first, second, ahead) -> None:
    told = crossing(Curve("a", None, planted(*first)), Curve("b", None, planted(*second, seed=1)), (10, 100, 1000))
    assert told.first == ahead
    assert told.rows is None
    assert told.high is None


def test_a_crossing_that_may_lie_beyond_says_so() -> None:
    a, b = Curve("a", None, planted(0.3, 0.2, spread=0.02)), Curve("b", None, planted(0.4, 0.2, spread=0.02, seed=1))
    assert isinstance(crossing(a, b, (10, 100)), Crossing)
    assert crossing(a, b, (10, 100)).high is None


def test_what_is_asked_for_is_checked() -> None:
    with pytest.raises(FieldError, match="repeats"):
        learning_curve(correlated(100), "y", repeats=1)
    with pytest.raises(FieldError, match="sizes"):
        learning_curve(correlated(100), "y", sizes=(10, 90))
    with pytest.raises(EmptyData, match="too few"):
        learning_curve(correlated(20), "y")
    with pytest.raises(FieldError, match="perceptron"):
        learning_curve(correlated(100), "y", "perceptron")


def test_any_families_with_fields() -> None:
    found = learning_curve("iris", "species", [likely.KDE(), "logistic,ridge=5"], sizes=(30, 100), repeats=2)
    assert [curve.name for curve in found.curves] == ["KDE", "Logistic"]
    assert found.curves[0].mean[1] < 0.15
