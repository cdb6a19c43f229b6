"""Patterns of missing cells: every row in one group, with its own pattern, however many columns there are."""

import pytest
import torch

from likely.distributions.pattern import groups


@pytest.mark.parametrize("columns", [1, 3, 70, 130])
@pytest.mark.parametrize("most", [1, 5, 1000])
def test_every_row_is_in_one_group_with_its_own_pattern(columns: int, most: int) -> None:
    rng = torch.Generator().manual_seed(columns)
    known = torch.rand(300, columns, generator=rng) < 0.9
    known[:50] = True
    known[50:90] = False
    seen = torch.zeros(300, dtype=torch.int64)
    for group in groups(known, most):
        assert len(group.known) <= most
        for part in group.parts(64):
            there = torch.ones_like(part.rows, dtype=torch.bool) if part.there is None else part.there
            assert torch.equal(part.take(known)[there], part.known[:, None].expand(*part.rows.shape, -1)[there])
            seen += torch.bincount(part.rows[there], minlength=300)
            assert part.rows.numel() <= max(64, len(part.rows))
    assert (seen == 1).all()


def test_labels_keep_groups_apart() -> None:
    known, label = torch.ones(20, 2, dtype=torch.bool), torch.arange(20) % 3
    for group in groups(known, 100, label):
        for rows, there in zip(group.rows, group.there if group.there is not None else torch.ones_like(group.rows) > 0):
            assert len(label[rows[there]].unique()) == 1


def test_rows_that_know_everything_are_one_stretch() -> None:
    (group,) = groups(torch.ones(10, 3, dtype=torch.bool), 5)
    assert group.known is None
    assert [part.rows for part in group.parts(4)] == [slice(0, 4), slice(4, 8), slice(8, 10)]
    assert list(groups(torch.ones(0, 3, dtype=torch.bool), 5)) == []


def test_values_are_put_where_their_rows_are_and_padding_weighs_nothing() -> None:
    known = torch.rand(50, 2, generator=torch.Generator().manual_seed(0)) < 0.5
    cells, weight, target, whole = torch.arange(50.0), torch.rand(50).double(), torch.zeros(50), 0.0
    for group in groups(known, 100):
        for part in group.parts(7):
            part.put(part.take(cells), target)
            whole += float(part.weights(weight).sum())
    assert torch.equal(target, cells)
    assert whole == pytest.approx(float(weight.sum()))
