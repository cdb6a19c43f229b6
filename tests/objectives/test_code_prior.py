"""The law of codes: fitted as the family fits itself, on codes that stay as they are; again, and on odd ones."""

import pytest
import torch

from likely.contracts import Trained
from likely.errors import CannotAnswer, FieldError
from likely.families.factor_analysis import FactorAnalysis
from likely.families.gan import GAN
from likely.families.gaussian_mixture import GaussianMixture
from likely.families.kde import KDE
from likely.families.made import MADE
from likely.families.realnvp import RealNVP
from likely.objectives import CodePrior
from likely.rng import Keyed, Stepped
from likely.spaces import label, reals
from likely.training import Examples, follow, learn

CODES = torch.randn(400, 2, generator=torch.Generator().manual_seed(0)) @ torch.tensor([[1.0, 0.8], [0.0, 0.3]]) + 2
TWO = GaussianMixture(components=2, passes=20)


def concluded(codes, family=TWO, c=None, condition=None) -> CodePrior:
    prior = CodePrior(family, reals(codes.shape[1]), condition)
    prior.conclude(codes, c, rng=Keyed(1))
    return prior


@pytest.mark.parametrize("family", [TWO, FactorAnalysis(factors=1), KDE()], ids=lambda f: type(f).__name__)
def test_a_law_that_counts_is_what_its_family_learns(family):
    model = family.build(reals(2))
    follow(learn(model, Examples(CODES)))
    prior = concluded(CODES, family)
    assert prior.log_prob(CODES).mean().item() == pytest.approx(model.log_prob(CODES).mean().item(), abs=0.02)
    assert (prior.players(), list(prior.turns(CODES, None, rng=Stepped(0, 0)))) == ({}, [])
    assert not prior.model.training


def test_draws_have_the_codes_moments():
    drawn = concluded(CODES).sample(4000, rng=Keyed(2))
    torch.testing.assert_close(drawn.mean(0), CODES.mean(0), atol=0.1, rtol=0)
    torch.testing.assert_close(drawn.T.cov(), CODES.T.cov(), atol=0.15, rtol=0)


def test_codes_given_a_class():
    c = (torch.arange(400) % 2).float()[:, None]
    prior = concluded(CODES + 10 * c, c=c, condition=label(2))
    drawn = prior.sample(400, c, rng=Keyed(3))
    torch.testing.assert_close(drawn[1::2].mean(0) - drawn[::2].mean(0), torch.full((2,), 10.0), atol=0.5, rtol=0)


def test_fitted_again_it_forgets_the_codes_before():
    prior = concluded(CODES + 5)
    prior.conclude(CODES, None, rng=Keyed(1))
    assert torch.equal(prior.log_prob(CODES), concluded(CODES).log_prob(CODES))


def test_double_codes_have_a_double_law():
    assert concluded(CODES.double()).sample(3, rng=Keyed(0)).dtype == torch.float64


def test_a_law_that_learns_by_gradient_takes_turns_and_moves_no_code():
    torch.manual_seed(0)
    prior, codes = CodePrior(RealNVP(depth=1, width=8), reals(2)), CODES.clone().requires_grad_()
    assert isinstance(prior.model, Trained)
    prior.prepare(codes, None, rng=Keyed(0))
    players = prior.players()
    optimizers = {name: torch.optim.Adam(player.module.parameters(), 0.02) for name, player in players.items()}
    before = prior.log_prob(CODES).mean()
    for step in range(60):
        for turn in prior.turns(codes, None, rng=Stepped(0, step)):
            optimizers[turn.player].zero_grad()
            turn.loss().backward()
            optimizers[turn.player].step()
    assert codes.grad is None
    assert prior.log_prob(CODES).mean() > before + 0.5
    kept = prior.log_prob(CODES)
    prior.conclude(CODES, None, rng=Keyed(1))  # it has learned already
    assert torch.equal(prior.log_prob(CODES), kept)


NAN = float("nan")
ODD = torch.tensor([[NAN, 0.0], [torch.inf, 1.0]])
STRANGE = {
    "constant": torch.full((50, 2), 1.5),
    "one constant": torch.cat([CODES[:, :1], torch.full((400, 1), 2.5)], 1),
    "some missing": torch.cat([ODD, CODES]),
    "all missing": torch.full((20, 2), NAN),
    "one row": CODES[:1],
    "huge": CODES * 1e12,
    "tiny": CODES * 1e-12,
}


@pytest.mark.parametrize("name", STRANGE)
def test_codes_of_any_kind_have_a_law(name):
    """What is drawn is finite and near the codes."""
    codes = STRANGE[name]
    drawn = concluded(codes, GaussianMixture(passes=20)).sample(200, rng=Keyed(4))
    assert torch.isfinite(drawn).all()
    good = codes[torch.isfinite(codes).all(1)] if name != "all missing" else torch.zeros(1, 2)
    width = 6 * good.std(0, correction=0) + 0.3 * good.abs().amax(0) + 0.1 * (name == "all missing")
    assert ((drawn >= good.amin(0) - width) & (drawn <= good.amax(0) + width)).all()


def test_what_has_no_density_says_so():
    with pytest.raises(CannotAnswer, match="GAN"):
        CodePrior(GAN(), reals(2)).log_prob(CODES)


def test_choices_are_no_reals():
    with pytest.raises(FieldError, match="choices"):
        CodePrior(RealNVP(), label(3))
    torch.manual_seed(0)
    assert CodePrior(MADE(width=8), label(3)).sample(5, rng=Keyed(0)).shape == (5, 1)
