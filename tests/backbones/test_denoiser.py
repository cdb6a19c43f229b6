import pytest
import torch

from likely.backbones import MLP, Conv, UNet, denoiser
from likely.errors import ConditionError, FieldError
from likely.spaces import Image, Tokens, absent, label, reals

TINY = UNet(width=4, multipliers=(1, 2), blocks=1)
PICTURE = Image(2, 9, 7, None)
WAYS = [(reals(3), None), (PICTURE, TINY), (PICTURE, MLP(width=8))]


@pytest.mark.parametrize(("target", "network"), WAYS, ids=["rows", "unet", "flat image"])
def test_every_condition_is_heard(target, network, space, cells, keeps_the_rules):
    net, c = denoiser(target, condition=space, network=network), cells(space)
    x_t, level = torch.randn(4, *target.shape), torch.linspace(-1, 1, 4)
    assert net(x_t, level, c).shape == x_t.shape
    assert not torch.allclose(net(x_t, level, c), net(x_t, level, absent(c)))
    keeps_the_rules(net, x_t, level, c)


@pytest.mark.parametrize(("target", "network"), WAYS, ids=["rows", "unet", "flat image"])
def test_the_level_is_heard(target, network, keeps_the_rules):
    net, x_t = denoiser(target, network=network), torch.randn(4, *target.shape)
    assert not torch.allclose(net(x_t, torch.full((4,), 0.1)), net(x_t, torch.full((4,), 0.2)))
    keeps_the_rules(net, x_t, torch.linspace(-1, 1, 4))


def test_each_word_is_heard():
    torch.manual_seed(0)
    net = denoiser(PICTURE, condition=Tokens(9, 4), network=TINY)
    x_t, level = torch.randn(1, *PICTURE.shape), torch.zeros(1)
    said = net(x_t, level, torch.tensor([[1, 2, 3, 4]]))
    assert not torch.allclose(said, net(x_t, level, torch.tensor([[1, 2, 3, 5]])))


def test_a_forgotten_condition_is_asked_for():
    with pytest.raises(ConditionError, match="absent"):
        denoiser(reals(2), condition=label(2))(torch.zeros(1, 2), torch.zeros(1))


@pytest.mark.parametrize(("space", "network"), [(reals(3), TINY), (PICTURE, Conv()), (Tokens(4, 4), None)])
def test_what_does_not_fit_is_named(space, network):
    with pytest.raises(FieldError, match=type(space).__name__):
        denoiser(space, network=network)


def test_a_linear_map_cannot_denoise():
    with pytest.raises(FieldError, match="hidden layers"):
        denoiser(reals(2), network=MLP(depth=0))
