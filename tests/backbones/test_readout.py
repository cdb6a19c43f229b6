"""The readout: groups see the earlier groups of their place alone, all at once or one by one."""

import pytest
import torch

from likely.backbones.readout import Readout


@pytest.mark.parametrize(("groups", "cells", "per"), [(1, 1, 1), (3, 1, 4), (4, 3, 7)])
def test_groups_one_by_one_are_all_at_once(groups, cells, per):
    torch.manual_seed(0)
    readout = Readout(5, 6, groups=groups, cells=cells, per=per).double()
    features = torch.randn(7, 5, dtype=torch.float64)
    planes = torch.randn(7, groups * cells, dtype=torch.float64)
    whole, heard = readout(features, planes), readout.features(features)
    assert whole.shape == (7, groups, per)
    for g in range(groups):
        torch.testing.assert_close(readout.group(g, heard, planes), whole[:, g])


def test_a_group_sees_the_earlier_ones():
    torch.manual_seed(0)
    readout = Readout(5, 32, groups=3, cells=2, per=1).double()
    features = torch.randn(1, 5, dtype=torch.float64)
    planes = torch.randn(1, 6, dtype=torch.float64)
    moved = torch.autograd.functional.jacobian(lambda x: readout(features, x)[0, :, 0], planes)[:, 0] != 0
    assert torch.equal(moved, torch.arange(6) // 2 < torch.arange(3)[:, None])
