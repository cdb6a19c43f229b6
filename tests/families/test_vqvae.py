"""The VQVAE: its bound against the sum over all codes, its law of codes, learning, and every space and condition."""

import itertools
import signal

import pytest
import torch

import likely
from likely.backbones import MLP, Conv
from likely.contracts import Bound, Density, Latent, Trained
from likely.errors import FieldError, Interrupted
from likely.families.bayes_net import BayesNet
from likely.families.gan import GAN
from likely.families.made import MADE
from likely.families.naive_bayes import NaiveBayes
from likely.families.pixelcnn import PixelCNN
from likely.families.pixelrnn import PixelRNN
from likely.families.realnvp import RealNVP
from likely.families.transformer import Transformer
from likely.families.vae import VAE
from likely.families.vqvae import VQVAE, VQVAEModel
from likely.fields import from_json, made, to_json
from likely.objectives.quantiser import FSQ, Codebook
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Count, Image, Real, Series, Tokens, Vector, Wave, label, reals
from likely.testing.case import descend, example_rows
from likely.training import Engine
from likely.training import Stepped as Step

TABLE = Vector((Real(), Real(atoms=(0.0,), missing=True), Count(missing=True), Category(3)))
SPACES = [reals(3), TABLE, Image(1, 6, 6, 2), Image(3, 5, 5, 16), Image(1, 4, 6, None), Tokens(5, 4), Series(2, 7),
          Wave(8000, 12, 8)]  # fmt: skip
CONDITIONS = [label(4), TABLE, Image(1, 6, 6, 2), Tokens(5, 4)]
QUANTISERS = [FSQ(levels=(3, 2)), Codebook(size=6, width=3)]
SMALL = MADE(width=16)
PLAIN = Engine(threads=1, probe=False)


def rows(space, count=12):
    return example_rows(space, count, Keyed(7))


def built(space=TABLE, condition=None, *, network=None, **fields) -> VQVAEModel:
    torch.manual_seed(1)
    small = Conv(width=4) if isinstance(space, Image) else network
    return VQVAE(**{"slots": 2, "prior": SMALL, "quantiser": FSQ(levels=(3, 2)), "network": small} | fields).build(
        space, condition
    )


@pytest.mark.parametrize("quantiser", QUANTISERS, ids=repr)
@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_every_space(space, quantiser):
    goes_there_and_back(built(space, quantiser=quantiser), rows(space), None)


@pytest.mark.parametrize("space", [TABLE, Image(1, 6, 6, 2)], ids=repr)
@pytest.mark.parametrize("condition", CONDITIONS, ids=repr)
def test_every_condition(space, condition):
    goes_there_and_back(built(space, condition), rows(space), rows(condition))


def goes_there_and_back(model, x, c):
    assert isinstance(model, Bound)
    assert isinstance(model, Latent)
    assert isinstance(model, Trained)
    descend(model, x, c, 2)
    told = model.eval().elbo(x, c, rng=Keyed(0))
    assert told.value.shape == (12,)
    assert told.value.isfinite().all()
    drawn, codes = model.sample(12, c, rng=Keyed(0)), model.encode(x, c)
    decoded = model.decode(codes, c)
    assert codes.shape == (12, *model.codes.shape)
    assert drawn.shape == decoded.shape == x.shape
    assert drawn.dtype == x.dtype


def every_code(model):
    """All codes there are, as cells of their space."""
    size, places = model.objective.quantising.size, model.objective.coder.places
    return torch.tensor(list(itertools.product(range(size), repeat=places)), dtype=torch.float64)


@pytest.mark.parametrize("quantiser", [FSQ(levels=(2, 2)), Codebook(size=5, width=2)], ids=repr)
@pytest.mark.parametrize("condition", [None, label(4)], ids=repr)
@pytest.mark.parametrize("space", [Vector((Category(2), Category(3))), TABLE, Image(1, 2, 4, 3)], ids=repr)
def test_the_bound_is_the_sum_over_all_codes_less_what_other_codes_say(space, condition, quantiser):
    """p(x) = sum_k p(x | k) p(k); elbo = log p(x | k(x)) + log p(k(x)) = log p(x) + log p(k(x) | x), in float64."""
    model = built(space, condition, quantiser=quantiser)
    descend(model, rows(space, 64), None if condition is None else rows(condition, 64), 20)
    model, x = model.double().eval(), rows(space).double()
    c = None if condition is None else rows(condition).double()
    codes = every_code(model)
    with torch.no_grad():
        joint = torch.stack([joint_with(model, row, codes, None if c is None else c[at]) for at, row in enumerate(x)])
        told, own = model.elbo(x, c, rng=Keyed(0)), model.encode(x, c).flatten(1)
        law = joint_with(model, None, codes, None if c is None else c[0])
    truth = joint.logsumexp(1)
    chosen = (own[:, None] == codes).all(2)
    assert chosen.sum(1).eq(1).all()
    torch.testing.assert_close(law.logsumexp(0).exp(), torch.ones((), dtype=torch.float64))  # the codes' law is one
    torch.testing.assert_close(told.value, joint[chosen], rtol=1e-9, atol=1e-9)
    posterior = joint - truth[:, None]
    torch.testing.assert_close(told.value, truth + posterior[chosen], rtol=1e-9, atol=1e-9)
    assert (told.value <= truth + 1e-12).all()


