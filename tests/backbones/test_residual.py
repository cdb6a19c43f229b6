import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from likely.backbones import Residual, decoder, encoder
from likely.backbones.batch_norm import BatchNorm
from likely.backbones.residual import Ascent, Convolution, Drawing, Look, Reading, ResidualEncoder, looks
from likely.backbones.spectral import Spectral
from likely.errors import FieldError
from likely.spaces import Image, absent, label

SIDES = [(8, 8), (28, 28), (32, 32), (64, 64), (1, 7), (13, 20), (4, 4), (2, 1)]
SMALL = Residual(width=4, attention=(4, 7, 10, 14))
PLAIN = Residual(width=4, attention=(), spectral=False)


def wake(module: nn.Module) -> nn.Module:
    """Looks that begin at nothing are given some weight."""
    for look in module.modules():
        if isinstance(look, Look):
            look.gain.data.fill_(0.5)
    return module


@pytest.mark.parametrize("size", SIDES, ids=str)
@pytest.mark.parametrize("channels", [1, 2])
def test_any_side(size, channels, cells, keeps_the_rules):
    torch.manual_seed(0)
    space = Image(channels, *size)
    critic, x = wake(encoder(space, 6, SMALL)), cells(space)
    keeps_the_rules(critic.eval(), x, output=lambda context: context.summary)
    generator, c = (
        wake(decoder(5, space.shape, condition=label(3), network=SMALL)),
        torch.tensor([[0.0], [1.0], [2.0], [2.0]]),
    )
    assert generator(torch.randn(4, 5), c).shape == (4, *space.shape)
    keeps_the_rules(generator.eval(), torch.randn(4, 5), c)


@pytest.mark.parametrize("size", [(8, 8), (4, 4), (1, 1), (3, 6)], ids=str)
@pytest.mark.parametrize("spectral", [False, True])
def test_a_halving_convolution_is_a_convolution_and_the_mean_of_four(size, spectral):
    torch.manual_seed(0)
    layer = Convolution(3, 5, 3, Residual(spectral=spectral), halving=True).double().eval()
    x = torch.randn(2, 3, *size, dtype=torch.float64)
    weight = layer.weight(layer.convolution.weight)
    even = F.pad(x, (0, size[1] % 2, 0, size[0] % 2))
    slow = F.avg_pool2d(F.conv2d(even, weight, layer.convolution.bias, padding=1), 2)
    torch.testing.assert_close(layer(x), slow)


def test_blocks_are_what_they_say():
    torch.manual_seed(0)
    block, x = Reading(3, 6, PLAIN, first=False, halving=True).double(), torch.randn(2, 3, 6, 6, dtype=torch.float64)
    before, after, shortcut = (each.convolution for each in (block.before, block.after, block.shortcut))
    h = F.conv2d(F.relu(F.conv2d(x.relu(), before.weight, before.bias, padding=1)), after.weight, after.bias, padding=1)
    torch.testing.assert_close(block(x), F.avg_pool2d(h + F.conv2d(x, shortcut.weight), 2))
    block = Drawing(3, 2, (7, 8), told=4).double()
    x, e = torch.randn(2, 3, 4, 4, dtype=torch.float64), torch.randn(2, 4, dtype=torch.float64)
    conv = block.doubling.conv
    h = F.conv2d(F.interpolate(block.norms[0](x, e).relu(), scale_factor=2.0), conv.weight, conv.bias, padding=1)
    h = block.convolution(block.norms[1](h[:, :, :7], e).relu())
    torch.testing.assert_close(block(x, e), h + F.interpolate(block.shortcut(x), scale_factor=2.0)[:, :, :7])


def test_attention_is_the_naive_loop():
    torch.manual_seed(0)
    look, x = wake(Look(16, PLAIN)).double(), torch.randn(2, 16, 3, 2, dtype=torch.float64)
    f, h, v = look.into(x).flatten(2).split(look.parts, 1)
    for row in range(2):
        for place in range(6):
            told = torch.stack([f[row, :, place] @ h[row, :, other] / look.parts[0] ** 0.5 for other in range(6)])
            weights = (told - told.max()).exp() / (told - told.max()).exp().sum()
            seen = sum(weights[other] * v[row, :, other] for other in range(6))
            out = look.out.convolution.weight.flatten(1) @ seen
            at = divmod(place, 2)
            torch.testing.assert_close(look(x)[row, :, at[0], at[1]], x[row, :, at[0], at[1]] + 0.5 * out)


