from functools import lru_cache

import numpy as np
import pytest

from likely.data import EMBEDDED, PLANES, true_log_prob
from likely.data.generate import Checkerboard, Grid, checkerboard, gaussians_25, moons, rings, spirals

NAMED = {"moons": moons, "rings": rings, "spirals": spirals, "checkerboard": checkerboard, "gaussians-25": gaussians_25}
AXIS = np.linspace(-6, 6, 241)
MESH = np.stack(np.meshgrid(AXIS, AXIS), -1).reshape(-1, 2)
CELL = (AXIS[1] - AXIS[0]) ** 2


@lru_cache
def density(name: str) -> np.ndarray:
    return np.exp(true_log_prob(name, MESH)) * CELL


@pytest.mark.parametrize("name", PLANES)
def test_the_density_integrates_to_one(name: str) -> None:
    assert density(name).sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("name", PLANES)
def test_samples_and_density_agree_on_the_mass_of_boxes(name: str) -> None:
    points = NAMED[name](20_000).frame.to_numpy()
    for low, high in (((-1, -1), (1, 1)), ((0, 0), (3, 3)), ((-4, 0.5), (0, 2))):

        def inside(at: np.ndarray, low: tuple = low, high: tuple = high) -> np.ndarray:
            return ((at > low) & (at <= high)).all(1)

        mass = density(name)[inside(MESH)].sum()
        assert abs(inside(points).mean() - mass) < 4 * np.sqrt(mass * (1 - mass) / len(points)) + 0.012


@pytest.mark.parametrize("name", PLANES)
def test_the_density_is_that_of_a_kernel_estimate_of_many_samples(name: str) -> None:
    """log p at fresh samples averages to minus the entropy: the mean of p over a fine histogram agrees."""
    points = PLANES[name].draw(200_000, np.random.default_rng(1))
    counts, _, _ = np.histogram2d(points[:, 0], points[:, 1], bins=240, range=[[-6, 6], [-6, 6]])
    estimate = counts / len(points) / 0.05**2
    mean_of_density = (estimate * counts).sum() / len(points) - 1 / len(points) / 0.05**2  # minus a cell's own count
    assert np.exp(true_log_prob(name, points[:20_000])).mean() == pytest.approx(mean_of_density, rel=0.04)


def test_known_entropies() -> None:
    assert Checkerboard().entropy(1000) == pytest.approx(np.log(32))
    separate = np.log(25) + np.log(2 * np.pi * np.e * 0.1**2)
    assert Grid().entropy(50_000) == pytest.approx(separate, abs=0.02)


def test_quadrature_has_converged() -> None:
    points = PLANES["spirals"].draw(2000, np.random.default_rng(0))
    finer = type(PLANES["spirals"])(nodes=2048)  # type: ignore[call-arg]
    np.testing.assert_allclose(PLANES["spirals"].log_prob(points), finer.log_prob(points), atol=1e-9)


@pytest.mark.parametrize("name", PLANES)
def test_generated_sets_depend_on_n_and_seed_alone(name: str) -> None:
    make = NAMED[name]
    assert make(50, 1).frame.equals(make(50, 1).frame)
    assert not make(50, 1).frame.equals(make(50, 2).frame)
    assert len(make(7)) == 7
    assert EMBEDDED[name] is make
    assert make(7).schema.names == ("x", "y")
