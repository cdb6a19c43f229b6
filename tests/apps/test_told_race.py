"""How a race went, in words."""

from dataclasses import replace

from likely.apps.comparison import Recommendation, Round, Seeds
from likely.apps.told_race import advice_of, race_of, seeds_of


def test_rounds_are_told_where_there_was_more_than_one(planted):
    plain = planted(("KDE", "=", -1.0, 0.6), ("independent columns", "=", -5.0, 0.99))
    rounds = (
        Round(1, "VAE", "2 s", 2.0, stopped="left after round 1: KDE is better"), Round(1, "KDE", "", 1.0),
        Round(2, "GAN", "4 s", 4.5, kept=False), Round(2, "MADE", "4 s", 4.5),
    )  # fmt: skip
    assert race_of(replace(plain, rounds=rounds[:2])) == []
    assert race_of(replace(plain, rounds=rounds, unfit=(("WaveNet", "no moments"),))) == [
        "Round 1 of 2: 2 families, 3.0 s in all.",
        "  VAE left after round 1: KDE is better",
        "Round 2 of 2: 2 families, 9.0 s in all; 1 kept the weights of an earlier round.",
        "Left out, since they cannot model such data: WaveNet.",
    ]


def test_seeds_and_advice(planted):
    plain = planted(("KDE", "=", -1.0, 0.6), ("independent columns", "=", -5.0, 0.99))
    assert advice_of(plain) == seeds_of(plain) == []
    found = replace(plain, seeds=(Seeds("VAE", (0, 1, 2), (-1.0, -2.0, -3.0)),), recommendations=(
        Recommendation("speed", "KDE", "It is quick.", ("fitted in 1 s",)),
        Recommendation("complete", "", "Nobody can."),
    ))  # fmt: skip
    assert seeds_of(found) == ["Over 3 seeds VAE gets -2 nats/row, with a standard deviation of 1."]
    assert advice_of(found) == [
        "What to use:", "  to be quick: KDE. It is quick. (fitted in 1 s)", "  to complete: Nobody can.",
    ]  # fmt: skip
