import torch

from likely.codecs.codec import Cells


def test_cells_have_a_row_each():
    assert len(Cells(torch.zeros(3, 2), torch.zeros(3))) == 3
