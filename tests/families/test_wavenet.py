"""WaveNet: its chain rule against sums over all values, blocks against the whole, fast draws against naive ones."""

import itertools
import math

import pytest
import torch

from likely.contracts import Evidence, Sharpness
from likely.distributions.columnwise import Dealt
from likely.errors import ConditionError, FieldError
from likely.families.wavenet import WaveNet
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Count, Real, Series, Tokens, Vector, Wave, absent, label
from likely.testing.case import Case, descend, example_rows

SMALL = WaveNet(width=8, skips=12, components=2, bins=8)
TABLE = Vector((Real(), Count(), Category(3), Real(atoms=(0.0,), missing=True)))
SPACES = [
    Series(2, 6),
    Series(2, 6, None, True),
    Series(3, 5, 2),
    Wave(8000, 12, 8),
    Wave(8000, 9, None),
    Tokens(6, 5),
    TABLE,
]
CLASS = label(3)


def learned(space, condition=None, family=SMALL):
    """A model after a few steps: not at its start, where many things hold by accident."""
    return Case(family, space, condition).model


def naive(model, start, c, seed, sharpness):
    """All rows moment by moment, the whole network called anew for every channel of every moment."""
    moments, channels = model.moments, model.channels
    rows, known = len(start), start.shape[1]
    cells = torch.zeros(rows, moments.length, channels.columns, dtype=torch.float64)
    cells[:, :known] = start
    noise = Keyed(seed).uniform((rows, (moments.length - known) * channels.columns * channels.noise), like=cells)
    noise = noise.view(rows, -1, channels.columns, channels.noise)
    context = None if model.told is None else model.told(c).summary
    for t in range(known, moments.length):
        for d in range(channels.columns):
            read = channels.read(cells.flatten(0, 1)).unflatten(0, cells.shape[:2])
            heard = torch.relu(model.stack(model._inputs(read), context)[:, t]).t()
            numbers = model.within(read[:, t].t(), heard).t()[:, torch.tensor(channels.says) == d]
            cells[:, t, d] = channels.draw(d, numbers, rng=Dealt(noise[:, t - known, d]), sharpness=sharpness)
        if isinstance(model.space, Tokens) and t:
            cells[:, t] = cells[:, t].masked_fill(torch.isnan(cells[:, t - 1]), math.nan)
    return cells


@pytest.mark.parametrize("condition", [None, CLASS], ids=["nothing", "class"])
@pytest.mark.parametrize("space", SPACES, ids=str)
@pytest.mark.parametrize("sharpness", [Sharpness(), Sharpness(0.5, 2, 0.9)], ids=["plain", "sharp"])
def test_fast_draws_are_the_naive_ones(space, condition, sharpness):
    model = learned(space, condition).double()
    c = None if condition is None else torch.tensor([[0.0], [1.0], [2.0], [torch.nan]]).double()
    known = 0 if isinstance(space, Vector) else 2
    start = model._coded(example_rows(space, 4, Keyed(3)))[:, :known].double()
    with torch.no_grad():
        fast = torch.stack([*model.following(start, c, sharpness=sharpness, rng=Keyed(5))], 1)
        slow = naive(model, start, c, 5, sharpness)[:, known:]
    torch.testing.assert_close(fast, slow, equal_nan=True)


def test_the_masses_of_all_texts_add_up_to_one():
    model = learned(Tokens(3, 3)).double()
    texts = [[*text, *(-1,) * (3 - n)] for n in range(4) for text in itertools.product(range(3), repeat=n)]
    with torch.no_grad():
        assert float(model.log_prob(torch.tensor(texts)).exp().sum()) == pytest.approx(1, abs=1e-9)
        assert model.log_prob(torch.tensor([[-1, 2, 0]])).item() == -math.inf


def test_the_masses_of_all_series_with_gaps_add_up_to_one():
    model = learned(Series(2, 2, 2, True)).double()
    cells = torch.tensor(list(itertools.product([0.0, 1.0, math.nan], repeat=4))).double().view(-1, 2, 2)
    with torch.no_grad():
        assert float(model.log_prob(cells).exp().sum()) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("space", SPACES[:-1], ids=str)
