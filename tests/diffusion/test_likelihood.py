"""The flow's likelihood against exact densities: within the errors it states, and a density whatever the denoiser."""

import math

import pandas as pd
import pytest
import torch
from mixtures import Mixture, gaussian, three
from torch import nn

import likely
from likely.backbones import MLP
from likely.diffusion import Flowed, Geometric, flow_likelihood, line_likelihood
from likely.errors import CannotAnswer, FieldError
from likely.rng import Keyed

ENDS = {"low": 0.05, "high": 100.0}


def smoothed(mixture):
    """The mixture with noise of the lowest level."""
    return Mixture(mixture.weight, mixture.mean, (mixture.std**2 + ENDS["low"] ** 2).sqrt())


def wide():
    """Three clusters in six dimensions."""
    mean = torch.tensor([[1.0] * 6, [-0.8, 0.4] * 3, [-0.3, -1.2] * 3], dtype=torch.float64)
    return Mixture(three().weight, mean, torch.tensor([0.4, 0.5, 0.6], dtype=torch.float64))


def rows(mixture, count=200):
    return smoothed(mixture).draw(count)


@pytest.mark.parametrize(
    "mixture", [gaussian(1.0), gaussian(0.4, 0.7), three(), wide()], ids=["unit", "one", "3", "6d"]
)
def test_without_probes_nothing_is_left_but_the_solver_s_error(mixture):
    x = rows(mixture)
    said = flow_likelihood(mixture.denoise, x, probes=None, steps=64, rng=Keyed(0), **ENDS)
    gap = (said.value - smoothed(mixture).log_prob(x)).abs()
    assert (said.stderr == 0).all()
    assert (gap < said.error + 0.06).all()  # the noise at the top is taken for N(0, 1 + high^2)
    assert gap.mean() < 0.01


def test_on_the_unit_gaussian_nothing_is_left_to_chance():
    x = rows(gaussian(1.0))
    said = flow_likelihood(gaussian(1.0).denoise, x, steps=2, probes=2, rng=Keyed(0), **ENDS)
    assert torch.allclose(said.value, smoothed(gaussian(1.0)).log_prob(x), atol=2e-3)
    assert said.stderr.max() < 1e-9
    assert said.error.max() < 1e-9


def test_probes_are_unbiased_and_their_standard_error_is_honest():
    mixture, x = wide(), rows(wide(), 300)
    whole = flow_likelihood(mixture.denoise, x, steps=16, probes=None, rng=Keyed(0), **ENDS)
    said = flow_likelihood(mixture.denoise, x, steps=16, probes=32, rng=Keyed(3), **ENDS)
    gap = said.value - whole.value
    assert abs(gap.mean()) < 4 * gap.std() / len(x) ** 0.5
    assert 0.7 < (gap.square().mean() / said.stderr.square().mean()) < 1.4
    assert ((gap / said.stderr).abs() < 2.04).double().mean() > 0.88  # Student's, were the probes normal: 95 %


def test_the_stated_solver_error_covers_the_true_one_and_falls_as_order_four():
    mixture, x = three(), rows(three(), 100)
    exact = flow_likelihood(mixture.denoise, x, steps=160, probes=None, rng=Keyed(0), **ENDS).value
    gaps, stated = [], []
    for steps in (24, 48):
        said = flow_likelihood(mixture.denoise, x, steps=steps, probes=None, rng=Keyed(0), **ENDS)
        gaps.append((said.value - exact).abs())
        stated.append(said.error)
    assert all((gap <= error + 1e-7).double().mean() > 0.97 for gap, error in zip(gaps, stated))
    assert gaps[0].mean() / gaps[1].mean() > 8


@pytest.mark.parametrize("warp", [1.0, 0.8, 1.1])
def test_it_is_a_density_whatever_the_denoiser(warp):
    """A change of variables integrates to one, even along a wrong flow."""
    one = Mixture(three().weight, three().mean[:, :1], three().std)
    grid = torch.linspace(-8, 8, 2001, dtype=torch.float64)[:, None]
    said = flow_likelihood(lambda x, s, c: warp * one.denoise(x, s), grid, steps=64, probes=None, rng=Keyed(0), **ENDS)
    assert math.isclose(torch.trapezoid(said.value.exp(), grid[:, 0]), 1.0, abs_tol=2e-3)


