import torch

from likely.backbones.level import LevelEmbedding


def test_close_levels_are_told_apart_and_far_ones_do_not_repeat():
    embedding = LevelEmbedding(8).double()
    level = torch.linspace(-2, 2, 401, dtype=torch.float64)
    angles = level[:, None] * embedding.frequencies
    features = torch.cat([level[:, None], angles.cos(), angles.sin()], 1)
    apart = torch.cdist(features, features)
    assert apart[~torch.eye(401, dtype=torch.bool)].min() > 0.2


def test_rules(keeps_the_rules):
    keeps_the_rules(LevelEmbedding(8), torch.tensor([0.1, -1.0, 1.5]))


def test_a_level_of_another_type_is_read():
    assert LevelEmbedding(8)(torch.tensor([0.5], dtype=torch.float64)).dtype == torch.float32
