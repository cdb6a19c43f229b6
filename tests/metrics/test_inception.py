"""Inception is never fetched; where it is at hand its features are named by its weights."""

import sys
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import torch

from likely.data import Images, read
from likely.errors import FieldError, WrongRows
from likely.metrics import frechet_distance, inception
from likely.metrics.inception import Inception


class Network:
    """Means of the colours, as torch-fidelity would call them."""

    def __init__(self, name, layers, feature_extractor_weights_path):
        assert layers == ["2048"]

    def __call__(self, pictures):
        assert pictures.dtype == torch.uint8
        assert pictures.shape[1] == 3
        return (pictures.float().mean((2, 3)),)


@pytest.fixture
def at_hand(tmp_path, monkeypatch):
    place = tmp_path / "weights.pth"
    place.write_bytes(b"weights")
    room = ModuleType("torch_fidelity.feature_extractor_inceptionv3")
    room.FeatureExtractorInceptionV3 = Network
    monkeypatch.setitem(sys.modules, "torch_fidelity", ModuleType("torch_fidelity"))
    monkeypatch.setitem(sys.modules, "torch_fidelity.feature_extractor_inceptionv3", room)
    monkeypatch.setattr(inception, "find_spec", lambda name: True)
    monkeypatch.setattr(inception, "weights", lambda: place)


def test_where_it_is_not_at_hand_that_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(inception, "weights", lambda: tmp_path / "none.pth")
    with pytest.raises(FieldError, match="torch-fidelity and its weights"):
        Inception()


def test_grey_and_coloured_pictures_and_the_name(at_hand):
    sight, rng = Inception(), np.random.default_rng(0)
    assert sight.name.startswith("Inception's 2048 features (")
    grey = Images(rng.integers(0, 17, (60, 4, 4, 1)).astype(np.uint8), 17)
    clear = Images(rng.integers(0, 256, (60, 4, 4, 4)).astype(np.uint8))
    for each in (grey, clear):
        assert sight.points(each)[0].shape == (60, 3)
    assert sight.points(grey)[0].max() > 60
    assert frechet_distance(grey, grey, sight=sight).features == sight.name
    with pytest.raises(WrongRows, match="cannot see"):
        sight.points(read(pd.DataFrame({"x": [0.5, 1.5, 2.5]})))