def joint_with(model, row, codes, c):
    """log p(x, k | c) at every k; without a row log p(k | c)."""
    given = None if c is None else c.expand(len(codes), *c.shape)
    prior = model.prior.log_prob(codes.view(-1, *model.codes.shape), given)
    if row is None:
        return prior
    said = model.objective.said(codes.long(), given)
    return prior + model.objective.law.log_prob(row.expand(len(codes), *row.shape), said)


def test_samples_are_as_frequent_as_the_sum_over_codes_says():
    space = Vector((Category(2), Category(3)))
    model = built(space, quantiser=FSQ(levels=(2, 2)))
    descend(model, rows(space, 64), None, 60, rate=1e-2)
    model, codes = model.double().eval(), every_code(model)
    cells = torch.tensor(list(itertools.product(range(2), range(3))), dtype=torch.float64)
    with torch.no_grad():
        p = torch.stack([joint_with(model, cell, codes, None).logsumexp(0) for cell in cells]).exp()
        drawn = model.sample(20_000, rng=Keyed(3))
    assert abs(float(p.sum()) - 1) < 1e-9
    seen = (drawn[:, None] == cells).all(2).double().mean(0)
    assert ((seen - p).abs() < 4.5 * (p * (1 - p) / 20_000).sqrt() + 1e-3).all()


# The law of codes ----------------------------------------------------------------------------------------------------

PRIORS = [MADE(width=16), Transformer(width=16, layers=1), PixelCNN(width=8, blocks=1, hidden=8),
          PixelRNN(width=8, layers=1, hidden=8)]  # fmt: skip


@pytest.mark.parametrize("prior", PRIORS, ids=lambda prior: type(prior).__name__)
@pytest.mark.parametrize("space", [TABLE, Image(1, 6, 6, 2)], ids=repr)
@pytest.mark.parametrize("condition", [None, label(4)], ids=repr)
def test_autoregressive_families_are_laws_of_codes(prior, space, condition):
    model = built(space, condition, prior=prior)
    x, c = rows(space, 64), None if condition is None else rows(condition, 64)
    before = model.elbo(x, c, rng=Keyed(0)).rate.mean()
    descend(model, x, c, 40, rate=1e-2)
    assert model.eval().elbo(x, c, rng=Keyed(0)).rate.mean() < before
    assert model.sample(3, None if c is None else c[:3], rng=Keyed(0)).shape == (3, *space.shape)


@pytest.mark.parametrize("prior", [NaiveBayes(), BayesNet()], ids=lambda prior: type(prior).__name__)
def test_a_law_that_counts_is_asked_only_once_codes_stand_still(prior):
    model, x = built(prior=prior, slots=3), rows(TABLE, 96)
    descend(model, x, None, 5)
    evenly = model.elbo(x, rng=Keyed(0)).rate
    torch.testing.assert_close(evenly, torch.full((96,), 3 * torch.log(torch.tensor(6.0)).item()))
    assert model.sample(5, rng=Keyed(0)).shape == (5, 4)
    model.eval().conclude(x, rng=Keyed(1))
    once = model.elbo(x, rng=Keyed(0)).rate
    assert once.mean() < evenly.mean()
    codes = model.encode(x)
    counted = prior.build(model.codes)
    while counted.observe(codes) or counted.finish():
        pass
    torch.testing.assert_close(-counted.log_prob(codes).to(once.dtype), once, rtol=1e-5, atol=1e-5)
    model.conclude(x, rng=Keyed(1))
    assert torch.equal(model.elbo(x, rng=Keyed(0)).rate, once)


def test_without_a_law_all_codes_are_as_likely():
    model = built(prior=None, slots=3)
    told = model.elbo(rows(TABLE), rng=Keyed(0))
    torch.testing.assert_close(told.rate, torch.full((12,), 3 * torch.log(torch.tensor(6.0)).item()))
    drawn = model._drawn(3000, None, Keyed(0))
    assert drawn.unique().tolist() == list(range(6))


@pytest.mark.parametrize(("prior", "why"), [(VAE(), "no exact density"), (GAN(), "reals"), (RealNVP(), "reals")],
                         ids=["VAE", "GAN", "RealNVP"])  # fmt: skip
def test_what_is_no_law_of_choices_is_refused_by_name(prior, why):
    with pytest.raises(FieldError, match=f"{type(prior).__name__}.*{why}") as raised:
        built(prior=prior)
    assert "MADE" in str(raised.value)


