"""A classifier of pictures: a normalised law, the sight it gives, and the name that its weights give that."""

import numpy as np
import pandas as pd
import pytest
import torch

from likely.data import Images, read
from likely.errors import WrongRows
from likely.metrics.classifier import Classified, Classifier, digest, planes
from likely.rng import Keyed
from likely.spaces import Image


def pictures(rows=6, channels=1, height=28, width=20):
    return Images(np.random.default_rng(0).integers(0, 256, (rows, height, width, channels), dtype=np.uint8))


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 20), (1, 8, 8), (2, 3, 3)])
def test_probabilities_of_the_classes_add_up_on_pictures_of_any_size(shape):
    model = Classifier(5, Image(*shape), width=4, features=8)
    c = Keyed(0).integers(256, (7, *shape), like=torch.zeros(())).float()
    every = torch.stack([model.log_prob(torch.full((7, 1), float(k)), c) for k in range(5)], 1)
    torch.testing.assert_close(every.exp().sum(1), torch.ones(7))
    torch.testing.assert_close(every, model.log_joint(c))
    assert model.features(c).shape == (7, 8)
    torch.testing.assert_close(model.features(c[:2]), model.features(c)[:2])  # rows do not depend on one another


def test_draws_follow_the_probabilities():
    model = Classifier(3, Image(1, 8, 8), width=4, features=8)
    c = torch.full((4000, 1, 8, 8), 100.0)
    drawn = model.sample(4000, c, rng=Keyed(0))
    share = torch.bincount(drawn[:, 0].long(), minlength=3) / 4000
    torch.testing.assert_close(share, model.log_joint(c[:1])[0].exp(), atol=0.03, rtol=0)


def test_it_works_in_double_precision_and_with_missing_pixels():
    model = Classifier(3, Image(1, 8, 8), width=4, features=8).double()
    c = torch.full((2, 1, 8, 8), 3.0, dtype=torch.float64)
    c[1, 0, 2] = torch.nan
    assert model.log_joint(c).dtype == torch.float64
    assert model.log_joint(c).isfinite().all()


def test_moved_pictures_are_pictures_moved_by_at_most_so_much():
    model = Classifier(3, Image(1, 6, 6), width=4, features=8, shift=1)
    c = torch.arange(36.0).view(1, 1, 6, 6).repeat(2, 1, 1, 1)
    seen = {float(model._moved(c, Keyed(seed))[0, 0, 2, 2]) for seed in range(60)}
    assert seen == {7.0, 8.0, 9.0, 13.0, 14.0, 15.0, 19.0, 20.0, 21.0}
    moved = model._moved(c, Keyed(3))
    assert torch.equal(moved[0], moved[1])


def test_the_name_holds_a_digest_of_the_weights():
    model = Classifier(3, Image(1, 28, 20), width=4, features=8)
    sight = Classified(model, "kind", "abc")
    assert sight.name == f"features of a classifier of kind ({digest(model)})"
    with torch.no_grad():
        model.scores.bias[0] += 1e-3
    assert digest(model) not in sight.name


def test_points_and_classes_of_rows_are_the_model_s():
    rows = pictures(rows=11)
    model = Classifier(3, Image(1, 28, 20), width=4, features=8)
    sight = Classified(model, "kind", "abc")
    first, second = sight.points(rows, rows.take([4, 2]))
    assert first.shape == (11, 8)
    np.testing.assert_allclose(second, first[[4, 2]], rtol=1e-5, atol=1e-6)
    c = planes(rows.pixels).float()
    np.testing.assert_allclose(first, model.features(c).detach().numpy(), rtol=1e-5, atol=1e-6)
    assert np.array_equal(sight.classes(rows), model.log_joint(c).argmax(1).numpy())


def test_pictures_that_nobody_may_write_to_are_copied():
    """Those of a file are read-only memory, which torch warns of."""
    pixels = pictures(rows=2).pixels
    pixels.setflags(write=False)
    held = planes(pixels)
    held[0] = 0
    assert torch.equal(held[1, 0], torch.tensor(pixels[1, :, :, 0]))
    assert pixels[0].any()


def test_other_rows_are_refused():
    sight = Classified(Classifier(3, Image(1, 28, 20), width=4, features=8), "kind", "abc")
    with pytest.raises(WrongRows, match="cannot see"):
        sight.points(pictures(channels=3))
    with pytest.raises(WrongRows, match="cannot see"):
        sight.points(read(pd.DataFrame({"x": [0.5, 1.5, 2.5]})))
    with pytest.raises(WrongRows, match="nothing to look at"):
        sight.model.log_prob(torch.zeros(2, 1))
