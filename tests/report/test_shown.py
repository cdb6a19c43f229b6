"""Looks at rows and codes as pictures."""

import numpy as np

import likely
from likely.apps.exhibits import Exhibits, exhibits, mapped
from likely.data import read
from likely.report.shown import maps_of, ranks_of, ties_of


def test_of_a_table(tables):
    real, drawn = tables
    found = exhibits(real, [("<a>", drawn)])
    assert [each["name"] for each in ranks_of(found)] == ["<a>"]
    told = ties_of(found, real)
    assert told["kind"] == "three"
    assert [name for name, _ in told["each"]] == ["<a>"]
    assert ties_of(Exhibits((), {}, ()), real) == {}


def test_a_map_says_how_much_of_the_codes_it_holds():
    fitted = likely.fit("iris", likely.FactorAnalysis(factors=3), certify=False)
    rows = read("iris").take(np.arange(0, 150, 5))
    found = mapped("FactorAnalysis", fitted, rows)
    told = maps_of(Exhibits((), {}, (found,)))[0]
    assert told["what"].startswith("codes of 3 numbers, of which the plane holds")
    assert told["what"].endswith("by species")
    assert len(told["legend"]) == 3
