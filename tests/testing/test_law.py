"""The table of laws and its verdicts."""

import pytest
import torch

from likely.families.gan import GAN
from likely.families.naive_bayes import NaiveBayes
from likely.spaces import Tokens, reals
from likely.testing import LAWS, Case, check, verdict
from likely.testing.law import Broken, close, demand


def test_a_law_reads_as_a_sentence():
    assert "the same seed gives the same sample" in LAWS
    assert all(name == name.strip() and "_" not in name for name in LAWS)


def test_the_four_outcomes():
    assert verdict(Case(NaiveBayes(), reals(1)), "float64 works").outcome == "passed"
    refused = verdict(Case(NaiveBayes(), reals(1), Tokens(5, 3)), "float64 works")
    assert refused.outcome == "refused"
    assert "classes" in refused.reason
    unpromised = verdict(Case(GAN(), reals(1)), "a row s density does not depend on its company")
    assert (unpromised.outcome, unpromised.reason) == ("not promised", "Density")


def test_check_runs_every_law_over_what_it_is_given():
    verdicts = list(check(NaiveBayes(), {"one": reals(1)}, {"nothing": None}))
    assert [v.law for v in verdicts] == list(LAWS)
    assert {v.family for v in verdicts} == {"NaiveBayes"}


def test_demands_say_what_was_seen():
    with pytest.raises(Broken, match="seen"):
        demand(False, "seen")
    with pytest.raises(Broken, match="seen: off by 1"):
        close(torch.ones(2), torch.zeros(2), "seen")
    nan = torch.tensor([float("nan")])
    close(nan, nan, "NaN equals NaN")
