"""A linear map for each column, both ways."""

import torch

from likely.backbones.per_column import PerColumn

OF = [0, 2, 0, 1, 2, 2]


def made() -> PerColumn:
    torch.manual_seed(0)
    return PerColumn(OF, 3, 5, std=1.0)


def test_features_of_a_column_are_made_of_its_numbers_alone():
    maps, x = made(), torch.randn(4, 6)
    weight = maps.weight[maps.back]  # as the numbers come
    wanted = torch.stack([sum(x[:, i, None] * weight[i] for i in range(6) if OF[i] == d) for d in range(3)], 1)
    torch.testing.assert_close(maps.features(x), wanted)
    torch.testing.assert_close(x[:, [1, 4, 5]] @ maps.of(2), wanted[:, 2])


def test_numbers_of_a_column_are_made_of_its_features_alone():
    maps, h = made(), torch.randn(4, 3, 5)
    weight = maps.weight[maps.back]
    torch.testing.assert_close(maps.numbers(h), torch.stack([h[:, OF[i]] @ weight[i] for i in range(6)], 1))
    torch.testing.assert_close(h[:, 0] @ maps.of(0).t(), maps.numbers(h)[:, [0, 2]])
