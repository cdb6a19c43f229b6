"""A contender as a card."""

from dataclasses import replace

import likely
from likely.apps.contender import Contender
from likely.report.cards import card, ranked, room


def test_what_codes_keep_stands_on_a_model_s_card(tables):
    kept = {"value": 0.9, "low": 0.9 - 0.0196, "high": 0.9 + 0.0196, "note": ""}
    fitted = likely.fit("iris", likely.FactorAnalysis(factors=2), certify=False)
    measures = {"codes": {"trustworthiness": kept, "rows": 150, "held out": False}}
    fitted = replace(fitted, card=replace(fitted.card, measures=measures))
    told = card(Contender("FactorAnalysis", fitted.card.family, fitted=fitted), tables[0])
    assert told["codes"] == "trustworthiness 0.900 ± 0.010 (150 rows, learned from)"
    assert card(Contender("KDE"), tables[0])["codes"] == ""


def test_which_weights_were_kept_stands_on_a_model_s_card(tables):
    fitted = likely.fit("iris", likely.NaiveBayes(), certify=False)
    end = {"step": 3, "averaged": False, "value": 1.0, "error": None}
    measures = {"kept": end, "final": end | {"step": 9, "value": 2.0}, "unit": "nats", "rule": "the smallest"}
    fitted = replace(fitted, card=replace(fitted.card, measures=measures))
    told = card(Contender("NaiveBayes", fitted.card.family, fitted=fitted), tables[0])
    assert told["kept"] == "the weights, of step 3 of 9: held-out nats 1; the last weights 2"
    assert told["rule"] == "the smallest"


def test_real_rows_have_no_odd_cells_and_others_may(planted, tables):
    found = planted(*tables)
    floor, _ = found.references
    assert "<mark" not in card(floor, found.real)["sheet"]
    strange = found.real.frame.assign(x=1e9)
    assert card(replace(floor, name="GAN", samples=replace(found.real, frame=strange)), found.real)["sheet"].count(
        "<mark"
    ) == 6  # fmt: skip


def test_the_best_number_first_and_none_last(planted, tables):
    names = [c.name for c in ranked(planted(*tables).contenders)]
    assert names[1] == "NaiveBayes"
    assert names[-1] == "none"
    assert "GAN" not in names


def test_many_cards_share_the_page():
    assert room(1) == room(2) == 400_000
    assert 40 * room(40) <= 3_400_000
