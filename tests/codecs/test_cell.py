import json

import numpy as np
import pytest

from likely.codecs.cell import CategoryCell, CountCell, RealCell, cell_from
from likely.codecs.monotone import Affine, Logarithm
from likely.codecs.parts import Part
from likely.codecs.reader import UNSEEN
from likely.errors import Corrupt
from likely.spaces import Category, Count, Real


def test_atoms_are_decided_on_the_raw_value_and_come_back_exactly():
    cell = RealCell(Affine(1e7, 3.0), atoms=(0.1, 1e7), missing=True)
    raw = np.array([0.1, 1e7, 0.1 + 1e-9, 1e7 + 1e-6, 1e7 - 1e-6, np.nan, 1e7 + 2.0])
    cells, ladj = cell.up(raw)
    np.testing.assert_array_equal(np.isin(cells, np.float32(cell.marks)), [1, 1, 0, 0, 0, 0, 0])
    back = cell.down(cells.astype(np.float64))
    np.testing.assert_array_equal(back[:2], raw[:2])
    assert np.isnan(back[5])
    np.testing.assert_allclose(back[[2, 3, 4, 6]], raw[[2, 3, 4, 6]], atol=2.0)
    np.testing.assert_allclose(ladj, [0, 0, *[-np.log(3)] * 3, 0, -np.log(3)])
    assert cell.column == Real(cell.marks, True)


def test_values_at_the_side_of_an_atom_stay_on_their_side():
    cell = RealCell(Affine(0.0, 1.0), atoms=(1.0,))
    (below, at, above), _ = cell.up(np.array([1 - 1e-12, 1.0, 1 + 1e-12]))
    assert below < at < above


def test_atoms_that_float32_cannot_tell_apart_have_cells_of_their_own():
    cell = RealCell(Affine(0.0, 1e9), atoms=(1.0, 1.0 + 1e-9, 2.0))
    assert len(set(cell.marks)) == 3
    np.testing.assert_array_equal(cell.down(np.array(cell.marks)), cell.atoms)
    assert all(np.float32(mark) == mark for mark in cell.marks)


def test_counts_as_they_are():
    cell = CountCell(missing=True)
    cells, ladj = cell.up(np.array([0.0, 2**24, np.nan]))
    np.testing.assert_array_equal(cell.down(cells.astype(float)), [0, 2**24, np.nan])
    np.testing.assert_array_equal(cell.down(np.array([-3.0, 1.4])), [0, 1])
    assert not ladj.any()
    assert cell.column == Count(True)


def test_the_unseen_share_the_rarest_levels_mass():
    cell = CategoryCell(3, rarest=1, reserve=0.25)
    cells, ladj = cell.up(np.array([0.0, 1.0, 2.0, UNSEEN]))
    np.testing.assert_array_equal(cells, [0, 1, 2, 1])
    p = np.array([0.5, 0.2, 0.3])[cells.astype(int)]  # any model's masses
    assert (p * np.exp(ladj)).sum() == pytest.approx(1)
    assert not CategoryCell(3).up(np.array([0.0, 1.0, 2.0]))[1].any()
    assert cell.column == Category(3)
    np.testing.assert_array_equal(cell.down(np.array([-1.0, 0.2, 9.0, np.nan])), [0, 0, 2, np.nan])


@pytest.mark.parametrize(
    "cell",
    [
        RealCell(Logarithm(1.0, 0.0, 2.0), (0.0, 3.5), True),
        CountCell(True),
        CategoryCell(3, True, 2, 0.5),
    ],
)
def test_parts_rebuild_the_cell(cell):
    assert cell_from(Part(json.loads(json.dumps(cell.parts())))) == cell


@pytest.mark.parametrize(
    "parts",
    [
        {"is": "CategoryCell", "k": 0, "missing": False, "rarest": 0, "reserve": 0.0},
        {"is": "CategoryCell", "k": 2, "missing": False, "rarest": 2, "reserve": 0.0},
        {"is": "CategoryCell", "k": 2, "missing": False, "rarest": 0, "reserve": 1.0},
        {"is": "CategoryCell", "k": 10**12, "missing": False, "rarest": 0, "reserve": 0.0},
        {"is": "CountCell", "missing": 1},
        {"is": "RealCell", "map": {"is": "Affine", "shift": 0, "scale": 1}, "atoms": [None], "missing": False},
        {"is": "Cell"},
    ],
)
def test_hostile_parts_are_refused(parts):
    with pytest.raises(Corrupt):
        cell_from(Part(parts))
