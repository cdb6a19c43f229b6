"""Denoisers that are shown a part of a row: the law of holes, and conditionals against a Gaussian's own."""

import pytest
import torch

from likely.backbones import MLP, UNet, denoiser
from likely.diffusion import Informed, Patches, filled_in, shown
from likely.errors import FieldError
from likely.families.diffusion import Diffusion
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Image, Series, Vector, Wave, reals

SPACES = [Image(3, 6, 8), Series(2, 12), Wave(100, 12)]


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_holes_are_alike_in_all_channels_and_some_rows_are_blank(space):
    known = Patches(blank=0.3, dots=0.5).known(space, 4000, like=torch.zeros(1), rng=Keyed(0))
    assert known.shape == (4000, *space.shape)
    assert isinstance(space, Wave) or (known == known[:, :1]).all()
    share = known.flatten(1).double().mean(1)
    assert abs(float((share == 0).double().mean()) - 0.3) < 0.12  # those that were meant, and boxes that hold nothing
    assert 0.3 < float(share[share > 0].mean()) < 0.7
    assert ((share > 0) & (share < 1)).double().mean() > 0.4


def test_a_row_s_hole_is_its_own():
    together = Patches().known(SPACES[0], 8, like=torch.zeros(1), rng=Keyed(3))
    alone = Patches().known(SPACES[0], 2, like=torch.zeros(1), rng=Keyed(3, rows=4))
    assert torch.equal(together[4:6], alone)


@pytest.mark.parametrize("network", [MLP(width=16, depth=2), UNet(width=8, blocks=1)], ids=["mlp", "unet"])
@pytest.mark.parametrize("space", SPACES, ids=str)
def test_what_is_shown_changes_what_is_seen_and_showing_nothing_does_not(space, network):
    torch.manual_seed(0)
    net = denoiser(space, network=network, shown=True)
    for weight in net.parameters():
        torch.nn.init.normal_(weight, std=0.1)
    x, level = torch.randn(4, *space.shape), torch.zeros(4)
    nothing = shown(x, torch.zeros_like(x, dtype=torch.bool))
    whole = shown(x, torch.ones_like(x, dtype=torch.bool))
    assert torch.equal(net(x, level, None, nothing), net(x, level))
    assert not torch.allclose(net(x, level, None, whole), net(x, level, None, nothing), atol=1e-4)


def test_a_guided_walk_fills_every_row_as_it_would_alone():
    torch.manual_seed(0)
    family = Diffusion(holes=Patches(), guidance=2.0, network=MLP(width=8, depth=1), steps=4)
    model = family.build(Image(1, 2, 2), Vector((Category(2),)))
    x, c = torch.randn(3, 1, 2, 2), torch.tensor([[0.0], [1.0], [0.0]])
    known = torch.tensor([[True, False], [False, True]]).expand_as(x)
    with torch.no_grad():
        for weights in model.parameters():
            weights.normal_(std=0.3)  # it begins by saying nothing
        made = filled_in(model, x, known, c, rng=Keyed(1))
        alone = filled_in(model, x[:1], known[:1], c[:1], rng=Keyed(1))
    assert torch.equal(made[known], x[known])
    assert torch.allclose(made[:1], alone, atol=1e-5)


def test_rows_of_a_table_are_refused_by_name():
    with pytest.raises(FieldError, match="pictures, series or sounds"):
        Diffusion(holes=Patches()).build(reals(3))
    with pytest.raises(FieldError, match="blank above 0"):
        Patches(blank=0.0)


@pytest.fixture(scope="module")
def learned():
    """Pairs of pixels of correlation 0.8, one beside the other."""
    family = Diffusion(holes=Patches(), network=MLP(width=64, depth=2), steps=40)
    model = family.build(Image(1, 1, 2))
    torch.manual_seed(0)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(900):
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * (1 - step / 900)
        z = torch.randn(512, 2)
        x = torch.stack([z[:, 0], 0.8 * z[:, 0] + 0.6 * z[:, 1]], 1)[:, None, None]
        for turn in model.turns(x, rng=Stepped(0, step)):
            optimizer.zero_grad()
            turn.loss().backward()
            optimizer.step()
    return model.eval()


def test_a_learned_conditional_is_the_gaussian_s(learned):
    assert isinstance(learned, Informed)
    x = torch.full((4000, 1, 1, 2), 1.0)
    known = torch.tensor([True, False]).expand_as(x)
    with torch.no_grad():
        made = filled_in(learned, x, known, rng=Keyed(1))
    assert torch.equal(made[..., 0], x[..., 0])
    drawn = made[..., 1].flatten().double()
    assert abs(float(drawn.mean()) - 0.8) < 0.1
    assert abs(float(drawn.std()) - 0.6) < 0.1


def test_whole_rows_are_drawn_as_ever(learned):
    with torch.no_grad():
        rows = learned.sample(4000, rng=Keyed(2)).flatten(1).double()
    assert rows.mean(0).abs().max() < 0.1
    assert abs(float(torch.corrcoef(rows.T)[0, 1]) - 0.8) < 0.07
