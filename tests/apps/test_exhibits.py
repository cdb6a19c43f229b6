"""What is shown beyond numbers."""

import likely
from likely.apps.contender import Contender
from likely.apps.exhibits import mapped, of_contenders
from likely.data import read
from likely.report.shown import honest_of


def test_samples_and_codes_of_those_that_have_any():
    real = read("iris").take(range(0, 150, 4))
    models = {name: likely.fit("iris", name, budget=2, certify=False) for name in ("FactorAnalysis", "RealNVP", "KDE")}
    everyone = [Contender(name, samples=real, fitted=fitted) for name, fitted in models.items()]
    found = of_contenders(real, [*everyone, Contender("broken", failed="it broke")])
    assert list(found.shown) == list(models)
    assert found.shown["KDE"].ranks.told == "as wide as unseen rows"
    assert found.shown["KDE"].associations[0].down == found.real[0].down
    (one,) = found.maps  # a flow's codes are the row in other numbers
    assert one.name == "FactorAnalysis"
    assert one.attribute.name == "species"
    assert one.places.shape == (38, 2)


def test_how_honest_those_are_that_tell_the_label():
    real = read("iris").take(range(0, 150, 3))
    given = likely.fit("iris", likely.NaiveBayes(), condition="species", certify=False)
    alone = likely.fit("iris", likely.NaiveBayes(), certify=False)
    found = of_contenders(real, [Contender(name, samples=real, fitted=each) for name, each in
                                 (("given", given), ("alone", alone))])  # fmt: skip
    ((name, told),) = found.honest
    assert (name, sum(each.rows for each in told.bins)) == ("given", 50)
    (shown,) = honest_of(found)
    assert shown["told"].startswith("wrong 0 [")
    assert str(shown["picture"]).startswith("<svg")


def test_codes_that_are_choices_have_no_map():
    fitted = likely.fit("iris", likely.VQVAE(), budget=2, certify=False)
    assert mapped("VQVAE", fitted, read("iris")) is None
