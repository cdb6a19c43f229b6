import pytest
import torch
import torch.nn.functional as F
from torch import nn

from likely.backbones import DCGAN, decoder, encoder
from likely.backbones.dcgan import DCGANEncoder, Doubling, Halving, even, maps, widths
from likely.errors import FieldError
from likely.spaces import Image, label

SIDES = [(8, 8), (28, 28), (32, 32), (64, 64), (1, 7), (13, 20), (4, 4), (2, 1)]
SMALL = DCGAN(width=4)


def reference(width: int = 64, channels: int = 3, noise: int = 100) -> tuple[nn.Sequential, nn.Sequential]:
    """Generator and critic at 64 x 64, layer by layer as they are published."""
    a, b, c, d = width, 2 * width, 4 * width, 8 * width
    up = [nn.ConvTranspose2d(noise, d, 4, 1, 0, bias=False)]
    for inputs, outputs in ((d, c), (c, b), (b, a), (a, channels)):
        up += [nn.BatchNorm2d(inputs), nn.ReLU(), nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)]
    down = [nn.Conv2d(channels, a, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
    for inputs, outputs in ((a, b), (b, c), (c, d)):
        down += [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]
    return nn.Sequential(*up), nn.Sequential(*down, nn.Conv2d(d, 1, 4, 1, 0, bias=False), nn.Flatten())


def parameters(module: nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())


def test_the_published_networks_at_64():
    up, down = reference()
    assert (parameters(up), parameters(down)) == (3_576_704, 2_765_568)
    generator, critic = decoder(100, (3, 64, 64), network=DCGAN()), encoder(Image(3, 64, 64), 1, DCGAN())
    assert parameters(generator) == 3_576_704
    assert parameters(critic.trunk) + parameters(critic.summary) == 2_765_568 + 16 * 64 + 1  # the mask; a bias
    assert [tuple(w.shape) for w in generator.trunk.convolutions.parameters()] == [
        (512, 256, 4, 4), (256, 128, 4, 4), (128, 64, 4, 4), (64, 3, 4, 4)]  # fmt: skip
    assert [tuple(w.shape) for w in critic.trunk.convolutions.parameters()] == [
        (64, 4, 4, 4), (128, 64, 4, 4), (256, 128, 4, 4), (512, 256, 4, 4)]  # fmt: skip


def test_they_compute_what_is_published():
    torch.manual_seed(0)
    up, down = (each.double() for each in reference(width=4))
    ours = Doubling(100, 3, (64, 64), SMALL).double()
    theirs = [layer for layer in up if isinstance(layer, nn.ConvTranspose2d)]
    theirs[0].weight.data = ours.stem.data.view(4, 4, 32, 100).permute(3, 2, 0, 1)
    for layer, own in zip(theirs[1:], ours.convolutions):
        layer.weight.data = own.weight.data
    for layer, own in zip([each for each in up if isinstance(each, nn.BatchNorm2d)], ours.norms):
        layer.weight.data, layer.bias.data = own.gain.data, own.shift.data
    z = torch.randn(5, 100, dtype=torch.float64)
    drawn = ours(z)
    torch.testing.assert_close(drawn, up(z[:, :, None, None]))
    trunk = Halving(3, (64, 64), SMALL).double()
    theirs = [layer for layer in down if isinstance(layer, nn.Conv2d)]
    for layer, own in zip(theirs, trunk.convolutions):
        layer.weight.data = own.weight.data
    for layer, own in zip([each for each in down if isinstance(each, nn.BatchNorm2d)], trunk.norms):
        layer.weight.data, layer.bias.data = own.gain.data, own.shift.data
    torch.testing.assert_close(trunk(drawn) @ theirs[-1].weight.flatten(), down(drawn)[:, 0])


def test_it_begins_as_published():
    torch.manual_seed(0)
    trunk = Doubling(100, 3, (32, 32), DCGAN())
    for weight in (trunk.stem, *trunk.convolutions.parameters()):
        assert abs(float(weight.detach().std()) - 0.02) < 0.001
    gains = torch.cat([norm.gain.detach() for norm in trunk.norms])
    assert abs(float(gains.mean()) - 1) < 0.01
    assert abs(float(gains.std()) - 0.02) < 0.005


@pytest.mark.parametrize("size", SIDES, ids=str)
@pytest.mark.parametrize("channels", [1, 2])
def test_any_side(size, channels, cells, keeps_the_rules):
    torch.manual_seed(0)
    space = Image(channels, *size)
    critic, x = encoder(space, 6, SMALL), cells(space)
    critic(x)
    keeps_the_rules(critic.eval(), x, output=lambda context: context.summary)
    generator, c = (
        decoder(5, space.shape, condition=label(3), network=SMALL),
        torch.tensor([[0.0], [1.0], [2.0], [2.0]]),
    )
    assert generator(torch.randn(4, 5), c).shape == (4, *space.shape)
    keeps_the_rules(generator.eval(), torch.randn(4, 5), c)


def test_sizes_and_widths():
    assert maps((28, 28)) == [(28, 28), (14, 14), (7, 7), (4, 4)]
    assert maps((4, 3)) == [(4, 3), (2, 2)]
    assert widths(64, 6, 8) == [64, 128, 256, 512, 512, 512]
    assert even(torch.zeros(1, 1, 3, 4)).shape == (1, 1, 4, 4)


def test_penalties_on_the_critics_slope(cells):
    torch.manual_seed(0)
    critic = DCGANEncoder(Image(1, 6, 5, None), 1, DCGAN(width=2)).double()
    x = torch.randn(3, 1, 6, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: critic(x).summary.square().sum(), (x,))


def test_a_missing_pixel_is_not_a_grey_one():
    torch.manual_seed(0)
    critic = encoder(Image(1, 8, 8, None), 3, SMALL).eval()
    grey = torch.zeros(1, 1, 8, 8)
    gone = grey.clone()
    gone[0, 0, 2, 2] = float("nan")
    assert critic(gone).summary.isfinite().all()
    assert not torch.allclose(critic(gone).summary, critic(grey).summary)


def test_layouts_agree():
    torch.manual_seed(0)
    generator, z = decoder(5, (2, 16, 16), network=SMALL), torch.randn(4, 5)
    plain = generator(z)
    torch.testing.assert_close(generator.to(memory_format=torch.channels_last)(z), plain, rtol=1e-4, atol=1e-5)


def test_the_last_linear_layer_reads_the_whole_map():
    torch.manual_seed(0)
    critic = encoder(Image(1, 8, 8, None), 2, SMALL).eval()
    x = torch.randn(2, 1, 8, 8)
    torch.testing.assert_close(
        critic(x).summary, F.linear(critic.trunk(critic.pixels(x)), critic.summary.weight, critic.summary.bias)
    )


def test_no_width_is_refused():
    with pytest.raises(FieldError, match="at least 1"):
        DCGAN(width=0)


def test_without_norms_rows_do_not_depend_on_one_another_nor_do_maps_die_away():
    torch.manual_seed(0)
    x = torch.rand(6, 3, 28, 28) * 2 - 1
    plain, normed = (encoder(Image(3, 28, 28, None), 8, DCGAN(width=16, normalised=on)).train() for on in (False, True))
    torch.testing.assert_close(plain(x[:2]).summary, plain(x).summary[:2])
    assert (normed(x[:2]).summary - normed(x).summary[:2]).abs().max() > 1e-3
    assert 0.03 < plain.trunk(plain.pixels(x)).square().mean() < 1  # of x it is 1 / 3
    slope = torch.autograd.grad(plain(x.requires_grad_()).summary.sum(), x, create_graph=True)[0]
    second = torch.autograd.grad(slope.square().sum(), plain.trunk.parameters(), allow_unused=True)
    assert all(each.isfinite().all() for each in second if each is not None)
