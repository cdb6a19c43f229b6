import torch

from likely.bijections import ActNorm, Chain, Inverse, Linear, Logit, Reverse, prepared


def test_a_chain_adds_up(jacobian_agrees):
    jacobian_agrees(Chain([Logit(), ActNorm(3), Linear(3), Reverse()]), torch.rand(4, 3, dtype=torch.float64) * 2 - 1)


def test_a_chain_of_nothing_is_the_identity():
    z, ladj = Chain([])(torch.ones(3, 2))
    assert torch.equal(z, torch.ones(3, 2))
    assert torch.equal(ladj, torch.zeros(3))


def test_inverse_turns_a_bijection_round(jacobian_agrees):
    jacobian_agrees(Inverse(Linear(3)), torch.randn(4, 3, dtype=torch.float64))


def test_prepare_reaches_every_part_in_turn():
    x = 3 + 2 * torch.randn(500, 3)
    chain = Chain([ActNorm(3), Linear(3), Chain([ActNorm(3)])])
    z, ladj = chain.prepare(x)
    torch.testing.assert_close(z.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(z.std(0, correction=0), torch.ones(3), atol=1e-4, rtol=0)
    again, same = chain(x)
    torch.testing.assert_close(again, z)
    torch.testing.assert_close(same, ladj)


def test_prepared_passes_through_what_needs_no_sample():
    z, ladj = prepared(Reverse(), torch.tensor([[1.0, 2.0]]), None)
    assert z.tolist() == [[2.0, 1.0]]
    assert ladj.tolist() == [0.0]