def test_pixel_laws_and_choices_of_a_wrong_kind_are_refused():
    with pytest.raises(FieldError, match="both at least 1"):
        VQVAE(slots=0)
    with pytest.raises(FieldError, match="above 0"):
        VQVAE(rate=0.0)


def test_the_law_does_not_move_the_encoder():
    model, x = built(), rows(TABLE)
    own, *rest = model.turns(x, rng=Stepped(0, 0))
    del own
    for turn in rest:
        turn.loss().backward()
    assert all(p.grad is None for p in model.objective.parameters())
    assert any(p.grad is not None for p in model.prior.parameters())


# Learning ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quantiser", [FSQ(levels=(4, 4)), Codebook(size=16, width=4)], ids=["FSQ", "Codebook"])
def test_it_learns_what_independent_columns_cannot_say(quantiser):
    """Eight equally likely rows of six coins: log 8 = 2.08 nats, where apart they are 6 log 2 = 4.16."""
    space = Vector((Category(2),) * 6)
    words = torch.tensor(list(itertools.product((0.0, 1.0), repeat=3)))
    x = torch.cat([words, words], 1)[Keyed(0).integers(8, (256,), like=words)]
    model = built(space, quantiser=quantiser, slots=2, prior=MADE(width=32), network=MLP(width=32, depth=1))
    model.prepare(x, rng=Keyed(0))
    descend(model, x, None, 250, rate=1e-2)
    with torch.no_grad():
        told = model.eval().elbo(x, rng=Keyed(0)).value
        drawn = model.sample(500, rng=Keyed(1))
    assert -2.6 < told.mean() < -2.0
    assert (drawn[:, :3] == drawn[:, 3:]).all(1).float().mean() > 0.8


def test_float64_and_rows_apart():
    for space in (TABLE, Image(1, 6, 6, 2)):
        model, x = built(space).double().eval(), rows(space).double()
        with torch.no_grad():
            whole = model.elbo(x, rng=Keyed(0)).value
            alone = torch.cat([model.elbo(row[None], rng=Keyed(9)).value for row in x])
        assert whole.dtype == torch.float64
        torch.testing.assert_close(alone, whole, rtol=1e-10, atol=1e-10)


def test_what_is_no_code_decodes_as_the_nearest_one():
    model = built()
    z = torch.tensor([[-3.0, 2.2], [5.4, 99.0]])
    nearest = torch.tensor([[0.0, 2.0], [5.0, 5.0]])
    torch.testing.assert_close(model.decode(z), model.decode(nearest), rtol=0, atol=0, equal_nan=True)


def test_a_description_keeps_its_law_and_quantiser():
    family = VQVAE(prior=Transformer(width=32), quantiser=Codebook(size=64))
    assert from_json(to_json(family), "Family") == family
    typed = made("Family", "vqvae,prior=made,prior.width=64,quantiser=codebook,quantiser.size=64,slots=3")
    assert typed == VQVAE(prior=MADE(width=64), quantiser=Codebook(size=64), slots=3)


FITTED = "vqvae,prior=made,prior.width=16,quantiser=codebook,quantiser.size=16,quantiser.width=2,network=mlp"


def test_a_resumed_training_ends_in_the_same_bits(tmp_path):
    """The book's averages and new starts are buffers and noise of (seed, step)."""
    wanted = likely.fit("iris", FITTED + ",quantiser.dead=0.5", budget=60, engine=PLAIN, certify=False)

    def stop(event):
        if isinstance(event, Step) and event.step >= 20:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Interrupted):
        likely.fit("iris", FITTED + ",quantiser.dead=0.5", budget=60, engine=PLAIN, certify=False,
                   folder=tmp_path / "run.likely", listeners=[stop])  # fmt: skip
    resumed = likely.resume(tmp_path / "run.likely", engine=PLAIN)
    wanted, seen = wanted.model.state_dict(), resumed.model.state_dict()
    assert all(torch.equal(wanted[name], seen[name]) for name in wanted)


def test_a_fitted_one_scores_once_and_says_what_its_codes_are_worth(tmp_path):
    fitted = likely.fit("iris", FITTED, condition="species", budget=60, engine=PLAIN, folder=tmp_path / "m.likely")
    scores = fitted.score("iris")
    assert scores.kind == "≥"  # nothing is drawn, so that it is no estimate of a bound but the bound
    told = fitted.card.measures["codes"]
    assert 1 <= told["perplexity"]["value"] <= 16
    loaded = likely.load(tmp_path / "m.likely")
    assert torch.equal(loaded.score("iris").nats, scores.nats)
    assert loaded.card.measures == fitted.card.measures
    assert loaded.encode("iris").shape == (150, 4)
    assert isinstance(loaded.model.prior.model, Density)
