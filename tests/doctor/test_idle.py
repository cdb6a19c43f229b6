"""Idle codes are told where enough rows show them, on real trainings too."""

# pyright: reportAttributeAccessIssue=false

import numpy as np
import pandas as pd
import pytest
import torch

import likely
from likely.backbones import MLP
from likely.doctor import idle
from likely.families.made import MADE
from likely.families.vqvae import VQVAE
from likely.objectives.quantiser import FSQ, Codebook
from likely.training import Engine, Noticed

PLAIN = Engine(threads=1, probe=False)


def test_most_codes_in_no_row():
    codes = torch.arange(4).repeat(60).reshape(-1, 2)
    found = idle(codes, 10)
    assert found is not None
    assert "6 of 10 codes stand in none of 120 held-out rows" in found.seen
    assert idle(codes, 8) is None  # half of them do
    assert idle(codes[:20], 10) is None  # too few to say


@pytest.mark.parametrize(("quantiser", "told"), [(FSQ(levels=(8, 8)), 1), (Codebook(size=3, width=2), 0)],
                         ids=["too many", "few"])  # fmt: skip
def test_a_training_with_more_codes_than_the_rows_need_is_told_so(quantiser, told):
    """Three kinds of rows need few codes."""
    kind = np.random.default_rng(0).choice(["a", "b", "c"], 4000)
    rows = pd.DataFrame({"first": kind, "again": kind})
    family = VQVAE(quantiser=quantiser, slots=1, prior=MADE(width=16), network=MLP(width=16, depth=1))
    heard = []
    fitted = likely.fit(rows, family, budget=300, engine=PLAIN, certify=False, listeners=[heard.append])
    notices = [each.what for each in heard if isinstance(each, Noticed) and each.what.startswith("idle codes")]
    assert len(notices) == told
    assert list(fitted.card.findings) == notices
    assert fitted.card.measures["codes"]["perplexity"]["value"] < 4
