"""The curves of pictures and their edges, and nothing of a table."""

import numpy as np
import pandas as pd

from likely.apps.measure import measure
from likely.data import Images
from likely.report.spectra import edges, spectra


def test_pictures_have_curves_and_a_table_none():
    rng = np.random.default_rng(0)
    real, drawn = (Images(rng.integers(0, 256, (60, 8, 8, 1)).astype(np.uint8)) for _ in range(2))
    told = spectra(measure(real, drawn, quick=True))
    assert told is not None
    assert all(name in told for name in ("real pictures", "synthetic", "independent columns", "waves across"))
    assert "nan" not in told
    frame = pd.DataFrame({"x": rng.normal(size=90)})
    assert spectra(measure(frame, frame, quick=True)) is None
    assert "data:image/png" in edges(drawn, real)
    assert edges(*[Images(np.zeros((5, 2, 2, 1), np.uint8))] * 2) is None