def test_blocks_with_their_past_are_the_whole(space):
    family = WaveNet(width=8, skips=12, components=2, reach=1, stacks=2, block=2)
    model, x = learned(space, family=family).double(), example_rows(space, 5, Keyed(1))
    x = x.double() if x.is_floating_point() else x
    blocks = -(-model.moments.length // 2)
    with torch.no_grad():
        told = torch.stack([-model.loss(x, None, at, blocks) for at in range(blocks)])
        torch.testing.assert_close(told.mean(), model.log_prob(x).mean())
        assert len({float(next(model.turns(x, rng=Stepped(0, step))).loss()) for step in range(60)}) == blocks


def test_rows_scored_apart_for_their_length_are_those_scored_together(monkeypatch):
    model, x = learned(Series(2, 6), CLASS), example_rows(Series(2, 6), 9, Keyed(1))
    c = example_rows(CLASS, 9, Keyed(2))
    with torch.no_grad():
        whole = model.log_prob(x, c)
        monkeypatch.setattr("likely.families.wavenet.TOGETHER", 13)
        torch.testing.assert_close(model.log_prob(x, c), whole)


def autoregression(rows, seed):
    """x_t = 0.9 x_{t-1} + 0.3 e_t."""
    noise, x = 0.3 * Keyed(seed).normal((rows, 1, 12), like=torch.empty(0)), torch.zeros(rows, 1, 12)
    for t in range(12):
        x[:, :, t] = noise[:, :, t] + (0.9 * x[:, :, t - 1] if t else 0.0)
    return x


def test_of_an_autoregression_only_its_noise_is_left():
    model, x = Case(WaveNet(width=8, skips=16, components=2), Series(1, 12)).built(), autoregression(128, 0)
    model.prepare(x, rng=Keyed(0))
    descend(model, x, None, 80, rate=2e-2)
    entropy = 12 * (0.5 * math.log(2 * math.pi * math.e) + math.log(0.3))  # independent moments: 5.8 nats more
    with torch.no_grad():
        assert -model.log_prob(autoregression(256, 9)).mean() < entropy + 1.5


def test_a_continuation_of_a_row_goes_on_from_its_first_columns():
    model = learned(TABLE)
    start = example_rows(TABLE, 5, Keyed(0))[:, :2]
    rest = list(model.continued(start, sharpness=Sharpness(), rng=Keyed(1)))
    assert [column.shape for column in rest] == [(5,), (5,)]


def test_what_cannot_be_built_or_asked_is_told():
    with pytest.raises(FieldError, match=r"WaveNet\.width cannot be 0"):
        WaveNet(width=0)
    with pytest.raises(FieldError, match="rate"):
        WaveNet(rate=0.0)
    with pytest.raises(ConditionError):
        learned(Series(1, 3), CLASS).sample(2, rng=Keyed(0))
    model = learned(Series(1, 3), CLASS)
    assert model.sample(2, absent(torch.zeros(2, 1)), rng=Keyed(0)).shape == (2, 1, 3)


@pytest.mark.parametrize("space", [Series(2, 3, 2), Wave(8000, 6, 2), Vector((Category(2),) * 6)], ids=repr)
@pytest.mark.parametrize("shown", ["011010", "000110", "110000"])
def test_what_is_known_later_is_heard_earlier(space, shown):
    """Every row of six bits is listed: what is drawn follows p(unknown | known), and so does the evidence."""
    torch.manual_seed(1)
    model = SMALL.build(space).eval()
    for parameter in model.parameters():
        parameter.data.mul_(2)
    every = torch.cartesian_prod(*[torch.arange(2.0)] * 6).view(-1, *space.shape)
    known = torch.tensor([bit == "1" for bit in shown]).view(space.shape)
    x = torch.tensor([1.0, 0, 0, 1, 1, 0]).view(space.shape)
    with torch.no_grad():
        agrees = ((every == x) | ~known).flatten(1).all(1)
        log_p = model.log_prob(every).double().masked_fill(~agrees, -math.inf)
        rows = x.expand(3000, *space.shape)
        told = model.fill(rows, Evidence(known.expand_as(rows)), particles=32, rng=Keyed(5))
    seen = torch.bincount((told.x.flatten(1).long() * 2 ** torch.arange(5, -1, -1)).sum(1), minlength=64) / 3000
    expected = log_p.softmax(0)
    assert (seen - expected).abs().max() < 4 * (expected.max() / 3000).sqrt() + 0.01
    ratio = (told.log_evidence - log_p.logsumexp(0)).exp()
    assert (ratio.mean() - 1).abs() < 4 * ratio.std() / 3000**0.5 + 1e-5


@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_a_row_is_filled_by_itself(space):
    model, x = learned(space, CLASS).double(), example_rows(space, 12, Keyed(3))
    x, c = x.double() if x.is_floating_point() else x, torch.arange(12).double()[:, None] % 3
    known = Keyed(4).uniform(x.shape, like=torch.empty(0)) < 0.5
    if isinstance(space, Tokens):
        known = torch.where((x >= 0).cumprod(1).bool(), known, True)  # the end is known
    told = model.fill(x, Evidence(known), c, particles=6, rng=Keyed(9))
    some = model.fill(x[3:7], Evidence(known[3:7]), c[3:7], particles=6, rng=Keyed(9, rows=3))
    torch.testing.assert_close(some.x, told.x[3:7], equal_nan=True)
    assert torch.equal(
        torch.where(known, told.x, 0).double().nan_to_num(9), torch.where(known, x, 0).double().nan_to_num(9)
    )
    if not isinstance(space, Tokens):
        assert not told.x[~known].isnan().any()
    assert model.log_prob(told.x, c).isfinite().all()
