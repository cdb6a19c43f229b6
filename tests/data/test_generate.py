from functools import lru_cache

import numpy as np
import pytest

from likely.data import EMBEDDED, PLANES, SURFACES, true_log_prob, true_places
from likely.data.generate import (
    Checkerboard,
    Grid,
    Ring,
    checkerboard,
    gaussians_8,
    gaussians_25,
    moons,
    rings,
    s_curve,
    spirals,
    swiss_roll,
)

NAMED = {
    "moons": moons, "rings": rings, "spirals": spirals, "checkerboard": checkerboard, "gaussians-8": gaussians_8,
    "gaussians-25": gaussians_25,
}  # fmt: skip
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
    assert Ring(noise=0.01).entropy(50_000) == pytest.approx(np.log(8) + np.log(2 * np.pi * np.e * 0.01**2), abs=0.02)


def test_a_ring_s_centres_are_evenly_spread() -> None:
    centres = Ring(modes=5, radius=2.0).centres
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 2.0)
    np.testing.assert_allclose(np.linalg.norm(centres - np.roll(centres, 1, 0), axis=1), 4 * np.sin(np.pi / 5))


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


# Surfaces ------------------------------------------------------------------------------------------------------------

DRAWN_OUT = {"swiss-roll": swiss_roll, "s-curve": s_curve}


@pytest.mark.parametrize("name", SURFACES)
def test_points_lie_near_the_places_that_they_come_from(name: str) -> None:
    make, surface = DRAWN_OUT[name], SURFACES[name]
    assert EMBEDDED[name] is make
    rows, tau = make(4000, 3), true_places(name, 4000, 3)
    assert rows.schema.names == ("x", "y", "z")
    off = rows.frame.to_numpy() - surface.at(tau)
    assert np.allclose(off.std(0), surface.curve.noise, rtol=0.05)
    assert np.allclose(off.mean(0), 0, atol=5 * surface.curve.noise / 4000**0.5)
    assert np.allclose(np.histogram2d(*tau.T, bins=4, range=[[0, 1], [0, 1]])[0] / 4000, 1 / 16, atol=0.02)


@pytest.mark.parametrize("name", SURFACES)
def test_surfaces_are_those_of_scikit_learn(name: str) -> None:
    """Without noise, and in its angle's own units, every point of its sets is one of ours."""
    from sklearn.datasets import make_s_curve, make_swiss_roll

    make = {"swiss-roll": make_swiss_roll, "s-curve": make_s_curve}[name]
    points, angle = make(200, random_state=0)
    turned = angle / (3 * np.pi) - 0.5 if name == "swiss-roll" else angle / (3 * np.pi) + 0.5
    tau = np.stack([turned, points[:, 1] / SURFACES[name].height], 1)
    np.testing.assert_allclose(SURFACES[name].at(tau), points, atol=1e-9)


@pytest.mark.parametrize("name", SURFACES)
def test_a_surface_s_density_by_many_samples(name: str) -> None:
    """p at a point is the mean of N(x; f(tau), noise^2 I) over places; beyond the ends it falls off as a normal."""
    surface, rng = SURFACES[name], np.random.default_rng(0)
    noise = surface.curve.noise
    points = np.concatenate([surface.draw(6, rng)[0], [[0.3, -2 * noise, 0.1], [0.1, surface.height + noise, -0.2]]])
    centres = surface.at(rng.uniform(size=(1_000_000, 2)))
    for point in points[:6]:
        near = np.exp(-((centres - point) ** 2).sum(1) / (2 * noise**2)) / (2 * np.pi * noise**2) ** 1.5
        assert abs(near.mean() - np.exp(surface.log_prob(point[None]))) < 5 * near.std() / 1000
    ends = surface.log_prob(points[6:])
    flat = points[6:].copy()
    flat[:, 1] = surface.height / 2
    beyond = np.array([0.02275013194817921, 0.15865525393145707])  # the normal's tails at 2 and 1
    np.testing.assert_allclose(ends - surface.log_prob(flat), np.log(beyond), rtol=1e-6)


def test_the_quadrature_of_curves_has_converged() -> None:
    for name, surface in SURFACES.items():
        across = surface.draw(300, np.random.default_rng(1))[0][:, [0, 2]]
        finer = type(surface.curve)(nodes=2 * surface.curve.nodes)  # type: ignore[call-arg]
        np.testing.assert_allclose(surface.curve.log_prob(across), finer.log_prob(across), atol=1e-8, err_msg=name)
