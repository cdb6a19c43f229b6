"""What the tests of priors and posteriors share: a posterior over a small space."""

import pytest
import torch

from likely.backbones import MLP
from likely.spaces import reals
from likely.variational import GaussianPosterior


@pytest.fixture
def inference():
    torch.manual_seed(3)
    made = GaussianPosterior().inference(2, reals(3), None, MLP(width=8, depth=1))
    return made.double()
