import pytest
import torch

from likely.bijections import Chain, Coupled, Sequential, Spline, Wiring
from likely.spaces import Image, label, reals

WIRINGS: list[Wiring] = [Coupled(), Sequential()]


@pytest.mark.parametrize("wiring", WIRINGS, ids=repr)
@pytest.mark.parametrize("space", [reals(3), Image(1, 4, 4, None)], ids=repr)
def test_a_flow_over_rows_and_images_that_hears_its_condition(wiring, space):
    torch.manual_seed(0)
    model = wiring.flow(Spline(bins=4), space, label(3), layers=2, width=8, depth=1, margin=0.05, rate=0.1)
    c = torch.arange(3.0)[:, None]
    scores = model.log_prob(torch.zeros(3, *space.shape), c)
    assert scores.unique().numel() == 3
    assert model.players()["flow"].rate == 0.1


def test_what_a_cell_depends_on():
    """One transform of four columns: each moved one on the kept half, or each on all before it."""
    seen = []
    for wiring in WIRINGS:
        torch.manual_seed(0)
        model = wiring.flow(Spline(), reals(4), None, layers=1, width=64, depth=1, margin=0.05, rate=1e-3)
        assert isinstance(model.flow, Chain)
        transform = list(model.flow)[-1]
        x = torch.randn(50, 4)
        jacobian = torch.autograd.functional.jacobian(lambda x, t=transform: t(x)[0].sum(0), x).abs().sum(1)
        seen.append((jacobian != 0).int().tolist())
    assert seen[0] == [[1, 0, 0, 0], [0, 1, 0, 0], [1, 1, 1, 0], [1, 1, 0, 1]]
    assert seen[1] == [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]]
