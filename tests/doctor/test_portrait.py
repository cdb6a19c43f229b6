"""What is typical of some rows, in a few words."""

import numpy as np
import pandas as pd

from likely.data import Images, read
from likely.doctor.portrait import portrait

INSIDE = np.arange(100) < 20
FRAME = pd.DataFrame({
    "size": np.where(INSIDE, 9.5, 1.0) + 0.01 * np.sin(np.arange(100)),
    "kind": np.where(INSIDE, "rare", "usual"),
    "other": np.tile(["a", "b"], 50),
    "since": pd.date_range("2020-01-01", periods=100),
})  # fmt: skip


def test_tables():
    assert set(portrait(read(FRAME), INSIDE).split(", ")) == {"size near 9.5", "kind rare"}


def test_pictures_by_their_labels_or_not_at_all():
    pixels = np.zeros((100, 2, 2, 1), np.uint8)
    assert portrait(Images(pixels, about=read(FRAME[["kind"]])), INSIDE) == "kind rare"
    assert portrait(Images(pixels), INSIDE) == ""
