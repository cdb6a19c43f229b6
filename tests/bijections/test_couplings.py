import pytest
import torch

from likely.bijections import Affine, Couplings, Spline

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
