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


@pytest.mark.parametrize("field", [{"width": 0}, {"blocks": 0}, {"multipliers": ()}, {"multipliers": (1, 0)}])
def test_what_cannot_be_built_is_refused(field):
    with pytest.raises(FieldError, match="at least 1"):
        UNet(**field)
