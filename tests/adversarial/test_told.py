"""How critics are told conditions: the three formulas, missing conditions, and what cannot be named."""

import pytest
import torch
import torch.nn.functional as F

from likely.adversarial import Auxiliary, Concatenated, Projected
from likely.errors import ConditionError, FieldError
from likely.rng import Keyed
from likely.spaces import Category, Image, Real, Tokens, Vector, absent, label
from likely.testing.case import example_rows

MIXED = Vector((Real(), Category(3)))
TWO = Vector((Category(2), Category(3, missing=True)))
CONDITIONS = [label(4), MIXED, TWO, Image(1, 6, 6, 2), Tokens(5, 4)]
WAYS = [Concatenated(), Projected()]


def heard(told, condition, c=None, rows=6, width=8):
    torch.manual_seed(0)
    hearing = told.built(condition, width)
    c = example_rows(condition, rows, Keyed(1)) if c is None else c
    features = torch.randn(rows, width)
    return hearing, features, c, hearing(features, c)


@pytest.mark.parametrize("condition", CONDITIONS, ids=repr)
@pytest.mark.parametrize("told", WAYS, ids=repr)
def test_every_condition_is_heard_also_where_it_is_missing(told, condition):
    hearing, features, c, found = heard(told, condition)
    assert found.features.shape == (6, hearing.outputs)
    assert found.lean.shape == (6,)
    assert found.price == 0
    null = hearing(features, absent(c))
    assert not torch.equal(torch.cat([null.features, null.lean[:, None]], 1),
                           torch.cat([found.features, found.lean[:, None]], 1))  # fmt: skip
    assert torch.isfinite(null.features).all()


def test_concatenated_puts_the_condition_beside_the_row():
    hearing, features, c, found = heard(Concatenated(), label(4))
    assert torch.equal(found.features[:, :8], features)
    assert (found.lean == 0).all()
    assert torch.equal(found.features[:, 8:], hearing.given(c).summary)


def test_projected_is_an_inner_product_with_the_conditions_embedding():
    hearing, features, c, found = heard(Projected(), label(4))
    embedded = hearing.given.input.embedding.weight[c.long().squeeze(1)]
    assert torch.allclose(found.lean, (embedded * F.silu(features)).sum(1) / 8**0.5, atol=1e-6)
    assert torch.equal(found.features, features)


def test_projected_numbers_are_linear():
    hearing, features, c, _ = heard(Projected(), Vector((Real(), Real())))
    leans = [hearing(features, t * c).lean for t in (0.0, 1.0, 2.0)]
    assert torch.allclose(leans[2] - leans[1], leans[1] - leans[0], atol=1e-5)


def test_auxiliary_names_every_class_that_is_there():
    hearing, features, c, found = heard(Auxiliary(2.0), TWO)
    log_p = hearing.names(F.silu(features))
    wanted = torch.zeros(())
    for row, codes in zip(log_p, c):
        for at, (start, end) in enumerate(((0, 2), (2, 5))):
            if not codes[at].isnan():
                wanted = wanted - row[start:end].log_softmax(0)[int(codes[at])]
    assert torch.isclose(found.price, 2 * wanted / 6)
    assert (found.lean == 0).all()
    assert torch.equal(found.features, features)
    assert hearing(features, absent(c)).price == 0


@pytest.mark.parametrize("condition", [MIXED, Image(1, 6, 6, 2), Tokens(5, 4)], ids=repr)
def test_what_has_no_name_is_refused(condition):
    with pytest.raises(ConditionError, match="names classes"):
        Auxiliary().built(condition, 8)


@pytest.mark.parametrize("weight", [0.0, -1.0, float("inf"), float("nan")])
def test_unusable_weights_are_refused(weight):
    with pytest.raises(FieldError, match="weight"):
        Auxiliary(weight)
