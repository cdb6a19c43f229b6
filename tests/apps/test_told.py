"""Conclusions say what the numbers allow."""

import torch

from likely.apps.comparison import Comparison
from likely.apps.contender import LATE, Contender
from likely.apps.told import conclusions, header_of, row_of, rows_of, told_codes, told_kept, told_mean
from likely.contracts import Scores

INDEPENDENT = ("independent columns", "=", -5.0, 0.99)


def test_an_exact_winner_is_named(planted):
    said = conclusions(planted(("KDE", "=", -1.0, 0.6), ("NaiveBayes", "=", -2.0, 0.9), INDEPENDENT))
    assert said[0] == "By held-out likelihood KDE beats NaiveBayes."
    assert said[1] == "Samples are hardest to tell from real rows for KDE."


def test_a_bound_below_is_undecided(planted):
    said = conclusions(planted(("KDE", "=", -1.0, 0.6), ("VAE", "≥ ≈", -2.0, 0.61), INDEPENDENT))
    assert said[0] == (
        "By held-out likelihood KDE has the highest number; VAE has a lower number, but only a bound: undecided."
    )
    assert said[1] == (
        "Whose samples are hardest to tell from real rows is undecided: the intervals of KDE and VAE overlap."
    )


def test_those_close_to_the_best_samples_are_named_where_others_are_not(planted):
    found = planted(("KDE", "=", -1.0, 0.6), ("VAE", "=", -2.0, 0.61), ("GAN", "", None, 0.9), INDEPENDENT)
    assert "Samples are hardest to tell from real rows for KDE and VAE." in conclusions(found)


def test_too_close_to_call(planted):
    found = planted(("KDE", "=", -1.0, 0.6), ("NaiveBayes", "=", -1.0, 0.6), INDEPENDENT)
    assert (
        conclusions(found)[0] == "By held-out likelihood KDE has the highest number; NaiveBayes is too close to call."
    )


def test_a_bound_above_is_a_proof(planted):
    said = conclusions(planted(("VAE", "≥ ≈", -1.0, 0.6), ("NaiveBayes", "=", -2.0, 0.9), INDEPENDENT))
    assert said[0] == "By held-out likelihood VAE beats NaiveBayes."


def test_the_undecided_are_told_beside_the_beaten(planted):
    found = planted(("VAE", "≥ ≈", -1.0, 0.6), ("KDE", "=", -2.0, 0.9), ("Diffusion", "≥ ≈", -1.1, 0.6), INDEPENDENT)
    assert found.leaders == ("VAE", "Diffusion")
    assert conclusions(found)[0] == (
        "By held-out likelihood VAE beats KDE; Diffusion has a lower number, but only a bound: undecided."
    )


def test_no_likelihood_is_told_not_ranked(planted):
    found = planted(("GAN", "", None, 0.7), ("KDE", "=", -1.0, 0.6), INDEPENDENT)
    assert "GAN has no likelihood: judge by the samples." in conclusions(found)
    assert "GAN" not in found.leaders


def test_worse_than_independent_columns_is_told(planted):
    said = conclusions(planted(("VAE", "=", -9.0, 0.7), ("KDE", "=", -1.0, 0.6), INDEPENDENT))
    assert [line for line in said if line.startswith("VAE is worse than independent columns")]
    assert not [line for line in said if line.startswith("KDE is worse")]


def test_worse_than_a_simple_mixture_is_told_once_and_only_of_families(planted):
    found = planted(("VAE", "=", -9.0, 0.7), ("KDE", "=", -0.5, 0.7), ("simple mixture", "=", -1.0, 0.6))
    said = conclusions(found)
    assert [line for line in said if "worse than" in line] == [
        "VAE is worse than a simple mixture, which is fitted in a moment."
    ]


def test_nobody_is_praised_whose_samples_are_easily_told(planted):
    said = conclusions(planted(("VAE", "=", -2.0, 0.99), ("KDE", "=", -1.0, 0.995), INDEPENDENT))
    assert "Every family's samples are easily told from real rows." in said


def test_failures_are_told_in_one_line():
    failed = Contender("GAN", failed="it broke\nTry: something")
    assert row_of(failed, ["two-sample AUC"]) == ("GAN", "failed: it broke", "", "", "")


def test_who_was_not_judged_is_told_and_has_not_no_likelihood():
    late = Contender("GAN", why_no_score=f"{LATE} (it was given 2.0 s)")
    found = Comparison("x.csv", {}, (late, Contender("VAE", why_no_score="it samples only")), (), {}, None)
    said = conclusions(found)
    assert f"GAN was not judged: {LATE} (it was given 2.0 s)." in said
    assert "VAE has no likelihood: judge by the samples." in said


def test_rows_have_the_header_s_columns(planted):
    found = planted(("GAN", "", None, 0.7), ("KDE", "=", -1.0, 0.6), INDEPENDENT)
    header, rows = header_of(found), rows_of(found)
    assert header == ("", "log-likelihood, nats/row", "two-sample AUC", "fit", "a sample")
    assert {len(row) for row in rows} == {len(header)}
    assert rows[0][:3] == ("GAN", "none", "0.700")
    assert rows[1] == ("KDE", "= -1.000 ± 0.042", "0.600", "1.5 s", "2.0 ms")


def test_a_row_of_probability_0(planted):
    found = planted(("KDE", "=", -1.0, 0.6), ("NaiveBayes", "=", float("-inf"), 0.6), INDEPENDENT)
    assert conclusions(found)[0].endswith("KDE has the highest number; NaiveBayes cannot be compared.")
    assert rows_of(found)[1][1] == "= -∞"


def test_one_row_has_no_error():
    assert told_mean(Scores(torch.tensor([-3.25]).double(), bound=False)) == "-3.25"


def test_what_a_card_says_of_codes():
    kept = {"value": 0.98, "low": 0.98 - 0.0196, "high": 0.98 + 0.0196, "note": ""}
    used = {"value": 1234.0, "low": 1234.0, "high": 1234.0, "note": ""}
    found = {"trustworthiness": kept, "perplexity": used, "rows": 2000, "held out": True}
    assert told_codes({"codes": found}) == "trustworthiness 0.980 ± 0.010; perplexity 1,234 (2,000 rows)"
    learned = told_codes({"codes": found | {"held out": False}})
    assert learned.endswith("(2,000 rows, learned from)")
    assert told_codes({"codes": {"rows": 18, "held out": True}}) == ""
    assert told_codes({}) == ""


def test_the_kept_weights_beside_the_last():
    kept = {"step": 1200, "averaged": True, "width": 0.075, "value": 0.01234, "error": 0.00216}
    final = {"step": 2000, "averaged": False, "width": None, "value": 0.02, "error": None}
    assert told_kept({"kept": kept, "final": final, "unit": "distance"}) == (
        "the weights averaged over 7.5 % of the training, of step 1,200 of 2,000: held-out distance 0.01234 ± 0.0022; "
        "the last weights 0.02"
    )
    assert told_kept({"kept": {"value": None}}) == "" == told_kept({})


def test_the_cards_of_earlier_versions_say_less():
    kept = {"step": 12, "averaged": True, "value": -1.5}
    assert told_kept({"kept": kept, "final": kept | {"value": None}}) == (
        "the weights averaged, of step 12 of 12: held-out loss -1.5"
    )
