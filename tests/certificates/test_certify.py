"""Each planted bug by its certificate; healthy models pass; nothing inside a check reaches the fit."""

import pytest
import torch

from likely.certificates import CAP, Certificate, certify
from likely.certificates.certify import CHECKS
from tests.certificates import planted
from tests.certificates.planted import certified, failed, subject


@pytest.mark.parametrize(
    ("bug", "names"),
    [
        (planted.WrongSign, {"log-determinant", "mass"}),
        (planted.Forgetful, {"log-determinant", "mass"}),
        (planted.Leak, {"score row by row"}),
        (planted.Crooked, {"codes and back"}),
        (planted.Narrow, {"dependence"}),
        (planted.NoLogN, {"mass"}),
        (planted.OtherSamples, {"mass"}),
        (planted.IgnoredSeed, {"same seed, same sample"}),
        (planted.GlobalNoise, {"same seed, same sample", "sample row by row"}),
        (planted.WholeBatch, {"sample row by row"}),
        (planted.Overflowing, {"sample in the space"}),
        (planted.TooHigh, {"bound below its weights"}),
        (planted.Overconfident, {"evidence adds up"}),
        (planted.Raises, {"score row by row", "dependence", "mass"}),
    ],
)
def test_a_planted_bug_fails_its_certificate_and_becomes_a_finding(bug, names):
    found = certified(bug)
    assert names <= failed(found)
    assert len(found.findings) == len(failed(found))
    assert all(". Try: " in finding for finding in found.findings)


@pytest.mark.parametrize("model", [planted.Right, planted.Kernels, planted.Latents])
def test_their_healthy_forms_pass(model):
    assert failed(certified(model)) == set()


def test_what_is_wrong_in_one_way_is_right_in_the_others():
    assert failed(certified(planted.Narrow)) == {"dependence"}
    assert failed(certified(planted.NoLogN)) == {"mass"}
    assert failed(certified(planted.TooHigh)) == {"bound below its weights"}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("family", "budget"), [("naive-bayes", None), ("kde", None), ("realnvp,layers=4,width=32", 150)]
)
@pytest.mark.parametrize("condition", [None, "species"])
def test_healthy_families_pass(family, budget, condition, seed):
    assert failed(certified(family, "iris", budget=budget, condition=condition, seed=seed)) == set()


def test_every_check_has_a_name_and_a_remedy():
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert all(check.remedy and check.promises for check in CHECKS)


def test_checks_without_time_are_left_out_and_told():
    found = certify(lambda: subject(planted.Right), held_out=True, cap=0.0)
    assert {check.outcome for check in found.checks} == {"not applicable"}
    assert {check.said for check in found.checks} == {"the time was up"}
    assert found.findings == ()
    assert (found.held_out, found.rows, found.dependence) == (True, 200, None)


def test_a_fault_in_the_making_of_rows_is_told_too():
    def broken():
        raise ZeroDivisionError

    found = certify(broken, held_out=False)
    assert found.checks == (Certificate("the rows", "failed", found.checks[0].said, remedy=found.checks[0].remedy),)
    assert "ZeroDivisionError" in found.findings[0]


def test_an_interrupt_ends_the_checks_and_not_the_fit():
    class Interrupted(planted.Kernels):
        def log_prob(self, x, c=None):
            raise KeyboardInterrupt

    found = certify(lambda: subject(Interrupted), held_out=True)
    told = {check.name: check.said for check in found.checks}
    assert told["score row by row"] == "stopped by hand"
    assert told["mass"] == "the time was up"
    assert failed(found) == set()


def test_the_model_and_torch_s_generator_are_left_as_they_were():
    model = planted.GlobalNoise(subject(planted.Kernels).codec.space)
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    before = torch.get_rng_state()
    certify(lambda: subject(model), held_out=True)
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(tensor, weights[name]) for name, tensor in model.state_dict().items())


def test_the_same_fit_gets_the_same_certificates():
    def plain():
        found = certified(planted.Right)
        return [(c.name, c.outcome, c.value, c.tolerance, c.said) for c in found.checks], found.dependence

    assert plain() == plain()


def test_the_limit_is_a_few_seconds():
    assert CAP <= 10
    assert certified(planted.Right).cap == CAP
