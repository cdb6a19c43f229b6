"""Quality against network calls: the samplers of a small trained model, what the numbers are, and refusals."""

from dataclasses import replace

import pytest
import torch

import likely
from likely.apps.steps import CALLS, FLOWS, LEFT_OUT, apart, steps
from likely.backbones import MLP
from likely.diffusion import DDIM, Geometric, Heun, UniPC, descended
from likely.errors import CannotAnswer, FieldError
from likely.names import table
from likely.rng import Keyed


@pytest.fixture(scope="module")
def fitted():
    diffusion = likely.Diffusion(network=MLP(width=64, depth=2, residual=True))
    return likely.fit("digits", diffusion, budget=300, condition="label", certify=False)


@pytest.fixture(scope="module")
def found(fitted):
    return steps(fitted, (10, 20, 50), n=16)


def test_twenty_calls_of_dpm_solver_are_nearer_to_the_flow_than_fifty_of_ddim(found):
    assert found.of("DPMSolver").at(20) < found.of("DDIM").at(50)
    assert found.of("UniPC").at(20) < found.of("DDIM").at(50)


def test_errors_fall_with_calls_down_to_a_reference_that_is_sure_of_itself(found):
    for each in found.found:
        assert each.errors[0] > each.errors[-1], each
        assert each.errors[-1] > found.floor, each
    assert found.floor < 1e-3


def test_every_sampler_is_walked_or_left_out_with_a_reason():
    assert {name.partition(",")[0] for name in FLOWS} | set(LEFT_OUT) == set(table("Sampler"))
    assert not set(FLOWS) & set(LEFT_OUT)
    assert all(LEFT_OUT.values())


def test_the_error_is_the_distance_over_the_spread_from_the_same_noise(fitted, found):
    c = fitted.conditions.draw(16, Keyed(0).fork(1))
    one, end = (
        descended(fitted.model, 16, c, way=replace(fitted.model.way, sampler=s, steps=k), rng=Keyed(0)).x.detach()
        for s, k in ((DDIM(), 20), (Heun(), 1000))
    )
    spread = float((end - end.mean(0)).square().mean())
    assert found.of("DDIM").at(20) == pytest.approx((float((one - end).square().mean()) / spread) ** 0.5, rel=1e-3)


def test_apart_by_hand():
    end = torch.tensor([[1.0, 0.0], [-1.0, 0.0]]).double()
    assert apart(end, end) == 0
    assert apart(end + torch.tensor([0.0, 0.1]).double(), end) == pytest.approx(0.1)


def test_what_cannot_be_walked_is_refused(fitted):
    with pytest.raises(CannotAnswer, match=r"NaiveBayes has no denoiser.*Diffusion"):
        steps(likely.fit("iris", likely.NaiveBayes()))
    for wrong in ({"calls": ()}, {"calls": (0,)}, {"calls": (600,)}, {"n": 1}):
        with pytest.raises(FieldError, match="Expected"):
            steps(fitted, **wrong)
    assert max(CALLS) < 500


def test_other_levels_reach_the_same_end_and_levels_never_learned_are_refused(fitted, found):
    levels = Geometric(0.002, 20.0)
    other = steps(fitted, (50,), samplers={"UniPC": UniPC()}, levels=levels, n=16)
    assert other.of("UniPC").at(50) < 0.01
    c = fitted.conditions.draw(4, Keyed(0))
    ends = [
        descended(
            fitted.model, 4, c, way=replace(fitted.model.way, sampler=UniPC(), schedule=s, steps=300), rng=Keyed(0)
        ).x
        for s in (levels, fitted.model.learned)
    ]
    assert apart(*(end.detach().double() for end in ends)) < 0.01
    with pytest.raises(FieldError, match="levels of noise"):
        steps(fitted, (5,), levels=Geometric(0.001, 20.0))


def test_flow_matching_is_measured_in_the_even_shares_that_its_samples_go():
    flow = likely.FlowMatching(network=MLP(width=32, depth=2), guidance=1.5)
    fitted = likely.fit("iris", flow, condition="species", budget=100, certify=False)
    model, c = fitted.model, fitted.conditions.draw(16, Keyed(0).fork(1))
    found = steps(fitted, (10,), samplers={"UniPC": UniPC()}, n=16, reference=200)
    one, end = (
        model.walked(16, c, way=replace(model.family, sampler=s, steps=k), rng=Keyed(0)).x.detach().double()
        for s, k in ((UniPC(), 10), (Heun(), 200))
    )
    assert found.of("UniPC").at(10) == pytest.approx(apart(one, end), rel=1e-4)
    levels = descended(model, 16, c, way=replace(model.way, sampler=UniPC(), steps=10), rng=Keyed(0)).x.detach()
    assert found.of("UniPC").at(10) != pytest.approx(apart(levels.double(), end), rel=0.1)  # another way


@pytest.mark.slow
def test_ten_calls_of_dpm_solver_are_nearer_to_the_flow_than_fifty_of_ddim():
    """Along levels even in log sigma, in which its steps are reckoned; along Karras' own it takes about fifteen."""
    network = MLP(width=256, depth=3, residual=True, normalised=True)
    fitted = likely.fit("digits", likely.Diffusion(network=network), budget=900, certify=False)
    found = steps(fitted, (10, 15, 50), levels=Geometric(0.002, 20.0), n=16)
    assert found.of("DPMSolver,order=3").at(10) < found.of("DDIM").at(50)
    assert found.of("DPMSolver").at(15) < found.of("DDIM").at(50)
    own = steps(fitted, (10, 20, 50), n=16)
    assert own.of("DPMSolver").at(20) < own.of("DDIM").at(50) < own.of("DPMSolver").at(10)
