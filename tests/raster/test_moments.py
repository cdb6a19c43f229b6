"""Moments in their order: no text ends before a token that is known."""

import torch

from likely.contracts import Evidence
from likely.families.wavenet import WaveNet
from likely.raster.moments import Told
from likely.rng import Keyed
from likely.spaces import Tokens


def test_a_text_goes_on_to_what_is_known_and_may_end_after():
    torch.manual_seed(0)
    model = WaveNet(width=8, skips=12).build(Tokens(3, 5)).eval()
    x, known = torch.tensor([[0, 0, 2, 0, 0]]), torch.tensor([[False, False, True, False, False]])
    told = model.fill(x.expand(300, -1), Evidence(known.expand(300, -1)), particles=4, rng=Keyed(0))
    assert (told.x[:, :2] >= 0).all()
    assert (told.x[:, 2] == 2).all()
    ended = told.x[:, 3] < 0
    assert 0 < int(ended.sum()) < 300
    assert (told.x[ended, 4] < 0).all()


def test_rows_are_picked_with_all_that_is_known_of_them():
    some = Told(torch.arange(3.0), torch.tensor([True, False, True]), torch.tensor([False, False, True]))
    assert [part.tolist() for part in some.pick(torch.tensor([2, 2, 0]))] == [
        [2, 2, 0], [True, True, True], [True, True, False]
    ]  # fmt: skip
