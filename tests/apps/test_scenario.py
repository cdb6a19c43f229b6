import numpy as np
import pandas as pd
import pytest

import likely
from likely.apps.scenario import Change, what_if
from likely.data import Windows
from likely.errors import FieldError, WrongRows
from likely.training import Engine


@pytest.fixture(scope="module")
def record():
    load = 10 + np.random.default_rng(0).normal(size=500)
    return pd.DataFrame({"load": load, "heat": 2 * load + 0.1 * np.random.default_rng(1).normal(size=500)})


@pytest.fixture(scope="module")
def model(record):
    engine = Engine(threads=1, probe=False)
    family = likely.GaussianMixture(components=1)
    return likely.fit(record, family, window=Windows(length=6, stride=1), engine=engine, certify=False)


@pytest.mark.parametrize(
    ("said", "change", "after"),
    [
        ("load=+10%", Change("load", 0.1, share=True), 11.0),
        ("load=-2.5", Change("load", -2.5), 7.5),
        ("a=b=40", Change("a=b", 40.0, level=True), 40.0),
        ("load=-.5%", Change("load", -0.005, share=True), 9.95),
    ],
)
def test_changes_as_people_say_them(said, change, after):
    assert Change.parsed(said) == change
    assert change.of(np.array([10.0])) == pytest.approx(after)


@pytest.mark.parametrize("said", ["load", "load=", "=+10%", "load=10%", "load=up", "load=+1e9e"])
def test_what_is_no_change_is_refused(said):
    with pytest.raises(FieldError, match="no change of a column"):
        Change.parsed(said)


def test_what_goes_with_a_column_moves_with_it(record, model):
    told = what_if(model, record, 3, [Change.parsed("load=+10%")], draws=300)
    would = told.untouched.at((0.5,))[0, 0]
    np.testing.assert_allclose(told.told.values[0, :, :, 0], np.tile(1.1 * would[:, 0], (300, 1)))
    rise = told.told.at((0.5,))[0, 0, :, 1] - would[:, 1]
    np.testing.assert_allclose(rise, 2 * 0.1 * would[:, 0], atol=0.3)


def test_a_change_is_of_a_known_future_where_there_is_one(record, model):
    known = pd.DataFrame({"load": [10.0, 11.0, 12.0, 13.0]})
    told = what_if(model, record, 3, [Change.parsed("load=+1")], known=known, draws=2)
    np.testing.assert_allclose(told.told.values[0, 0, :, 0], [11.0, 12.0, 13.0])
    with pytest.raises(WrongRows, match="did you mean 'load'"):
        what_if(model, record, 3, [Change.parsed("laod=+1")])
    with pytest.raises(WrongRows, match="twice"):
        what_if(model, record, 3, [Change.parsed("load=+1"), Change.parsed("load=2")])
