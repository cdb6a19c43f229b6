"""Cells in any order: a column is told from those before it alone, and cell by cell it is the same."""

import torch

from likely.backbones.causal import Causal
from likely.backbones.cells import Cells
from likely.spaces import label

READS, SAYS = [0, 0, 1, 2, 2], [0, 1, 1, 2]


def made(condition=None) -> Cells:
    torch.manual_seed(0)
    network = Causal(16, 2, 2, window=3, rotary=False)
    return Cells(3, READS, SAYS, network, condition).double()


def test_a_column_is_told_from_those_before_it_in_its_row_s_own_order():
    cells, order = made(), torch.tensor([[0, 1, 2], [2, 0, 1], [1, 2, 0]])
    read = torch.randn(3, 5, dtype=torch.float64, requires_grad=True)
    for row, rank in enumerate(order.argsort(1).tolist()):
        for said, column in enumerate(SAYS):
            (slope,) = torch.autograd.grad(cells(read, order)[row, said], read)
            heard = {READS[at] for at in slope[row].nonzero()[:, 0].tolist()}
            assert heard == {other for other in range(3) if rank[other] < rank[column]}
            assert not slope[[other for other in range(3) if other != row]].any()


def test_cell_by_cell_it_says_the_same():
    cells, order = made(label(2)), torch.tensor([[0, 1, 2], [2, 0, 1]])
    read, c = torch.randn(2, 5, dtype=torch.float64), torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    context = cells.context(c)
    whole = cells(read, order, context)
    for known in (0, 1, 2):
        steps = cells.by_cell(2, order, context)
        h = steps.first(read, known)
        for place in range(known, 3):
            for row in range(2):
                column = int(order[row, place])
                told = [at for at, of in enumerate(SAYS) if of == column]
                torch.testing.assert_close(steps.said(column, h)[row], whole[row, told])
            if place < 2:
                h = steps.next(torch.stack([steps.of(int(order[row, place]), read[row, _places(order[row, place])])
                                            for row in range(2)]))  # fmt: skip


def _places(column):
    return [at for at, of in enumerate(READS) if of == int(column)]


def test_a_single_column_has_nothing_to_read():
    torch.manual_seed(0)
    cells = Cells(1, [0], [0, 0], Causal(16, 1, 2, window=1, rotary=False), None)
    assert cells(torch.randn(4, 1), torch.zeros(4, 1, dtype=torch.int64)).shape == (4, 2)
    assert not [name for name, _ in cells.named_parameters() if "reads" in name or "known" in name]
