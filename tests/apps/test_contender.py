"""A contender holds what was measured, and nothing by default."""

import pytest

from likely.apps.contender import Contender


def test_a_contender_is_a_frozen_row():
    contender = Contender("VAE")
    assert (contender.scores, contender.measures, contender.failed) == (None, {}, "")
    with pytest.raises(AttributeError):
        contender.name = "GAN"
