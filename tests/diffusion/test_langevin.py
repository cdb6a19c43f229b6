"""Langevin moves: the law they keep, where they are stuck, and samplers that are made of them."""

import pytest
import torch
from mixtures import atomic, gaussian, misfit, start, three

from likely.diffusion import (
    DDIM,
    AnnealedLangevin,
    DPMSolver,
    Euler,
    Geometric,
    Heun,
    Karras,
    Langevin,
    PredictorCorrector,
    generate,
)
from likely.errors import FieldError
from likely.rng import Keyed


@pytest.mark.parametrize("size", [0.5, 0.1])
def test_the_law_of_one_level_is_kept_as_its_formula_says(size):
    """v / (1 - r sigma^2 / 2 v) with v = 0.5^2 + 0.4^2, begun far away."""
    look, level = (lambda x, sigma: gaussian(0.5).denoise(x, sigma.expand(len(x)))), torch.tensor(0.4).double()
    x, rng = torch.full((20_000, 2), 3.0).double(), Keyed(0)
    for _ in range(int(20 / size)):
        x = Langevin(size).step(look, x, level, level, rng=rng).x
    wanted = 0.41 / (1 - size * 0.16 / (2 * 0.41))
    assert abs(float(x.var() / wanted) - 1) < 0.02
    assert x.mean(0).abs().max() < 0.02


def test_at_one_level_it_draws_one_cluster():
    schedule = Geometric(low=0.3, high=20.0)
    x = generate(Langevin(0.1), gaussian(0.6, 0.4).denoise, schedule, start(schedule, 4000), calls=400, rng=Keyed(0))
    wanted = 0.6**2 / (0.6**2 + 0.3**2) ** 0.5 / (1 - 0.1 * 0.09 / (2 * 0.45)) ** 0.5  # of what is seen at level 0.3
    assert abs(float(x.std()) / wanted - 1) < 0.03
    assert (x.mean(0) - 0.4).abs().max() < 0.03


def test_at_one_level_it_does_not_cross_from_cluster_to_cluster_but_annealed_it_does():
    schedule = Geometric(low=0.1, high=20.0)
    beside = lambda x: ((x - three().mean[0]).norm(dim=1) < 0.9).double().mean()  # noqa: E731
    stuck, free = (
        generate(sampler, three().denoise, schedule, start(schedule, 1000), calls=400, rng=Keyed(0))
        for sampler in (Langevin(), AnnealedLangevin())
    )
    assert abs(beside(free) - 0.5) < 0.06
    assert abs(beside(stuck) - 0.5) > 0.06


@pytest.mark.parametrize("calls", [1, 2, 6, 7, 20, 101])
@pytest.mark.parametrize("moves", [1, 5])
def test_annealed_levels_share_their_moves(calls, moves):
    legs = AnnealedLangevin(moves=moves).plan(calls, Karras())
    assert len(legs) == calls
    many = [sum(float(leg.t) == level for leg in legs[:-1]) for level in {float(leg.t) for leg in legs[:-1]}]
    if calls > moves:
        assert min(many) >= moves
        assert max(many) < 2 * moves + 1


@pytest.mark.parametrize("predictor", [DDIM(), Heun(), DPMSolver()], ids=repr)
@pytest.mark.parametrize("moves", [1, 3])
def test_every_step_but_the_last_is_corrected(predictor, moves):
    legs = PredictorCorrector(predictor, moves).plan(101, Karras())
    predicted = [leg for leg in legs if not isinstance(leg.by, Langevin)]
    corrected = [leg for leg in legs if isinstance(leg.by, Langevin)]
    assert predicted == list(predictor.plan(101 - len(corrected), Karras()))
    assert all(leg.t == leg.s for leg in corrected)
    assert moves * (len(predicted) - 1) >= len(corrected) > moves * (len(predicted) - 3)


def test_a_corrector_mends_a_predictor_that_is_off():
    """Euler with too few steps along a geometric grid, against half of its steps and moves between them."""
    schedule = Geometric(low=0.02, high=20.0)
    lone, mended = (
        misfit(generate(s, atomic().denoise, schedule, start(schedule, 2000), calls=calls, rng=Keyed(1)), atomic())
        for s, calls in ((Euler(), 10), (PredictorCorrector(Euler(), moves=20), 200))
    )
    assert mended < 0.8 * lone


@pytest.mark.parametrize(
    "make",
    [
        lambda: Langevin(0),
        lambda: Langevin(1.5),
        lambda: AnnealedLangevin(moves=0),
        lambda: PredictorCorrector(moves=0),
        lambda: PredictorCorrector(size=-1),
    ],
)
def test_unusable_moves_are_refused(make):
    with pytest.raises(FieldError, match=r"moves|corrector"):
        make()
