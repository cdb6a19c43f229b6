"""Codes in a row: the chain rule, draws as a plain loop gives them, and stretches that stand for their rows."""

import pytest
import torch

from likely.backbones.causal import Causal
from likely.backbones.codes import Codes
from likely.contracts import Sharpness
from likely.distributions import PLAIN, sharpened
from likely.distributions.columnwise import Dealt
from likely.objectives import InRow
from likely.rng import Keyed, Stepped
from likely.spaces import Tokens, label


def made(length, *, window=4, condition=None) -> InRow:
    torch.manual_seed(0)
    chain = InRow(Codes(Tokens(5, length), 5, 6, Causal(16, 2, 2, window=window), condition)).double()
    with torch.no_grad():
        chain.codes.head.weight.mul_(20)  # far from even
    return chain


def test_scores_are_the_chain_rule():
    chain, x = made(7), torch.randint(0, 6, (4, 7))
    x[1, 3:] = -1
    wanted = []
    for row in x:
        total = torch.zeros((), dtype=torch.float64)
        for t, code in enumerate(row[row >= 0]):
            before = torch.cat([torch.tensor([5]), row[:t]])
            total = total + chain.codes(before[None])[0, -1].log_softmax(0)[code]
        wanted.append(total)
    torch.testing.assert_close(chain.log_prob(x, None), torch.stack(wanted))


@pytest.mark.parametrize("sharpness", [PLAIN, Sharpness(0.5, top_k=3), Sharpness(top_p=0.7)], ids=repr)
@pytest.mark.parametrize("told", [0, 3])
@pytest.mark.parametrize("window", [4, 12])
def test_draws_are_those_of_a_plain_loop(sharpness, told, window):
    chain = made(12, window=window, condition=label(2))
    row, c = torch.randint(0, 5, (6, told)), (torch.arange(6) % 2)[:, None].double()
    levels = chain.levels(6, 12 - told, Keyed(3))
    fast = torch.stack([*chain.following(row, c, levels, sharpness)], 1)
    row, dealt = torch.cat([torch.full((6, 1), 5), row], 1), Dealt(levels)
    with torch.no_grad():
        for _ in range(12 - told):
            logits = sharpened(chain.codes(row, c)[:, -1], sharpness)
            row = torch.cat([row, dealt.categorical(logits)[:, None]], 1)
    assert torch.equal(fast, row[:, 1 + told :])


def test_rows_are_drawn_alike_in_any_blocks(monkeypatch):
    chain = made(6)
    levels = chain.levels(7, 6, Keyed(1))
    whole = chain.drawn(levels, None, PLAIN)
    monkeypatch.setattr("likely.objectives.in_row.TOGETHER", 3)
    assert torch.equal(chain.drawn(levels, None, PLAIN), whole)
    assert chain.drawn(levels[:0], None, PLAIN).shape == (0, 6)


def test_scores_are_alike_in_any_blocks(monkeypatch):
    chain, x = made(6), torch.randint(0, 6, (7, 6))
    whole = chain.log_prob(x, None)
    monkeypatch.setattr("likely.objectives.in_row.AT_ONCE", 14)
    torch.testing.assert_close(chain.log_prob(x, None), whole)
    assert chain.log_prob(x[:0], None).shape == (0,)


def test_a_loss_of_whole_rows_is_their_mean_score():
    chain, x = made(4), torch.randint(0, 6, (5, 4))
    torch.testing.assert_close(chain.loss(x, None, Stepped(0, 0))(), -chain.log_prob(x, None).mean())


def test_stretches_stand_for_their_rows():
    """A network that sees one code at a time says as much of a code in any stretch: the mean is the row's score."""
    chain, x = made(20, window=1), torch.randint(0, 5, (1, 20))
    with torch.no_grad():
        losses = torch.stack([chain.loss(x.expand(300, -1), None, Stepped(0, step))() for step in range(20)])
        edges = -sum(chain.codes(_pair(x, t))[0, -1].log_softmax(0)[x[0, t]] for t in (0, 19))
        score = chain.log_prob(x, None)[0]
    assert abs(losses.mean() + score) < 5 * losses.std() / 20**0.5 + edges  # the ends are seen a little more often


def _pair(x, t):
    return torch.tensor([[5]]) if t == 0 else x[:, t - 1 : t]


def test_stretches_lie_in_their_rows_and_reach_both_ends():
    chain, x = made(30), torch.arange(30)[None].expand(2, -1).clone() % 5
    x[1, 9:] = -1
    seen = []
    chain.forward = lambda row, c=None, first=None: seen.append((row, first)) or torch.zeros(2, dtype=torch.float64)
    for step in range(300):
        chain.loss(x, None, Stepped(0, step))()
    firsts = torch.stack([first[:, 0] for _, first in seen])
    assert firsts.amin(0).tolist() == [0, 0]
    assert firsts.amax(0).tolist() == [26, 5]
    assert all((row[:, 1:] >= 0).all() for row, _ in seen)
    whole = torch.cat([torch.full((2, 1), 5), x], 1)
    assert all(torch.equal(row, whole.gather(1, first + torch.arange(5))) for row, first in seen)
