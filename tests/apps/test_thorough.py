"""What is asked of each kind of rows, and that all of it answers."""

import numpy as np
import pandas as pd
import pytest

from likely.apps.measure import measure, measures
from likely.apps.thorough import thorough
from likely.data import Images, Texts, read
from likely.data.array import about_of
from likely.data.series import series_of
from likely.data.sound import sounds_of

RNG = np.random.default_rng(0)
COMMON = {"MMD", "MMD p-value", "KID", "precision", "recall", "density", "coverage"}


def table(rows):
    x = RNG.normal(size=rows).round(2)
    return read(pd.DataFrame({"x": x, "y": x + RNG.normal(size=rows).round(2), "c": RNG.choice(["a", "b"], rows)}))


def pictures(rows):
    about = about_of(pd.DataFrame({"label": RNG.choice(["u", "v"], rows)}))
    return Images(RNG.integers(0, 16, (rows, 6, 6, 1)).astype(np.uint8), 16, about)


def texts(rows):
    return Texts(tuple("".join(RNG.choice(list("abcd "), 40)) for _ in range(rows)))


KINDS = {
    "table": (table, {"unique", "utility", "utility lost"}),
    "pictures": (pictures, {"unique", "spectral slope", "utility"}),
    "texts": (texts, {"n-gram divergence", "bits per character"}),
    "series": (lambda n: series_of(RNG.normal(size=(n, 30, 2))), {"unique", "spectrum", "cross-correlation"}),
    "sounds": (lambda n: sounds_of(RNG.uniform(-1, 1, (n, 300)), 8000), {"unique", "spectrum", "values"}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_rows(kind):
    made, own = KINDS[kind]
    rows = made(120), made(110), made(120)
    found = thorough(*rows)
    assert COMMON | own | {"sliced Wasserstein", "Fréchet distance", "distance ratio", "membership AUC"} <= set(found)
    assert not {"two-sample AUC", "marginals"} & set(found)
    for each in found.values():
        assert np.isfinite([each.value, each.low, each.high, each.ideal]).all()
        assert each.low <= each.value <= each.high
        assert each.group
        assert each.note
    assert {each.features for each in found.values() if each.group in ("two-sample", "coverage")} == {"plain features"}


def test_sharpness_is_quick_and_pictures_have_spectra():
    rows, other = pictures(60), pictures(50)
    assert measures(rows, other, None)["sharpness"].value == pytest.approx(1.0, abs=0.1)
    found = measure(rows, other, quick=True)
    assert found.spectrum is not None
    assert all(each.spectrum is not None for each in found.measured)
    assert measure(table(60), table(50), quick=True).spectrum is None


def test_molecules_beside_letters_that_are_none():
    pytest.importorskip("rdkit")
    rows = Texts(tuple("C" * int(n) + end for n in RNG.integers(1, 30, 60) for end in ("N", "O")), "molecules")
    found = measure(rows, Texts(("C1CC",) * 60, "molecules"))
    assert "SNN" not in found.measured[0].measures
    assert "SNN" in found.measured[1].measures


def test_the_column_that_should_be_taught_is_named():
    assert set(thorough(table(120), table(120), None, targets=["c"])["utility"].parts) == {"c"}
