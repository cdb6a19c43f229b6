"""A classifier of noised rows: it finds Bayes' own, its gradient leads where it should, and its refusals."""

import pytest
import torch

from likely.contracts import Guides
from likely.diffusion import Classified, Geometric, Heun, Karras, generate
from likely.errors import ConditionError, FieldError
from likely.families.noisy_classifier import NoisyClassifier, NoisyClassifierModel
from likely.rng import Keyed
from likely.spaces import Category, Image, Real, Tokens, Vector, absent, label, reals
from likely.testing.case import descend

SIGMA = torch.tensor([0.05, 0.3, 1.0, 4.0])


def halves(n=512):
    """x ~ N(+-1, 1/4) in the first of two numbers, its sign being the class."""
    c = (torch.arange(n) % 2).float()[:, None]
    noise = Keyed(0).normal((n, 2), like=c)
    return torch.stack([2 * c[:, 0] - 1, 0 * c[:, 0]], 1) + noise * torch.tensor([0.5, 1.0]), c


def exact(x_t, sigma):
    """log p(c = 1 | x_t) - log p(c = 0 | x_t)."""
    return 2 * x_t[:, 0] / (0.25 + sigma**2)


@pytest.fixture(scope="module")
def learned() -> NoisyClassifierModel:
    torch.manual_seed(0)
    model = NoisyClassifier(schedule=Geometric(0.02, 20.0), width=32).build(reals(2), label(2))
    descend(model, *halves(), 400, rate=5e-3)
    return model.eval()


def test_it_promises_to_guide():
    assert isinstance(NoisyClassifier().build(reals(2), label(2)), Guides)


def test_it_finds_the_exact_noisy_classifier(learned):
    x, c = halves(256)
    for sigma in SIGMA:
        x_t, level = x + sigma * Keyed(3).normal(x.shape, like=x), sigma.expand(len(x))
        with torch.no_grad():
            one, nil = (learned.agreement(x_t, level, torch.full_like(c, k)) for k in (1.0, 0.0))
        truth = exact(x_t, level).sigmoid()
        assert float((one.exp() - truth).abs().mean()) < 0.1
        assert torch.allclose((one.exp() + nil.exp()), torch.ones(len(x)), atol=1e-5)


def test_it_leads_a_denoiser_that_was_told_nothing(learned):
    """Rows of both halves in equal shares, and what the classifier makes of their denoiser."""

    def denoiser(x, sigma, c):
        wide = 0.25 + sigma[:, None] ** 2
        share = (2 * x[:, :1] / wide).sigmoid()
        first = sum(s * (m + 0.25 / wide * (x[:, :1] - m)) for s, m in ((share, 1.0), (1 - share, -1.0)))
        return torch.cat([first, x[:, 1:] / (1 + sigma[:, None] ** 2)], 1)

    c = (torch.arange(400) % 2).float()[:, None]
    start = 20 * Keyed(5).normal((400, 2), like=c)
    with torch.no_grad():
        drawn = generate(
            Heun(), Classified(denoiser, learned.agreement), Karras(0.02, 20.0), start, c, calls=41, rng=Keyed(0)
        )
    right = (drawn[:, 0] > 0).float() == c[:, 0]
    assert right.float().mean() > 0.93  # of rows themselves 0.977 lie on their own side
    for k in (0.0, 1.0):
        assert abs(float(drawn[c[:, 0] == k, 0].mean()) - (2 * k - 1)) < 0.15
        assert abs(float(drawn[c[:, 0] == k, 0].std()) - 0.5) < 0.12
    assert abs(float(drawn[:, 1].std()) - 1) < 0.15


def test_a_missing_class_leads_nowhere(learned):
    x, c = halves(8)
    at = x.clone().requires_grad_()
    told = learned.agreement(at, torch.ones(8), absent(c))
    assert torch.equal(told, torch.zeros(8))
    assert torch.equal(torch.autograd.grad(told.sum(), at)[0], torch.zeros_like(x))


def test_several_columns_each_by_itself():
    torch.manual_seed(0)
    model = NoisyClassifier(width=8).build(Image(1, 4, 4, None), Vector((Category(2), Category(3, missing=True))))
    x, c = torch.randn(4, 1, 4, 4), torch.tensor([[0.0, 2.0], [1.0, 1.0], [float("nan"), 0.0], [1.0, float("nan")]])
    parts = model.log_shares(x, torch.ones(4))
    assert [part.shape for part in parts] == [(4, 2), (4, 3)]
    wanted = [parts[0][0, 0] + parts[1][0, 2], parts[0][1, 1] + parts[1][1, 1], parts[1][2, 0], parts[0][3, 1]]
    assert torch.allclose(model.agreement(x, torch.ones(4), c), torch.stack(wanted))


@pytest.mark.parametrize("condition", [None, reals(1), Vector((Category(2), Real())), Tokens(5, 4), Image(1, 4, 4, 2)])
def test_what_is_no_class_is_refused(condition):
    with pytest.raises(ConditionError, match="Expected") as told:
        NoisyClassifier().build(reals(2), condition)
    assert "Try" in str(told.value)


@pytest.mark.parametrize("fields", [{"width": 0}, {"rate": 0.0}, {"decay": -1.0}])
def test_fields_that_make_no_classifier_are_refused(fields):
    with pytest.raises(FieldError, match="Expected"):
        NoisyClassifier(**fields)


def test_rows_without_a_class_cannot_be_learned_from():
    model = NoisyClassifier(width=8).build(reals(2), label(2))
    with pytest.raises(ConditionError, match="no condition"):
        list(model.turns(torch.zeros(3, 2), None, rng=Keyed(0)))


def test_its_own_draws_show_what_tells_a_class(learned):
    c = (torch.arange(200) % 2).float()[:, None]
    with torch.no_grad():
        drawn = learned.sample(200, c, rng=Keyed(0))
    assert ((drawn[:, 0] > 0).float() == c[:, 0]).float().mean() > 0.85  # of N(0, 1), reweighed by p(c | x)
