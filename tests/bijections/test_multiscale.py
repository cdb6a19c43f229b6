import torch

from likely.bijections import ActNorm, Chain, Linear, MultiScale, Squeeze


def _pyramid():
    first = Chain([Squeeze(), ActNorm(4), Linear(4)])
    second = Chain([Squeeze(), ActNorm(8), Linear(8)])
    return MultiScale([first, second], [(4, 4, 2), (8, 2, 1)])


def test_jacobian(jacobian_agrees, disturbed):
    jacobian_agrees(disturbed(_pyramid(), 0.1), torch.randn(3, 1, 8, 4, dtype=torch.float64))


def test_the_latent_is_one_vector_and_prepare_standardises_each_stage():
    z, _ = _pyramid().prepare(4 + torch.randn(300, 1, 8, 4))
    assert z.shape == (300, 32)
    torch.testing.assert_close(z.mean(), torch.tensor(0.0), atol=1e-3, rtol=0)


def test_as_much_leaves_as_is_told(jacobian_agrees):
    stages = [Chain([ActNorm(3)]), Chain([ActNorm(2)])]
    part = MultiScale(stages, [(3, 2, 2), (2, 2, 2)], [1])
    jacobian_agrees(part, torch.randn(2, 3, 2, 2, dtype=torch.float64))
    x = torch.randn(1, 3, 2, 2, dtype=torch.float64)
    assert torch.equal(part(x)[0][0, :4], x[0, 2].flatten())
    rows = MultiScale([ActNorm(5), ActNorm(3)], [(5,), (3,)])
    jacobian_agrees(rows, torch.randn(2, 5, dtype=torch.float64))


def test_an_odd_number_of_channels_leaves_its_smaller_half(jacobian_agrees):
    stages = [Chain([ActNorm(3)]), Chain([Squeeze(), ActNorm(8)])]
    jacobian_agrees(MultiScale(stages, [(3, 2, 2), (8, 1, 1)]), torch.randn(2, 3, 2, 2, dtype=torch.float64))
