"""Codes as a table, there and back."""

import numpy as np
import pandas as pd
import pytest

import likely
from likely.apps.codes import decoded, names_of, rows_of, table_of
from likely.data import Images
from likely.errors import CannotAnswer, WrongRows


@pytest.fixture(scope="module")
def flow():
    return likely.fit("moons", likely.RealNVP(layers=2, width=8), budget=2, certify=False)


@pytest.fixture(scope="module")
def species():
    return likely.fit("iris", likely.VAE(latent=3), condition="species", budget=2, certify=False)


def test_a_bijection_s_rows_come_back_from_their_table(flow, tmp_path):
    rows = likely.read("moons").take(range(20))
    table = table_of(flow, rows)
    assert list(table.frame) == names_of(flow) == ["z1", "z2"]
    table.frame.to_csv(tmp_path / "codes.csv", index=False)
    assert np.allclose(rows_of(flow, tmp_path / "codes.csv").said.frame, rows.frame, atol=1e-3)


def test_what_a_row_was_given_stands_beside_its_code(species):
    table = table_of(species, "iris")
    assert list(table.frame) == ["z1", "z2", "z3", "species"]
    back = rows_of(species, table.frame)
    assert back.said.frame["species"].tolist() == table.frame["species"].tolist()
    assert list(back.said.frame) == list(likely.read("iris").frame)


def test_pictures_come_back_as_pictures():
    fitted = likely.fit("digits", likely.VAE(latent=2), budget=1, certify=False)
    assert isinstance(decoded(fitted, np.zeros((3, 2))), Images)


def test_tables_that_hold_no_codes(flow, species):
    with pytest.raises(WrongRows, match=r"lacks 'z2', and has 'z1', 'a'"):
        rows_of(flow, pd.DataFrame({"z1": [0.5, 1.0], "a": [1.0, 2.0]}))
    with pytest.raises(WrongRows, match="lacks 'species'"):
        rows_of(species, pd.DataFrame({"z1": [0.5], "z2": [1.0], "z3": [1.0]}))
    with pytest.raises(WrongRows, match="column 'z2', row 2: 'much' is no number"):
        rows_of(flow, pd.DataFrame({"z1": [0.5, 1.0, 3.0], "z2": ["1.0", "much", "2"]}))
    with pytest.raises(WrongRows, match="these rows are pictures"):
        rows_of(flow, "digits")
    with pytest.raises(CannotAnswer, match="no codes"):
        names_of(likely.fit("moons", likely.KDE(), certify=False))
