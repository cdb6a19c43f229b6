import numpy as np
import pandas as pd

from likely.data import Images, read


def test_rows_are_taken_by_position_and_keep_their_schema() -> None:
    table = read(pd.DataFrame({"a": [1.5, 2.5, 3.5], "b": ["x", "y", "x"]}))
    taken = table.take(np.array([2, 0]))
    assert taken.frame["a"].tolist() == [3.5, 1.5]
    assert taken.schema == table.schema


def test_images_are_taken_with_what_is_said_about_them() -> None:
    about = read(pd.DataFrame({"label": ["x", "y", "z"]}))
    images = Images(np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2, 1), 12, about, ("a.png", "b.png", "c.png"))
    taken = images.take([1])
    assert len(taken) == 1
    assert taken.names == ("b.png",)
    assert taken.about is not None
    assert taken.about.frame["label"].tolist() == ["y"]
