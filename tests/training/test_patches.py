import torch
import torch.nn.functional as F

from likely.training.patches import KINDS, Patches

RNG = torch.Generator().manual_seed(0)
SMOOTH = F.interpolate(torch.randn(300, 2, 5, 5, generator=RNG), 20, mode="bilinear")


def test_kinds_are_of_one_length_and_blind_to_brightness() -> None:
    seen = Patches(SMOOTH)
    assert seen.kinds.shape == (KINDS, 2, 6, 6)
    torch.testing.assert_close(seen.kinds.flatten(1).norm(dim=1), torch.ones(KINDS))
    told = seen(SMOOTH[:5])
    assert told.shape == (5, 8 * KINDS)
    torch.testing.assert_close(seen(SMOOTH[:5] + 3.0), told, atol=1e-4, rtol=1e-3)


def test_blur_is_seen_that_layout_does_not_show() -> None:
    """It moves patches far more, in spreads of the pictures themselves, than it moves cells."""
    sharp = F.interpolate(torch.randn(300, 2, 5, 5, generator=RNG), 20)
    seen, blurred = Patches(sharp), F.avg_pool2d(sharp, 3, 1, 1)

    def moved(view) -> float:
        a, b = view(sharp), view(blurred)
        return float((a.mean(0) - b.mean(0)).norm() / a.var(0).sum().sqrt())

    assert moved(seen) > 5 * moved(lambda x: x.flatten(1))


def test_pictures_that_are_all_alike() -> None:
    assert Patches(torch.zeros(3, 1, 12, 12))(torch.zeros(2, 1, 12, 12)).abs().max() == 0
