"""Glow: the density against autograd, 1 x 1 convolutions, the learned law of what leaves, both ways, every size."""

import math

import pytest
import torch

from likely import fields
from likely.bijections import Affine, Spline
from likely.contracts import Density, Latent, Prepared, Trained
from likely.errors import FieldError
from likely.families.glow import Glow
from likely.rng import Keyed, Stepped
from likely.spaces import Image, Tokens, label, reals

IMAGES: list[tuple[int, int, int]] = [(1, 8, 8), (3, 4, 6), (1, 7, 7), (1, 2, 2), (1, 1, 1), (1, 6, 5), (1, 28, 28)]


def made(space, condition=None, coupling=None):
    torch.manual_seed(0)
    model = Glow(coupling=coupling or Affine(), steps=2, width=8).flow(space, condition)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model


def rows(space, count=6):
    torch.manual_seed(1)
    return torch.rand(count, *space.shape) * 2 - 1


@pytest.mark.parametrize("shape", IMAGES[:-1], ids=str)
@pytest.mark.parametrize("coupling", [Spline(bins=4), Affine()], ids=repr)
def test_the_density_of_images_is_the_change_of_variables(shape, coupling):
    model = made(Image(*shape, levels=None), coupling=coupling).double()
    x, size = rows(Image(*shape, levels=None), 1).double(), math.prod(shape)
    jacobian = torch.autograd.functional.jacobian(model.encode, x).view(size, size)
    normal = -0.5 * (model.encode(x) ** 2).sum() - 0.5 * size * math.log(2 * math.pi)
    assert model.log_prob(x).item() == pytest.approx((normal + jacobian.slogdet()[1]).item(), abs=1e-7)


@pytest.mark.parametrize("space", [reals(1), reals(7), *(Image(*shape, levels=None) for shape in IMAGES)], ids=repr)
@pytest.mark.parametrize("condition", [None, label(3)], ids=repr)
def test_codes_decode_to_their_rows_and_classes_matter(space, condition):
    model, x = made(space, condition), rows(space)
    c = None if condition is None else torch.arange(6).remainder(3).float()[:, None]
    assert all(isinstance(model, promise) for promise in (Density, Latent, Trained, Prepared))
    model.prepare(x, c, rng=Keyed(0))
    z = model.encode(x, c)
    assert z.shape == (6, *model.codes.shape)
    torch.testing.assert_close(model.decode(z, c), x, atol=1e-4, rtol=1e-4)
    (turn,) = model.turns(x, c, rng=Stepped(0, 0))
    turn.loss().backward()
    assert not [name for name, p in model.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    if c is not None:
        assert not torch.allclose(model.log_prob(x, c), model.log_prob(x, c.roll(1, 0)))


def test_what_leaves_has_a_law_learned_from_what_stays():
    """Pixels that repeat their neighbours: the half that leaves is nearly known from the half that stays."""
    torch.manual_seed(0)
    half = torch.rand(256, 1, 2, 2) * 1.6 - 0.8
    x = (half.repeat_interleave(2, 2).repeat_interleave(2, 3) + 0.02 * torch.randn(256, 1, 4, 4)).clamp(-1, 1)
    model = Glow(steps=2, width=16).flow(Image(1, 4, 4, None))
    model.prepare(x, rng=Keyed(0))
    before = model.log_prob(x).mean().item()
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for step in range(120):
        (turn,) = model.turns(x, rng=Stepped(0, step))
        optimizer.zero_grad()
        turn.loss().backward()
        optimizer.step()
    assert model.log_prob(x).mean().item() > before + 5


def test_wrong_fields_and_spaces_are_told():
    for wrong in ("steps=0", "scales=0", "width=0", "depth=0", "margin=0.5", "rate=0", "rate=inf"):
        with pytest.raises(FieldError):
            fields.made("Family", f"glow,{wrong}")
    with pytest.raises(FieldError, match="Tokens"):
        Glow().build(Tokens(4, 3))
