"""The classes that a discriminative model tells, under the labels of the person's rows."""

import numpy as np
import pytest

import likely
from likely.errors import CannotAnswer


def test_probabilities_of_each_class_by_name():
    iris = likely.read("iris").frame
    told = likely.fit(iris, likely.Logistic(), target="species").classify(iris.set_axis(range(10, 160)))
    assert list(told.columns) == ["setosa", "versicolor", "virginica"]
    assert list(told.index) == list(range(10, 160))
    assert np.allclose(told.sum(axis=1), 1)
    assert (told.idxmax(axis=1).to_numpy() == iris["species"].to_numpy()).mean() > 0.95


def test_numbers_are_no_classes():
    fitted = likely.fit("iris", likely.Linear(), target="petal width (cm)")
    with pytest.raises(CannotAnswer, match="numbers"):
        fitted.classify("iris")
