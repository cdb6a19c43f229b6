import pytest
import torch

from likely.bijections import ActNorm, Affine, Autoregressions, Inverse, Linear, Spline, Tails

FORMS = [Affine(), Spline(bins=4)]


@pytest.mark.parametrize("form", FORMS, ids=repr)
@pytest.mark.parametrize("columns", [1, 2, 5])
@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("mixed", [False, True])
def test_rows(jacobian_agrees, disturbed, form, columns, inverted, mixed):
    stack = Autoregressions(form=form, layers=2, hidden=(8, 8), inverted=inverted, mixed=mixed)
    jacobian_agrees(disturbed(stack.of_rows(columns), 0.1), torch.randn(3, columns, dtype=torch.float64), None, 1e-6)


@pytest.mark.parametrize("inverted", [False, True])
def test_images(jacobian_agrees, disturbed, inverted):
    stack = Autoregressions(form=Affine(), layers=2, hidden=(8,), inverted=inverted)
    jacobian_agrees(disturbed(stack.of_images((1, 3, 2)), 0.1), torch.rand(2, 1, 3, 2).double() * 2 - 1, None, 1e-6)


def test_every_code_depends_on_every_column():
    stack = Autoregressions(form=Affine(), layers=2, hidden=(32,))
    flow = stack.of_rows(5)
    jacobian = torch.autograd.functional.jacobian(lambda x: flow(x)[0].sum(0), torch.randn(20, 5)).abs().sum(1)
    assert (jacobian != 0).all()


def test_many_columns_are_not_mixed_by_matrices():
    stack = Autoregressions(form=Affine(), layers=2, hidden=(4,), mixed=True)
    assert [type(part) for part in stack.of_rows(9)][2::2] == [Linear, Linear]
    assert Linear not in [type(part) for part in stack.of_rows(200)]


def test_the_inverted_ones_are_the_same_transforms_the_other_way_round():
    torch.manual_seed(0)
    plain = Autoregressions(form=Affine(), layers=1, hidden=(8,)).of_rows(3)
    torch.manual_seed(0)
    inverted = Autoregressions(form=Affine(), layers=1, hidden=(8,), inverted=True).of_rows(3)
    assert [type(part) for part in inverted] == [Tails, ActNorm, Inverse]
    x = torch.randn(5, 3)
    torch.testing.assert_close(list(inverted)[2].inverse(x), list(plain)[2](x))
