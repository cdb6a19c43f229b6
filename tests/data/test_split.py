# pandas' own types are unions that no check narrows, and `read` gives rows of any kind
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false, reportGeneralTypeIssues=false

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from likely.data import Images, read, sides, split
from likely.data.split import keeps_copies_together, places
from likely.errors import FieldError

RNG = np.random.default_rng(0)


def table(rows: int, copies: int = 1):
    return read(pd.DataFrame(np.repeat(RNG.normal(size=(rows, 2)), copies, axis=0)))


def test_shares_are_as_asked() -> None:
    side = sides(table(20_000))
    np.testing.assert_allclose(np.bincount(side) / 20_000, (0.8, 0.1, 0.1), atol=0.01)
    assert len(np.unique(sides(table(100), fractions=(1, 0, 0)))) == 1


def test_the_split_is_the_rows_in_their_order() -> None:
    rows = read("iris")
    parts = split(rows)
    assert len(parts.train) + len(parts.validation) + len(parts.test) == 150
    assert parts.train.frame.index.is_monotonic_increasing
    assert parts.train.schema == rows.schema


def test_appended_rows_move_nothing() -> None:
    """Also through the 1 % of copies at which repeated rows begin to be spread."""
    rows = table(1000)
    for more in (table(500), rows.take(range(300)), table(1)):
        longer = read(pd.concat([rows.frame, more.frame], ignore_index=True))
        np.testing.assert_array_equal(sides(longer)[:1000], sides(rows))


def test_order_does_not_matter() -> None:
    rows, order = table(500), RNG.permutation(500)
    np.testing.assert_array_equal(sides(rows.take(order)), sides(rows)[order])


def test_another_salt_is_another_split() -> None:
    rows = table(3000)
    first, second = sides(rows), sides(rows, salt=1)
    assert abs((first == second).mean() - (0.64 + 0.01 + 0.01)) < 0.03


def test_copies_fall_on_all_sides_in_proportion() -> None:
    side = sides(table(50, copies=400)).reshape(50, 400)
    shares = (side == 0).mean(1)
    assert abs(shares.mean() - 0.8) < 0.01
    assert shares.std() < 2 * np.sqrt(0.16 / 400)


def test_rare_copies_stay_together() -> None:
    rows = table(5000)
    few = read(pd.concat([rows.frame, rows.frame.head(20)], ignore_index=True))
    side = sides(few)
    np.testing.assert_array_equal(side[5000:], side[:20])
    many = read(pd.concat([rows.frame, rows.frame.head(1000)], ignore_index=True))
    side = sides(many)
    assert 0.5 < (side[5000:] == side[:1000]).mean() < 0.8


def test_copies_of_pictures_stay_together() -> None:
    pixels = np.repeat(RNG.integers(0, 256, (20, 3, 3, 1)).astype(np.uint8), 10, axis=0)
    side = sides(Images(pixels)).reshape(20, 10)
    assert (side == side[:, :1]).all()


def test_a_group_stays_whole() -> None:
    frame = pd.DataFrame({"who": RNG.integers(0, 300, 5000), "x": RNG.normal(size=5000)})
    rows = read(frame, schema={"group": "who"})
    of_group = pd.Series(sides(rows)).groupby(frame["who"]).nunique()
    assert (of_group == 1).all()
    assert {0, 1, 2} == set(sides(rows))


@pytest.mark.parametrize("rows", range(1, 21))
def test_small_tables_always_have_something_to_learn_from(rows: int) -> None:
    for salt in range(20):
        parts = split(table(rows), salt=salt)
        assert len(parts.train) >= 1
        assert len(parts.train) + len(parts.validation) + len(parts.test) == rows
    one_group = read(pd.DataFrame({"g": [1] * rows, "x": RNG.normal(size=rows)}), schema={"group": "g"})
    assert len(split(one_group).train) == rows


def test_places_are_uniform() -> None:
    where = np.sort(places(table(20_000)))
    assert np.abs(where - np.linspace(0, 1, 20_000)).max() < 0.015


@pytest.mark.parametrize("fractions", [(0.8, 0.1), (0.5, 0.1, 0.1), (1.2, -0.1, -0.1)])
def test_fractions_are_checked(fractions: tuple[float, ...]) -> None:
    with pytest.raises(FieldError, match="fractions are"):
        sides(table(3), fractions=fractions)


@pytest.mark.parametrize("name", ["binary/nltcs.train.data.gz", "binary/plants.train.data.gz", "titanic.csv"])
def test_no_classifier_can_tell_the_sides_apart(real_data: Path, name: str) -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    rows = read(real_data / "tables" / name)
    assert not keeps_copies_together(rows, rows.hashes())
    held = split(rows, fractions=(0.5, 0.5, 0.0))
    frame = pd.concat([held.train.frame, held.validation.frame], ignore_index=True)
    cells = np.stack([pd.factorize(frame[column], sort=True)[0] for column in frame.columns], axis=1).astype(float)
    side = np.repeat([0, 1], [len(held.train), len(held.validation)])
    fold = RNG.integers(0, 2, len(side))
    scores = np.zeros(len(side))
    for each in (0, 1):
        model = HistGradientBoostingClassifier(max_iter=40, random_state=0).fit(cells[fold != each], side[fold != each])
        scores[fold == each] = model.predict_proba(cells[fold == each])[:, 1]
    for each in (0, 1):
        mine = fold == each
        error = np.sqrt(len(side[mine]) / 12 / (side[mine].sum() * (1 - side[mine]).sum()))
        assert abs(roc_auc_score(side[mine], scores[mine]) - 0.5) < 3.5 * error
