"""What to use for what, on planted numbers and small models."""

from dataclasses import replace

import pytest

import likely
from likely.apps.recommended import complete, generate, look_inside, recommendations, score, speed
from likely.metrics import Measure

INDEPENDENT = ("independent columns", "=", -5.0, 0.99)


@pytest.fixture(scope="module")
def models():
    known = {
        "KDE": likely.KDE(),
        "NaiveBayes": likely.NaiveBayes(),
        "VAE": likely.VAE(latent=2),
        "BayesNet": likely.BayesNet(),
        "BiGAN": likely.BiGAN(width=8),
    }
    return {name: likely.fit("iris", family, budget=2, certify=False) for name, family in known.items()}


@pytest.fixture
def found(planted, models):
    def built(*told):
        plain = planted(*told, INDEPENDENT)
        return replace(plain, contenders=tuple(replace(c, fitted=models.get(c.name)) for c in plain.contenders))

    return built


def test_generate_names_the_best_and_those_that_may_be_as_good(found):
    told = generate(found(("KDE", "=", -1.0, 0.6), ("VAE", "≥ ≈", -2.0, 0.61)))
    assert told.name == "KDE"
    assert told.why == "Its rows are hardest to tell from real ones, though VAE may be as good: the intervals overlap."
    assert told.evidence[0].startswith("KDE: AUC of trees that tell its rows from real ones 0.6 [0.57, 0.63]")
    assert "independent columns: 0.99 [0.96, 1.02]" in told.evidence
    assert "may be" not in generate(found(("KDE", "=", -1.0, 0.6), ("VAE", "≥ ≈", -2.0, 0.9))).why


def test_who_repeats_training_rows_is_not_recommended_for_new_ones(found):
    plain = found(("KDE", "=", -1.0, 0.5), ("VAE", "≥ ≈", -2.0, 0.9))
    near = Measure("nearer to training", 0.95, 0.9, 0.99, (200, 200), 0.5)
    kde = replace(plain.contenders[0], measures=plain.contenders[0].measures | {near.name: near})
    told = generate(replace(plain, contenders=(kde, plain.contenders[1])))
    assert told.name == "VAE"
    assert "KDE is left out: it repeats training rows" in told.evidence
    assert generate(replace(plain, contenders=(kde,))).name == ""


def test_score_says_what_is_proved_and_what_is_not(found):
    told = score(found(("KDE", "=", -1.0, 0.6), ("NaiveBayes", "=", -2.0, 0.6)))
    assert (told.name, told.why) == ("KDE", "It gives unseen rows more probability than all others.")
    assert "KDE minus NaiveBayes: 1 [1, 1] nats/row" in told.evidence
    told = score(found(("KDE", "=", -1.0, 0.6), ("VAE", "≥ ≈", -2.0, 0.6)))
    assert told.why == "It has the highest number for unseen rows, but VAE is not shown to be worse."
    assert any(line.endswith("(undecided)") for line in told.evidence)
    assert score(found(("VAE", "", None, 0.6))).name == ""


def test_complete_prefers_who_does_it_exactly(found):
    assert complete(found(("VAE", "≥ ≈", -0.1, 0.6), ("KDE", "=", -1.0, 0.6))).name == "KDE"
    told = complete(found(("VAE", "≥ ≈", -0.1, 0.6)))
    assert (told.name, "by particles" in told.why) == ("VAE", True)
    assert complete(found(("GAN", "", None, 0.6))).name == ""
    told = complete(found(("BiGAN", "", None, 0.6)))
    assert (told.name, told.why) == ("BiGAN", "It fills in what is missing by a heuristic.")
    assert complete(found(("BiGAN", "", None, 0.6), ("VAE", "", None, 0.6))).name == "VAE"


def test_a_mixture_of_pictures_is_not_said_to_be_exact(found):
    """Its cells are lifted, so that it fills in by particles; nothing in its promises says so."""
    plain = found(("KDE", "=", -1.0, 0.6))
    digits = likely.fit("digits", likely.GaussianMixture(components=2), certify=False)
    told = complete(replace(plain, contenders=(replace(plain.contenders[0], fitted=digits),)))
    assert "by particles" in told.why


def test_look_inside_codes_or_a_graph(found, models):
    assert look_inside(found(("BayesNet", "=", -1.0, 0.6))).why == "Its graph says which column depends on which."
    vae = models["VAE"]
    codes = {"codes": {"trustworthiness": {"value": 0.9, "low": 0.88, "high": 0.92}, "rows": 100}}
    told = found(("VAE", "≥ ≈", -0.1, 0.6))
    measured = replace(vae, card=replace(vae.card, measures=codes))
    told = look_inside(replace(told, contenders=(replace(told.contenders[0], fitted=measured),)))
    assert (told.name, told.evidence) == ("VAE", ("trustworthiness 0.900 [0.880, 0.920]",))
    assert look_inside(found(("KDE", "=", -1.0, 0.6))).name == ""


def test_speed_is_of_those_that_learned_something(found):
    plain = found(("KDE", "=", -1.0, 0.6), ("NaiveBayes", "=", -6.0, 0.999))
    slow, quick = plain.contenders
    plain = replace(plain, contenders=(replace(slow, fit_seconds=9.0), replace(quick, fit_seconds=0.1)))
    assert speed(plain).name == "KDE"
    assert speed(found(("GAN", "", None, 0.999))).name == ""


def test_every_purpose_has_its_line(found):
    told = recommendations(found(("KDE", "=", -1.0, 0.6)))
    assert [each.purpose for each in told] == ["generate", "score", "complete", "look inside", "speed"]
