"""Choices against torch's, over pixels, tokens and categories."""

import pytest
import torch

from likely.distributions import Categorical
from likely.errors import FieldError
from likely.rng import Keyed
from likely.spaces import Category, Image, Tokens, Vector, reals

SPACES = [(Image(2, 3, 3, 5), 5), (Tokens(4, 6), 4), (Vector((Category(3),) * 2), 3)]


def made(space, codes, rows=9):
    torch.manual_seed(0)
    law = Categorical().law(space)
    raw = 2 * torch.randn(rows, *law.outputs, dtype=torch.float64)
    whole = isinstance(space, Tokens)
    x = torch.randint(0, codes, (rows, *space.shape))
    return law, raw, x if whole else x.double()


def oracle(raw, space, codes):
    return torch.distributions.Categorical(logits=raw.reshape(len(raw), codes, *space.shape).movedim(1, -1))


@pytest.mark.parametrize(("space", "codes"), SPACES, ids=repr)
def test_against_torch(space, codes):
    law, raw, x = made(space, codes)
    expected = oracle(raw, space, codes)
    torch.testing.assert_close(law.cell_log_prob(x, raw), expected.log_prob(x.long()))
    assert (law.mean(raw) == expected.probs.argmax(-1)).all()
    assert law.mean(raw).dtype == x.dtype


@pytest.mark.parametrize(("space", "codes"), SPACES, ids=repr)
def test_frequencies(space, codes):
    law, raw, x = made(space, codes, rows=1)
    drawn = law.sample(raw.expand(20_000, *law.outputs), rng=Keyed(0))
    assert drawn.dtype == x.dtype
    share = torch.stack([(drawn == code).double().mean(0) for code in range(codes)], -1)
    assert ((share - oracle(raw, space, codes).probs[0]).abs() < 5 * 0.5 / 20_000**0.5).all()


def test_missing_cells_are_left_out():
    law, raw, _ = made(Tokens(4, 6), 4, rows=1)
    assert (law.cell_log_prob(torch.full((1, 6), -1), raw) == 0).all()
    law, raw, _ = made(Image(2, 3, 3, 5), 5, rows=1)
    raw.requires_grad_()
    scored = law.cell_log_prob(torch.full((1, 2, 3, 3), torch.nan, dtype=torch.float64), raw)
    scored.sum().backward()
    assert (scored == 0).all()
    assert (raw.grad == 0).all()


def test_a_code_that_does_not_exist_has_no_mass():
    law, raw, x = made(Tokens(4, 6), 4, rows=1)
    x[0, 2] = 4
    assert law.cell_log_prob(x, raw)[0, 2] == -torch.inf


@pytest.mark.parametrize(
    "space",
    [
        reals(2),
        Image(1, 2, 2, None),
        Vector((Category(2), Category(3))),
        Vector((Category(2, missing=True),)),
        Vector(()),
    ],
)
def test_spaces_it_is_not_for(space):
    with pytest.raises(FieldError, match="one number of codes"):
        Categorical().law(space)