def test_conditions_companions_and_gradients():
    mixture, x, c = three(), rows(three(), 12), torch.tensor([[1.0]]).double().expand(12, 1)
    with torch.no_grad():
        whole = flow_likelihood(mixture.denoise, x, c, steps=16, probes=4, rng=Keyed(0), **ENDS)
        part = flow_likelihood(mixture.denoise, x[:5], c[:5], steps=16, probes=4, rng=Keyed(0), **ENDS)
    assert torch.allclose(whole.value[:5], part.value)
    assert not whole.value.requires_grad
    only = gaussian(0.2)
    exact = smoothed(Mixture(only.weight, mixture.mean[1:2], only.std)).log_prob(x)
    near = (x - mixture.mean[1]).norm(dim=1) < 0.6
    fine = flow_likelihood(mixture.denoise, x, c, steps=64, probes=None, rng=Keyed(0), **ENDS)
    assert (fine.value - exact)[near].abs().max() < 0.05


def test_images():
    x = torch.randn(3, 1, 2, 2)
    said = flow_likelihood(lambda x, s, c: x / (1 + s.view(-1, 1, 1, 1) ** 2), x, steps=4, rng=Keyed(0), **ENDS)
    wanted = torch.distributions.Normal(0.0, (1 + 0.05**2) ** 0.5).log_prob(x).sum((1, 2, 3))
    assert torch.allclose(said.value.float(), wanted, atol=1e-2)


# Along the straight line


def velocity(mixture):
    """E[eps - x | x_b] of independent pairing."""

    def at(x_b, share, c=None):
        signal = (1 - share[:, None]).clamp(min=1e-9)
        return (x_b - mixture.denoise(x_b / signal, share / signal[:, 0])) / share[:, None]

    return at


@pytest.mark.parametrize("mixture", [gaussian(0.4, 0.7), three(), wide()], ids=["one", "3", "6d"])
def test_the_line_s_likelihood_is_exact_but_for_the_solver(mixture):
    """No noise is left at its start, so that there is nothing else to be wrong."""
    x = rows(mixture)
    said = line_likelihood(velocity(mixture), x, low=0.05, steps=64, probes=None, rng=Keyed(0))
    gap = (said.value - smoothed(mixture).log_prob(x)).abs()
    assert (gap <= said.error + 1e-4).double().mean() > 0.97
    assert gap.mean() < 2e-3


def test_the_line_s_stated_errors_cover_the_true_one():
    mixture, x = three(), rows(three(), 300)
    said = line_likelihood(velocity(mixture), x, low=0.05, steps=16, probes=8, rng=Keyed(1))
    gap = (said.value - smoothed(mixture).log_prob(x)).abs()
    assert (gap <= 3 * said.stderr + said.error + 1e-3).double().mean() > 0.95
    assert gap.mean() < 0.2


def test_the_line_s_likelihood_of_a_comonotone_pairing():
    """Noise joined with m + s noise: lines that never cross, whose velocity is no score's, and the law is N(m, s^2)."""
    mean, std = 0.7, 0.4

    def at(x_b, share, c=None):
        b = share[:, None]
        noise = (x_b - (1 - b) * mean) / (b + (1 - b) * std)
        return noise - (mean + std * noise)

    low = 0.05  # at which the rows are x + low eps with eps of their own: N(m, (s + low)^2)
    x = mean + (std + low) * Keyed(2).normal((50, 2), like=torch.empty(0).double())
    said = line_likelihood(at, x, low=low, steps=32, probes=None, rng=Keyed(0))
    wanted = torch.distributions.Normal(mean, std + low).log_prob(x).sum(1)
    assert torch.allclose(said.value, wanted, atol=1e-3)


def test_it_is_a_density_whatever_the_velocity():
    one = Mixture(three().weight, three().mean[:, :1], three().std)
    grid = torch.linspace(-8, 8, 2001, dtype=torch.float64)[:, None]
    wrong = lambda x, b, c: 0.8 * velocity(one)(x, b)  # noqa: E731
    said = line_likelihood(wrong, grid, low=0.05, steps=64, probes=None, rng=Keyed(0))
    assert math.isclose(torch.trapezoid(said.value.exp(), grid[:, 0]), 1.0, abs_tol=2e-3)


@pytest.mark.parametrize("asked", [{"steps": 3}, {"steps": 0}, {"probes": 1}])
def test_what_cannot_tell_its_errors_is_refused(asked):
    with pytest.raises(FieldError, match="likelihood by"):
        flow_likelihood(three().denoise, rows(three(), 2), rng=Keyed(0), **asked, **ENDS)


