"""What a family leaves open is put there where it is fitted, and nothing else is touched."""

import pytest

import likely
from likely.fields import made, to_json
from likely.names import table
from likely.presets import PRESETS, composed


@pytest.mark.parametrize(("family", "field"), [(family, field) for family in PRESETS for field in PRESETS[family]])
def test_what_is_open_is_composed_and_what_is_given_stays(family, field):
    open_one = made("Family", family)
    assert getattr(open_one, field) is None
    whole = composed(open_one)
    assert type(getattr(whole, field)).__name__ in table("Family")
    assert composed(whole) is whole
    assert to_json(whole)[field]["is"] in table("Family")


def test_other_families_stay_as_they_are():
    family = likely.VAE(latent=2)
    assert composed(family) is family
    given = likely.Autoencoder(density=likely.KDE())
    assert composed(given) is given


def test_a_card_says_the_whole():
    fitted = likely.fit("iris", likely.Autoencoder(latent=2), budget=5, certify=False)
    assert fitted.card.family == composed(likely.Autoencoder(latent=2))
