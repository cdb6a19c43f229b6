"""The autoencoder as a person fits it: codes, samples from their law, misfits; no density claimed."""

import numpy as np
import pytest
import torch

import likely
from likely.contracts import Evidence
from likely.errors import CannotAnswer
from likely.families.autoencoder import AutoencoderModel
from likely.rng import Keyed
from likely.source import promises
from likely.spaces import reals
from likely.testing.case import Case


@pytest.fixture(scope="module")
def fitted():
    return likely.fit("iris", likely.Autoencoder(latent=2), budget=300)


def test_it_claims_no_density_and_names_families_that_have_one(fitted):
    assert set(promises("Autoencoder")) == {"Reconstructs", "Latent", "Fills", "Trained", "Prepared", "Concludes"}
    with pytest.raises(CannotAnswer, match="GaussianMixture"):
        fitted.score("iris")


def test_the_card_says_what_draws_its_samples(fitted):
    assert any("no generative model by itself" in finding and "GaussianMixture" in finding
               for finding in fitted.card.findings)  # fmt: skip


def test_codes_come_back_as_rows(fitted):
    iris = likely.read("iris").frame
    codes = fitted.encode(iris)
    back = fitted.decode(codes)
    assert codes.shape == (150, 2)
    assert (back["species"] == iris["species"]).mean() > 0.9
    numbers = [name for name in iris if name != "species"]
    assert np.abs(back[numbers] - iris[numbers]).mean().max() < 0.4


def test_samples_follow_the_rows(fitted):
    iris, drawn = likely.read("iris").frame, fitted.sample(600)
    for name in (name for name in iris if name != "species"):
        assert abs(drawn[name].mean() - iris[name].mean()) < 0.35 * iris[name].std()
    assert set(drawn["species"]) == set(iris["species"])
    assert drawn["species"].value_counts(normalize=True).max() < 0.55


def test_saved_and_loaded_it_draws_the_same(fitted, tmp_path):
    other = likely.load(fitted.save(tmp_path / "iris.likely"))
    assert other.sample(20, seed=3).equals(fitted.sample(20, seed=3))
    assert np.array_equal(other.encode("iris"), fitted.encode("iris"))


def test_it_goes_on_from_a_saved_one(fitted):
    further = likely.fit("iris", likely.Autoencoder(latent=2), budget=20, init=fitted, certify=False)
    assert further.sample(5).shape == (5, 5)


def test_given_a_class():
    given = likely.fit("iris", likely.Autoencoder(latent=2), condition="species", budget=200, certify=False)
    drawn = given.sample(60, given={"species": "setosa"})
    assert drawn["petal length (cm)"].mean() < 2.5


@pytest.mark.parametrize("shown", [[True, False, False], [True, True, False]])
def test_what_is_missing_follows_the_law_of_codes_and_rows(shown):
    """A code of one number: what is known weighs every point of a grid of codes."""
    model = Case(likely.Autoencoder(latent=1), reals(3)).model
    assert isinstance(model, AutoencoderModel)
    x, known = torch.tensor([[0.4, 0.5, 0.0]]).expand(1500, -1), torch.tensor([shown]).expand(1500, -1)
    with torch.no_grad():
        z = torch.linspace(-6, 6, 6001)[:, None]
        said = model.said(z)
        log_p = (
            model.prior.log_prob(z).double()
            + said.log_known(x[:1].expand(6001, -1), known[:1].expand(6001, -1)).double()
        )
        told = model.fill(x, Evidence(known), particles=32, rng=Keyed(0))
        mean = (log_p.softmax(0)[:, None] * said.law.mean(said.parameters)).sum(0)
    assert torch.equal(told.x[known], x[known])
    free = ~known[0]
    assert (told.x[:, free].mean(0) - mean[free]).abs().max() < 0.03
    assert told.log_evidence is not None
    ratio = (told.log_evidence - log_p.logsumexp(0) - torch.tensor(12 / 6000).log()).exp()
    assert abs(float(ratio.mean()) - 1) < 4 * float(ratio.std()) / 1500**0.5 + 0.03