# Of a fitted model, in the data's own units


class Known(nn.Module):
    """The denoiser of a mixture, in a network's place."""

    def __init__(self, mixture):
        super().__init__()
        self.mixture, self.precision = mixture, nn.Parameter(torch.zeros((), dtype=torch.float64))

    def forward(self, x_t, sigma, c=None):
        return self.mixture.denoise(x_t, sigma)


@pytest.fixture(scope="module", params=[likely.Diffusion, likely.Score], ids=lambda family: family.__name__)
def planted(request):
    """A fitted model that knows the law of its numbers, and rows of that law as a person has them."""
    schedule = Geometric(ENDS["low"], ENDS["high"])
    moons = likely.read("moons").frame.iloc[:, :2]
    fitted = likely.fit(moons, request.param(schedule=schedule), budget=1, certify=False)
    fitted.model.denoiser = Known(three())
    frame = fitted.codec.decode(fitted.lift.down(rows(three(), 300))).frame
    x, own, _ = fitted.cells(frame)
    u, ladj = fitted.lift.up(x.double(), rng=Keyed(0))
    return fitted, frame, smoothed(three()).log_prob(u) + ladj + own


def test_a_fitted_model_is_scored_by_its_flow_in_the_data_s_own_units(planted):
    fitted, frame, exact = planted
    said = fitted.score(frame, by=Flowed(steps=64))
    assert (said.kind, said.bound) == ("≈", False)
    assert said.measure == fitted.score(frame).measure
    assert (said.stderr == 0).all()  # two cells, each traced
    assert ((said.nats - exact).abs() < said.error + 0.06).all()
    assert (said.nats - exact).abs().mean() < 0.01
    assert "by its solver" in str(said)


def test_fewer_steps_leave_the_solver_a_larger_error_which_it_states(planted):
    fitted, frame, exact = planted
    coarse, fine = (fitted.score(frame, by=Flowed(steps=steps)) for steps in (16, 64))
    assert fine.error.mean() < coarse.error.mean() / 8
    assert ((coarse.nats - exact).abs() <= coarse.error + 0.06).double().mean() > 0.97


def test_the_flow_of_a_trained_model_says_no_less_than_its_bound():
    """The bound is that of the same denoiser."""
    network = MLP(width=64, depth=3)
    fitted = likely.fit("moons", likely.Diffusion(network=network), budget=300, certify=False)
    frame = likely.read("moons").frame.head(300)
    flow, bound = fitted.score(frame, by=Flowed()), fitted.score(frame)
    gap = flow.nats - bound.nats
    assert gap.mean() > -3 * gap.std() / len(gap) ** 0.5 - flow.error.mean()
    assert flow.mean > bound.mean
    assert (bound.kind, flow.kind) == ("≥ ≈", "≈")


def test_under_a_lift_with_noise_it_is_an_estimated_bound():
    frame = pd.DataFrame({"kind": ["a", "b", "a"] * 40, "size": range(120)})
    fitted = likely.fit(frame, likely.Diffusion(network=MLP(width=16, depth=1)), budget=5, certify=False)
    assert not fitted.lift.exact
    said = fitted.score(frame.head(5), by=Flowed(steps=4))
    assert said.kind == "≥ ≈"
    assert (said.stderr > 0).all()
    assert said.error.shape == (5,)


def test_a_model_of_an_estimate_takes_other_steps_and_probes():
    flow = likely.FlowMatching(network=MLP(width=16, depth=1), stages=8, probes=3)
    fitted = likely.fit("iris", flow, budget=5, condition="species", certify=False)
    same, finer = (fitted.score("iris", by=Flowed(steps=steps, probes=3)) for steps in (8, 32))
    assert torch.equal(same.nats, fitted.score("iris").nats)
    assert torch.equal(same.stderr, fitted.score("iris").stderr)
    assert finer.error.mean() < same.error.mean()
    assert (fitted.score("iris", by=Flowed(probes=4)).stderr == 0).all()


def test_a_model_without_a_flow_names_those_that_have_one():
    with pytest.raises(CannotAnswer, match=r"NaiveBayes has no flow.*Diffusion, FlowMatching, Score\."):
        likely.fit("iris", likely.NaiveBayes(), certify=False).score("iris", by=Flowed())
    for asked in ({"steps": 3}, {"probes": 1}):
        with pytest.raises(FieldError, match="likelihood by"):
            Flowed(**asked)