def test_a_look_begins_as_nothing_and_is_where_it_was_asked_for():
    torch.manual_seed(0)
    look, x = Look(8, SMALL), torch.randn(2, 8, 4, 4)
    assert torch.equal(look(x), x)
    sides = {size: len(looks(8, (size, size), Residual(attention=(8, 16, 1)))) for size in (1, 4, 8, 16, 32)}
    assert sides == {1: 0, 4: 0, 8: 1, 16: 1, 32: 0}
    critic = encoder(Image(1, 28, 28), 4, Residual(width=2))
    assert [tuple(each.shape[-2:]) for each in looked(critic, torch.zeros(1, 1, 28, 28))] == [(14, 14)]


def looked(network: nn.Module, x: torch.Tensor) -> list[torch.Tensor]:
    """The maps that looks are shown."""
    seen: list[torch.Tensor] = []
    for look in network.modules():
        if isinstance(look, Look):
            look.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    network(x)
    return seen


def test_the_code_reaches_every_block():
    torch.manual_seed(0)
    told, dumb = (Ascent(5, 1, (16, 16), Residual(width=4, skips=skips), told=3) for skips in (True, False))
    assert [norm.told.shape[1] for norm in told.modules() if isinstance(norm, BatchNorm) and norm.told is not None] == [
        8
    ] * 4
    assert [norm.told.shape[1] for norm in dumb.modules() if isinstance(norm, BatchNorm) and norm.told is not None] == [
        3
    ] * 4
    told.stem.data.zero_()  # what it still draws of the code comes by the skips
    z, e = torch.randn(2, 5), torch.zeros(2, 3)
    z[:, 0] = torch.tensor([1.0, -1.0])
    drawn = told.eval()(z, e)
    for norm in told.modules():
        if isinstance(norm, BatchNorm) and norm.told is not None:
            norm.told.data[:, :5].zero_()
    torch.testing.assert_close(told(z, e)[0], told(z, e)[1])
    assert not torch.allclose(drawn[0], drawn[1])


@pytest.mark.parametrize("side", [4, 8])
def test_a_condition_is_told_by_the_norms(side):
    torch.manual_seed(0)
    generator = decoder(5, (1, side, side), condition=label(3), network=SMALL).eval()
    z, c = torch.randn(3, 5), torch.tensor([[0.0], [1.0], [2.0]])
    assert not torch.allclose(generator(z, c), generator(z, absent(c)))
    for norm in generator.trunk.modules():
        if isinstance(norm, BatchNorm) and norm.told is not None:
            norm.told.data[:, 5:].zero_()
    torch.testing.assert_close(generator(z, c), generator(z, absent(c)))


@pytest.mark.parametrize("spectral", [False, True])
def test_penalties_on_the_critics_slope(spectral):
    torch.manual_seed(0)
    network = Residual(width=2, attention=(3, 4), spectral=spectral)
    critic = wake(ResidualEncoder(Image(1, 6, 5, None), 1, network)).double()
    x = torch.randn(3, 1, 6, 5, dtype=torch.float64, requires_grad=True)
    critic(x)
    assert torch.autograd.gradgradcheck(lambda x: critic(x).summary.square().sum(), (x,))


def test_every_weight_that_reads_is_held():
    torch.manual_seed(0)
    critic = encoder(Image(1, 8, 8, None), 3, SMALL)
    layers = [each for each in critic.modules() if isinstance(each, nn.Conv2d | nn.Linear)]
    assert sum(isinstance(each, Spectral) for each in critic.modules()) == len(layers)
    free = encoder(Image(1, 8, 8, None), 3, PLAIN)
    assert not any(isinstance(each, Spectral) for each in free.modules())
    drawn = decoder(4, (1, 8, 8), network=SMALL)
    assert not any(isinstance(each, Spectral) for each in drawn.modules())


def test_a_critic_evaluated_twice_says_the_same_and_resumes_bit_for_bit(cells):
    torch.manual_seed(0)
    space = Image(1, 8, 8, None)
    critic, x = encoder(space, 3, SMALL), cells(space)
    assert torch.equal(critic(x).summary, critic(x).summary)
    other = encoder(space, 3, SMALL)
    other.load_state_dict(copy.deepcopy(critic.state_dict()))
    assert torch.equal(critic(x).summary, other(x).summary)


def test_orthogonal_first_weights():
    torch.manual_seed(0)
    critic = encoder(Image(1, 8, 8, None), 3, Residual(width=4, orthogonal=True))
    for layer in critic.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            weight = layer.weight.detach().flatten(1)
            near = weight @ weight.T if len(weight) <= weight.shape[1] else weight.T @ weight
            torch.testing.assert_close(near, torch.eye(len(near)), atol=1e-5, rtol=0)
    generator = decoder(16, (1, 8, 8), network=Residual(width=4, orthogonal=True))
    stem = generator.trunk.stem.detach()
    torch.testing.assert_close(stem.T @ stem, torch.eye(16), atol=1e-5, rtol=0)


def test_no_width_is_refused():
    with pytest.raises(FieldError, match="at least 1"):
        Residual(width=0)
