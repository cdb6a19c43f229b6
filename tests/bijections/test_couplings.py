import pytest
import torch

from likely.bijections import Affine, Couplings, Linear, Spline

FORMS = [Affine(), Spline(bins=4)]


@pytest.mark.parametrize("form", FORMS, ids=repr)
@pytest.mark.parametrize("columns", [1, 2, 5])
def test_rows(jacobian_agrees, disturbed, form, columns):
    flow = Couplings(form=form, layers=3, hidden=(8, 8), channels=8).of_rows(columns)
    jacobian_agrees(disturbed(flow, 0.1), torch.randn(3, columns, dtype=torch.float64))


@pytest.mark.parametrize("form", FORMS, ids=repr)
@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 4, 2), (1, 3, 3)], ids=str)
def test_images(jacobian_agrees, disturbed, form, shape):
    flow = Couplings(form=form, layers=2, hidden=(8,), channels=8).of_images(shape)
    jacobian_agrees(disturbed(flow, 0.05), torch.rand(2, *shape, dtype=torch.float64) * 2 - 1)


def test_every_column_is_moved_by_the_others():
    flow = Couplings(form=Affine(), layers=2, hidden=(8,), channels=8).of_rows(4)
    jacobian = torch.autograd.functional.jacobian(lambda x: flow(x)[0].sum(0), torch.randn(1, 4))
    assert (jacobian != 0).all()


@pytest.mark.parametrize("columns", [1, 2, 5])
def test_aligned_columns_are_only_permuted_at_first_and_all_of_them_move(jacobian_agrees, disturbed, columns):
    flow = Couplings(form=Spline(bins=4), layers=4, hidden=(8,), channels=8, aligned=True).of_rows(columns)
    mixing = [part for part in flow.parts if isinstance(part, Linear)]
    moved = torch.zeros(columns, dtype=torch.bool)
    order = torch.arange(columns)
    for i, part in enumerate(mixing):
        order = part(order[None].float())[0][0].detach().long()
        assert order.sort().values.tolist() == list(range(columns))
        moved[order[: columns // 2] if i % 2 else order[columns // 2 :]] = True
    assert moved.all() or columns == 1
    jacobian_agrees(disturbed(flow, 0.1), torch.randn(3, columns, dtype=torch.float64))
