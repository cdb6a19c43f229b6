"""Planted copies, exact and near, and models that copied nothing."""

import numpy as np
import pandas as pd
import pytest

from likely.data import read
from likely.metrics.privacy import Copy, copied, leaks


def rows(count, seed, width=4):
    values = np.random.default_rng(seed).normal(size=(count, width))
    return read(pd.DataFrame(values, columns=[f"x{j}" for j in range(width)]))


def like(frame, rows):
    return read(frame.reset_index(drop=True), schema=rows.schema)


def test_an_honest_model_gives_nothing_away():
    held = [{each.name: each for each in leaks(rows(300, 3 * s), rows(300, 3 * s + 1), rows(300, 3 * s + 2))}
            for s in range(6)]  # fmt: skip
    assert np.mean([each["distance ratio"].value for each in held]) == pytest.approx(1.0, abs=0.04)
    assert np.mean([each["membership AUC"].value for each in held]) == pytest.approx(0.5, abs=0.02)
    assert sum(each["membership AUC"].low <= 0.5 <= each["membership AUC"].high for each in held) >= 5
    assert copied(rows(300, 0), rows(300, 1), rows(300, 2)) == ()


def test_rows_around_learned_ones_are_seen():
    learned, held = rows(300, 0), rows(300, 1)
    noise = np.random.default_rng(2).normal(size=learned.frame.shape)
    ratio, attack = leaks(learned, held, like(learned.frame + 0.1 * noise, learned))
    assert ratio.high < 0.6
    assert attack.low > 0.8
    assert (ratio.group, attack.group, attack.features) == ("privacy", "privacy", "plain features")


def test_copies_are_listed_by_their_places():
    learned, held, fresh = rows(200, 0), rows(200, 1), rows(50, 2).frame
    fresh.iloc[7] = learned.frame.iloc[150]
    fresh.iloc[30] = learned.frame.iloc[4] + 1e-4
    found = copied(learned, held, like(fresh, learned))
    assert found == (Copy(7, 150, exact=True), Copy(30, 4, exact=False))


def test_where_real_rows_repeat_each_other_nearness_is_no_copy():
    frame = pd.DataFrame({"a": [0, 1, 2] * 40, "b": ["u", "v"] * 60})
    real = read(frame)
    assert all(each.exact for each in copied(real, real, real))
    assert leaks(real, real, real)[0].value == 1.0


def test_few_rows():
    assert leaks(rows(5, 0), rows(50, 1), rows(50, 2)) == []
    assert copied(rows(5, 0), rows(50, 1), rows(5, 0))[2] == Copy(2, 2, exact=True)
