"""The diffusion transformer: weights as the paper counts them, zero at first, any side, every condition heard."""

import pytest
import torch

from likely.backbones import DiT, denoiser
from likely.backbones.dit import Block, PatchTransformer, positions
from likely.errors import FieldError
from likely.spaces import Image, Series, Tokens, Wave, absent, reals

TINY = DiT(width=16, depth=2, heads=2)
WAYS = [reals(1), reals(5), Image(2, 9, 7, None), Series(2, 7), Wave(8000, 9, None), Image(1, 1, 1, None)]


def weights(module):
    return sum(p.numel() for p in module.parameters())


def begun(net):
    """The network away from its zeros, which hide what is behind them."""
    with torch.no_grad():
        for p in net.parameters():
            p.add_(0.1 * torch.randn_like(p))
    return net


@pytest.mark.parametrize("target", WAYS, ids=["one real", "row", "picture", "series", "sound", "pixel"])
def test_it_says_zero_at_first_of_every_kind_of_row(target):
    net, x_t = denoiser(target, network=TINY), torch.randn(4, *target.shape)
    said = net(x_t, torch.zeros(4))
    assert said.shape == x_t.shape
    assert not said.any()


@pytest.mark.parametrize("target", [reals(5), Image(2, 9, 7, None)], ids=["row", "picture"])
def test_every_condition_is_heard(target, space, cells, keeps_the_rules):
    net, c = begun(denoiser(target, condition=space, network=TINY)), cells(space)
    x_t, level = torch.randn(4, *target.shape), torch.linspace(-1, 1, 4)
    assert not torch.allclose(net(x_t, level, c), net(x_t, level, absent(c)))
    keeps_the_rules(net, x_t, level, c)


@pytest.mark.parametrize("target", WAYS, ids=["one real", "row", "picture", "series", "sound", "pixel"])
def test_the_level_is_heard(target, keeps_the_rules):
    net, x_t = begun(denoiser(target, network=TINY)), torch.randn(4, *target.shape)
    assert not torch.allclose(net(x_t, torch.full((4,), 0.1)), net(x_t, torch.full((4,), 0.2)))
    keeps_the_rules(net, x_t, torch.linspace(-1, 1, 4))


@pytest.mark.parametrize("target", [reals(5), Image(2, 4, 4, None)], ids=["row", "picture"])
def test_each_word_is_heard(target):
    torch.manual_seed(0)
    net = begun(denoiser(target, condition=Tokens(9, 4), network=TINY))
    x_t, level = torch.randn(1, *target.shape), torch.zeros(1)
    said = net(x_t, level, torch.tensor([[1, 2, 3, 4]]))
    assert not torch.allclose(said, net(x_t, level, torch.tensor([[1, 2, 3, 5]])))


def test_a_block_has_the_weights_that_the_formula_says():
    assert weights(Block(DiT(width=24, heads=3))) == 18 * 24**2 + 15 * 24


@pytest.mark.parametrize(
    ("width", "depth", "heads", "millions"),
    [(384, 12, 6, 33), (768, 12, 12, 130), (1024, 24, 16, 458), (1152, 28, 16, 675)],
    ids=["S", "B", "L", "XL"],
)
def test_the_paper_s_models_have_the_paper_s_weights(width, depth, heads, millions):
    """Table 1, with what is the paper's own beside the blocks: eight channels out, 1,001 labels, 256 waves of time."""
    with torch.device("meta"):
        net = PatchTransformer(4, 8, (32, 32), DiT(width=width, depth=depth, heads=heads, patch=2))
    theirs = weights(net) + 1001 * width + (256 + 1) * width + (width + 1) * width
    assert round(theirs / 1e6) == pytest.approx(millions, abs=1)


def test_places_are_told_apart_and_a_row_s_neighbours_are_alike():
    told = positions(5, 7, 32)
    apart = torch.cdist(told, told)
    assert (apart + torch.eye(35)).min() > 0.1
    assert apart[0, 1] < apart[0, 3]
    assert apart[0, 7] < apart[0, 21]


def test_patches_come_back_where_they_were():
    net = PatchTransformer(3, 3, (5, 7), DiT(width=8, heads=1, patch=4))
    x = torch.randn(2, 3, 8, 8)
    torch.testing.assert_close(net._together(net._apart(x)), x[:, :, :5, :7])
    cut = net._apart(torch.arange(64.0).view(1, 1, 8, 8))
    torch.testing.assert_close(
        cut[0, 1], torch.tensor([[r * 8 + c for r in range(4) for c in range(4, 8)]]).flatten().float()
    )


def test_it_learns_where_a_picture_s_halves_are():
    """A target that is another function of each patch's place and its neighbours'."""
    torch.manual_seed(0)
    net = denoiser(Image(1, 4, 4, None), network=DiT(width=32, depth=2, heads=2))
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    for _ in range(150):
        x = torch.randn(64, 1, 4, 4)
        loss = (net(x, torch.zeros(64)) - x.flip(3)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.2


@pytest.mark.parametrize("said", [{"width": 30, "heads": 2}, {"width": 32, "heads": 3}, {"depth": 0}, {"patch": 0}])
def test_what_cannot_be_built_is_refused(said):
    with pytest.raises(FieldError, match="DiT"):
        DiT(**said)
