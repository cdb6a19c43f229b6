"""The kernels: densities, integrals, inverses, efficiencies, and bumps on integers by brute force."""

import math

import pytest
import torch
from scipy import integrate, stats

from likely.distributions.kernels import (
    Cosine,
    Epanechnikov,
    Exponential,
    Fixed,
    Gaussian,
    Kernel,
    Likelihood,
    Scott,
    Silverman,
    Tophat,
    Triangular,
    decay,
    integer_between,
    log_integer_mass,
    log_integer_norm,
)
from likely.errors import FieldError

KERNELS: list[Kernel] = [Gaussian(), Epanechnikov(), Tophat(), Triangular(), Exponential(), Cosine()]
INF = math.inf


def double(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: type(kernel).__name__)
def test_a_kernel_is_a_density_with_the_roughness_and_variance_it_states(kernel: Kernel) -> None:
    def integral(power: int, square: int) -> float:
        def integrand(u: float) -> float:
            return u**power * math.exp(square * float(kernel.log_density(double(u))[0]))

        return integrate.quad(integrand, -40, 40, points=[-1, 0, 1], limit=400)[0]

    assert integral(0, 1) == pytest.approx(1.0, abs=1e-7)
    assert integral(0, 2) == pytest.approx(kernel.roughness, abs=1e-7)
    assert integral(2, 1) == pytest.approx(kernel.variance, abs=1e-7)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: type(kernel).__name__)
def test_the_integral_and_its_inverse_agree_with_the_density(kernel: Kernel) -> None:
    u = torch.linspace(-3, 3, 6001, dtype=torch.float64)
    middle = (u[1:] + u[:-1]) / 2
    slope = kernel.log_cdf(u).exp().diff() / u.diff()
    smooth = (middle.abs() - 1).abs() > 0.01  # the tophat jumps at its edge
    torch.testing.assert_close(slope[smooth], kernel.log_density(middle).exp()[smooth], atol=1e-3, rtol=1e-4)
    p = torch.linspace(0.001, 0.999, 999, dtype=torch.float64)
    torch.testing.assert_close(kernel.log_cdf(kernel.quantile(p.log())).exp(), p, atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: type(kernel).__name__)
def test_draws_between_bounds_follow_the_density_there(kernel: Kernel) -> None:
    low, high = double(-0.5, 0.2, -INF, -INF), double(0.3, 0.4, 0.3, INF)
    u = torch.linspace(-60, 60, 1_200_001, dtype=torch.float64)
    density = kernel.log_density(u).exp()
    for start, end, mass in zip(low, high, kernel.log_mass(low, high).exp()):
        inside = (u >= start) & (u <= end)
        assert float(density[inside].sum() * 1e-4) == pytest.approx(float(mass), abs=1e-4)
        p = torch.linspace(0.01, 0.99, 99, dtype=torch.float64)
        drawn = kernel.between(p, start.expand(99), end.expand(99))
        assert ((drawn >= start) & (drawn <= end)).all()
        reached = (kernel.log_mass(start.expand(99), drawn)).exp() / mass
        torch.testing.assert_close(reached, p, atol=1e-9, rtol=1e-9)


def test_the_normal_kernel_keeps_its_digits_far_out() -> None:
    far = double(-100, -199.9, -200.1, -500, -1e4, -1e8)
    torch.testing.assert_close(torch.special.log_ndtr(Gaussian().lower(far)), far, rtol=1e-12, atol=0)
    mass = Gaussian().log_mass(double(50.0), double(51.0))
    assert float(mass) == pytest.approx(stats.norm.logsf(50.0), rel=1e-12)
    assert 50.01 < float(Gaussian().between(double(0.5), double(50.0), double(INF))) < 50.02


def test_an_interval_beyond_a_compact_kernel_has_no_mass_and_draws_its_edge() -> None:
    low, high = double(2.0), double(3.0)
    assert float(Epanechnikov().log_mass(low, high)) == -INF
    assert float(Epanechnikov().between(double(0.5), low, high)) == 2.0


@pytest.mark.parametrize(
    ("kernel", "ratio"),
    [(Gaussian(), 1.0), (Epanechnikov(), 2.2138), (Tophat(), 1.7400), (Triangular(), 2.4320)],
    ids=lambda value: type(value).__name__,
)
def test_canonical_bandwidths_are_those_of_the_literature(kernel: Kernel, ratio: float) -> None:
    assert kernel.matched(1) == pytest.approx(ratio, abs=1e-4)


def test_rules_scale_with_each_column() -> None:
    spread = double(1.0, 10.0)
    torch.testing.assert_close(Scott().widths(spread, 100.0, Gaussian()), spread * 100 ** (-1 / 6))
    torch.testing.assert_close(Silverman().widths(spread, 100.0, Gaussian()), spread * (100 * 4 / 4) ** (-1 / 6))
    assert Fixed(width=0.3).widths(spread, 100.0, Gaussian()).tolist() == [0.3, 0.3]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Fixed(width=0.0),
        lambda: Fixed(mix=1.0),
        lambda: Likelihood(narrowest=2.0, widest=1.0),
        lambda: Likelihood(queries=0),
        lambda: Likelihood(rows=0),
    ],
)
def test_unusable_bandwidths_are_refused(make) -> None:
    with pytest.raises(FieldError):
        make()


@pytest.mark.parametrize("top", [6.0, INF])
@pytest.mark.parametrize("width", [0.05, 0.7, 3.0])
def test_bumps_on_integers_by_brute_force(top: float, width: float) -> None:
    tau, edge, n = decay(double(width)), double(top), 4.0
    x = torch.arange(0, 7 if top == 6 else 400, dtype=torch.float64)
    mass = torch.exp(-tau * (x - n).abs())
    assert float(mass.sum().log()) == pytest.approx(float(log_integer_norm(double(n), tau, edge)), rel=1e-12)
    for low, high in ((-INF, INF), (2.0, 5.0), (5.0, 6.0), (0.5, 1.9), (6.0, INF), (-INF, 1.0)):
        inside = (x >= low) & (x <= high)
        share = float(log_integer_mass(double(low), double(high), double(n), tau, edge).exp())
        assert share == pytest.approx(float(mass[inside].sum() / mass.sum()), rel=1e-9, abs=1e-15)
        p = (torch.arange(2000, dtype=torch.float64) + 0.5) / 2000
        rest = [value.expand(2000) for value in (double(low), double(high), double(n), tau, edge)]
        drawn = integer_between(p, *rest)
        assert set(drawn.tolist()) <= set(x[inside].tolist())
        shares = torch.stack([(drawn == value).double().mean() for value in x[inside]])
        torch.testing.assert_close(shares, mass[inside] / mass[inside].sum(), atol=2e-3, rtol=0)


def test_the_decay_gives_the_width_asked_for() -> None:
    for width in (0.3, 2.0, 50.0):
        t = torch.arange(-3000, 3001, dtype=torch.float64)
        mass = torch.exp(-decay(double(width)) * t.abs())
        assert float((mass * t * t).sum() / mass.sum()) == pytest.approx(width**2, rel=1e-6)
