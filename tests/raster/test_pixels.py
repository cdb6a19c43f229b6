"""What pixels add to log p and are expected to: listed for small pictures, and the law of z on a model's own draws."""

import pytest
import torch

from likely.distributions import DiscretisedLogistic
from likely.families.pixelcnn import PixelCNN
from likely.raster.pixels import pixel_terms
from likely.rng import Keyed
from likely.spaces import Image, label

BITS = Image(1, 2, 2, 2)


def strong(family, space, condition=None):
    """A model of strong leanings."""
    torch.manual_seed(3)
    model = family.build(space, condition)
    for parameter in model.parameters():
        parameter.data.mul_(2.5)
    return model.eval()


def test_terms_are_those_of_the_chain_rule_in_a_list_of_all_pictures():
    model = strong(PixelCNN(width=8, blocks=2, hidden=8), BITS)
    every = torch.cartesian_prod(*[torch.arange(2.0)] * 4).view(-1, 1, 2, 2)
    with torch.no_grad():
        p = model.log_prob(every).double().exp()
    told, expected, variance = pixel_terms(model, every, rng=Keyed(0), draws=4000)
    bits = every.flatten(1)
    for i in range(4):
        same = (bits[:, None, :i] == bits[None, :, :i]).all(2).double() @ torch.diag(p)  # rows with the same beginning
        one = (same * bits[:, i]).sum(1) / same.sum(1)
        law = torch.stack([1 - one, one], 1)
        log = law.log()
        mean = (law * log).sum(1)
        torch.testing.assert_close(told.flatten(1)[:, i].double(), log.gather(1, bits[:, i, None].long())[:, 0],
                                   atol=1e-5, rtol=0)  # fmt: skip
        torch.testing.assert_close(expected.flatten(1)[:, i].double(), mean, atol=0.06, rtol=0)
        torch.testing.assert_close(variance.flatten(1)[:, i].double(), (law * (log - mean[:, None]) ** 2).sum(1),
                                   atol=0.1, rtol=0.1)  # fmt: skip


@pytest.mark.parametrize("patch", [1, 2])
def test_terms_add_up_where_they_lie_and_the_model_s_own_draws_hold_no_surprise(patch):
    family = PixelCNN(width=8, blocks=2, hidden=8, patch=patch, law=DiscretisedLogistic(2))
    model = strong(family, Image(3, 6, 4, 16), label(2))
    c = (torch.arange(400.0) % 2)[:, None]
    with torch.no_grad():
        x = model.sample(400, c, rng=Keyed(1))
        whole = model.log_prob(x, c)
    terms = pixel_terms(model, x, c, rng=Keyed(2))
    torch.testing.assert_close(terms.told.flatten(1).sum(1), whole, atol=1e-3, rtol=1e-4)
    z = terms.surprise
    assert abs(float(z.mean())) < 0.2  # 4 standard errors
    assert 0.8 < float(z.std()) < 1.25
    other = x.clone()
    other[:, 2, 4, 1] = 15 - other[:, 2, 4, 1]  # only that pixel's own channel and those after it may be told otherwise
    before = pixel_terms(model, other, c, rng=Keyed(2)).told - terms.told
    assert before[:, :, :4].abs().max() < 1e-5
    assert before[:, 2, 4, 1].abs().max() > 0.1
