"""Critics: the form of their scores, packs, company, what stands beside rows, and who may depend on whom."""

import pytest
import torch
import torch.nn.functional as F

from likely.adversarial import Auxiliary, Concatenated, Critic, Projected, Shown, octaves
from likely.backbones import DCGAN
from likely.errors import ConditionError
from likely.spaces import Image, Real, Vector, label, reals

WAYS = [Concatenated(), Projected(), Auxiliary()]


def critic(space=reals(3), condition=None, **parts):
    torch.manual_seed(0)
    return Critic(space, condition, width=8, **parts)


def rows(n=6, width=3, seed=1):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(seed))


def classes(n=6):
    return torch.arange(n)[:, None].float() % 4


def test_projection_is_a_score_and_an_inner_product():
    """f(x, c) - f(x, c') = <e(c) - e(c'), h(x)>: two classes differ by something linear in the features."""
    made, x = critic(condition=label(4), told=Projected()), rows()
    other = (classes() + 1) % 4
    apart = made(Shown(x, classes())) - made(Shown(x, other))
    embedding = made.hearing.given.input.embedding.weight
    direction = embedding[classes().long().squeeze(1)] - embedding[other.long().squeeze(1)]
    assert torch.allclose(apart, (direction * F.silu(made.features(x).summary)).sum(1) / 8**0.5, atol=1e-5)


@pytest.mark.parametrize("told", WAYS, ids=repr)
@pytest.mark.parametrize("packing", [1, 3])
def test_every_way_gives_a_score_a_pack(told, packing):
    made = critic(condition=label(4), told=told, packing=packing)
    verdict = made.verdict(Shown(rows(), classes()))
    assert verdict.score.shape == (6 // packing,)
    assert verdict.price.shape == ()
    assert (verdict.price > 0) == isinstance(told, Auxiliary)
    assert torch.equal(made(Shown(rows(), classes())), verdict.score)


@pytest.mark.parametrize("told", WAYS, ids=repr)
def test_a_score_does_not_depend_on_the_other_rows(told):
    made = critic(condition=label(4), told=told)
    alone = torch.cat([made(Shown(rows()[i : i + 1], classes()[i : i + 1])) for i in range(6)])
    assert torch.allclose(alone, made(Shown(rows(), classes())), atol=1e-6)


def test_with_company_it_does_and_with_packs_on_the_rows_of_its_own():
    changed = torch.cat([rows()[:4], rows(2, seed=2)])
    made = critic(company=3)
    assert not torch.allclose(made(Shown(changed))[:4], made(Shown(rows()))[:4])
    packed = critic(packing=2)
    before, after = packed(Shown(rows())), packed(Shown(changed))
    assert torch.allclose(before[:2], after[:2], atol=1e-6)
    assert not torch.allclose(before[2], after[2])


def test_what_stands_beside_a_row_is_seen():
    made, z = critic(beside=2), rows(6, 2)
    assert not torch.allclose(made(Shown(rows(), None, z)), made(Shown(rows(), None, z + 1)))


def test_other_spaces_and_double_precision():
    made = critic(Image(1, 6, 6, None), told=Projected(), condition=label(4), company=2).double()
    scores = made(Shown(torch.rand(4, 1, 6, 6).double(), classes(4).double()))
    assert scores.dtype == torch.float64


def test_missing_cells_are_an_input_like_any_other():
    made, x = critic(Vector((Real(missing=True),) * 3)), rows()
    x[0, 1] = float("nan")
    assert torch.isfinite(made(Shown(x))).all()


def test_a_condition_that_is_not_given_is_asked_for():
    with pytest.raises(ConditionError, match="none was given"):
        critic(condition=label(4))(Shown(rows()))


@pytest.mark.parametrize(("network", "apart"), [(DCGAN(width=2), False), (DCGAN(width=2, normalised=False), True)])
def test_a_batch_norm_sees_real_and_generated_rows_apart(network, apart):
    """As it was published: in one pass their statistics would tell each of the other."""
    assert Critic(Image(1, 16, 16, None), network=network).apart is apart


def test_the_fewer_columns_the_finer_they_are_seen():
    assert [octaves(reals(columns)) for columns in (1, 2, 3, 4, 50)] == [8, 8, 5, 4, 4]
    assert octaves(Image(1, 8, 8, 16)) == 4
