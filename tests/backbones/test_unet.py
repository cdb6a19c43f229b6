import pytest
import torch
from torch import nn

from likely.backbones import UNet, denoiser
from likely.backbones.unet import Look, ResidualUNet, sizes
from likely.errors import FieldError
from likely.spaces import Image

TINY = UNet(width=4, multipliers=(1, 2), blocks=1)


@pytest.mark.parametrize("size", [(28, 28), (8, 8), (32, 20), (7, 13), (1, 5), (1, 1)])
def test_any_size_comes_back(keeps_the_rules, size):
    net = ResidualUNet(3, 2, size, UNet(width=4, multipliers=(1, 1, 2), blocks=1), embedding=6, memory=5)
    assert net(torch.randn(2, 3, *size), torch.randn(2, 6), torch.randn(2, 3, 5)).shape == (2, 2, *size)
    keeps_the_rules(net, torch.randn(2, 3, *size), torch.randn(2, 6), torch.randn(2, 3, 5))


def test_sizes_round_up():
    assert sizes((28, 28), 3) == [(28, 28), (14, 14), (7, 7)]
    assert sizes((32, 20), 4) == [(32, 20), (16, 10), (8, 5), (4, 3)]


@pytest.mark.parametrize("size", [(28, 28), (7, 13), (1, 5), (1, 1)])
def test_patches_of_any_size_come_back(keeps_the_rules, size):
    network = UNet(width=4, multipliers=(1, 2), blocks=1, patch=3)
    net, x, e = ResidualUNet(3, 2, size, network, embedding=6), torch.randn(2, 3, *size), torch.randn(2, 6)
    assert net(x, e).shape == (2, 2, *size)
    keeps_the_rules(net, x, e)


def test_a_patch_is_the_channels_of_one_place():
    net = ResidualUNet(2, 2, (5, 7), UNet(width=4, multipliers=(1, 2), blocks=1, patch=2), embedding=4)
    assert net.sizes == [(3, 4), (2, 2)]
    x = torch.randn(3, 2, 5, 7)
    apart = net._apart(x)
    assert apart.shape == (3, 8, 3, 4)
    assert torch.equal(apart[:, :4, 1, 2], x[:, 0, 2:4, 4:6].flatten(1))
    assert not apart[:, 2:4, 2].any()  # beyond the picture
    assert torch.equal(net._together(apart), x)


def test_waves_tell_a_level_of_256_from_the_next():
    net = denoiser(Image(1, 4, 4, None), network=UNet(width=4, multipliers=(1,), blocks=1, waves=9))
    x = torch.full((1, 1, 4, 4), -1 + 1 / 256)
    one, next_one, half = (net.waves(x + step / 256) for step in (0, 2, 1))
    assert one.shape == (1, 19, 4, 4)
    finest = [9, 18]  # cosine and sine of the last octave, whose period is a level
    torch.testing.assert_close(one[:, finest], next_one[:, finest], atol=1e-3, rtol=0)
    torch.testing.assert_close(one[:, finest], -half[:, finest], atol=1e-3, rtol=0)
    assert (one - next_one)[:, [8, 17]].abs().max() > 1  # the octave before says which of two


def looks(net: nn.Module) -> int:
    return sum(isinstance(part, Look) for part in net.modules())


def test_attention_only_where_it_was_asked_for_and_in_the_middle():
    def net(*sides: int) -> nn.Module:
        return ResidualUNet(1, 1, (28, 20), UNet(width=4, multipliers=(1, 2, 2), attention=sides), embedding=4)

    assert looks(net()) == 1
    assert looks(net(7)) == 1 + 2 + 3
    assert looks(net(7, 14)) == 1 + 2 * (2 + 3)
    assert looks(net(5)) == 1  # the longer side decides


def test_it_is_as_large_as_the_network_it_is_measured_against():
    net = denoiser(Image(1, 28, 28, None), network=UNet(width=32, multipliers=(1, 2, 4), attention=(7,)))
    ours = sum(p.numel() for p in net.parameters())
    assert abs(ours / 3_939_393 - 1) < 1e-3


def test_it_is_one_graph():
    net = ResidualUNet(1, 1, (8, 8), TINY, embedding=4)
    x, e = torch.randn(2, 1, 8, 8), torch.randn(2, 4)
    whole = torch.compile(net, backend="eager", fullgraph=True)
    torch.testing.assert_close(whole(x, e), net(x, e))


def test_bf16_is_close():
    net = ResidualUNet(1, 1, (8, 8), TINY, embedding=4).to(memory_format=torch.channels_last)
    x, e = torch.randn(2, 1, 8, 8), torch.randn(2, 4)
    with torch.autocast("cpu", torch.bfloat16):
        rough = net(x, e).float()
    torch.testing.assert_close(rough, net(x, e), rtol=0.1, atol=0.1)


@pytest.mark.parametrize(
    "field", [{"width": 0}, {"blocks": 0}, {"patch": 0}, {"multipliers": ()}, {"multipliers": (1, 0)}]
)
def test_what_cannot_be_built_is_refused(field):
    with pytest.raises(FieldError, match="at least 1"):
        UNet(**field)


def test_waves_are_counted():
    with pytest.raises(FieldError, match="0 octaves, or more"):
        UNet(waves=-1)
