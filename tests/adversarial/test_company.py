"""Minibatch discrimination: by brute force, at its ends, and its gradient."""

import torch

from likely.adversarial import Company


def company(inputs=4, kernels=3):
    torch.manual_seed(0)
    made = Company(inputs, kernels).double()
    torch.nn.init.normal_(made.kernels)
    return made


def test_it_is_the_mean_likeness_with_the_others():
    made, h = company(), torch.randn(5, 4).double()
    seen = made(h)
    assert made.outputs == seen.shape[1] == 7
    assert torch.equal(seen[:, :4], h)
    for i in range(5):
        for b in range(3):
            own = [h[j] @ made.kernels[:, b] for j in range(5)]
            alike = [torch.exp(-(own[i] - own[j]).abs().sum()) for j in range(5) if j != i]
            assert torch.isclose(seen[i, 4 + b], sum(alike) / 4)


def test_one_row_again_and_again_is_alike_and_a_lone_row_is_not():
    h = torch.randn(1, 4).double()
    assert torch.allclose(company()(h.expand(6, 4))[:, 4:], torch.ones(6, 3).double())
    assert (company()(h)[:, 4:] == 0).all()


def test_it_does_not_depend_on_how_many_rows_there_are():
    h = torch.randn(3, 4).double()
    once, often = company()(h), company()(h.repeat(20, 1))[:3]
    assert torch.allclose(59 * often[:, 4:], 40 * once[:, 4:] + 19)  # of the others, 40 are others also of three


def test_rows_are_compared_with_at_most_64():
    h = torch.randn(130, 4).double()
    far = torch.cat([h[:100], 5 * h[100:]])
    assert torch.equal(company()(h)[:44], company()(far)[:44])  # 130 = 44 + 43 + 43
    assert not torch.equal(company()(h)[87:], company()(far)[87:])


def test_its_slope_and_the_slope_of_that():
    made, h = company(), torch.randn(4, 4).double().requires_grad_()
    assert torch.autograd.gradcheck(made, h)
    assert torch.autograd.gradgradcheck(made, h)
