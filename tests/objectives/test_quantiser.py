"""Quantisers: every code stands for itself, rounding and nearness by hand, the codebook's averages, and new starts."""

import itertools
import math

import pytest
import torch

from likely.errors import FieldError
from likely.objectives.quantiser import FSQ, Codebook, Quantiser
from likely.rng import Keyed, Stepped

QUANTISERS = [FSQ(), FSQ(levels=(2,)), FSQ(levels=(3, 4)), Codebook(size=7, width=3), Codebook(size=40, width=1)]


@pytest.fixture(params=QUANTISERS, ids=repr)
def quantiser(request) -> Quantiser:
    torch.manual_seed(0)
    return request.param


def test_the_vector_of_every_code_has_that_code(quantiser):
    """And codes are 0 .. size - 1, each with a vector of its own."""
    quantising = quantiser.built()
    codes = torch.arange(quantising.size)
    vectors = quantising.vectors(codes)
    assert vectors.shape == (quantising.size, quantising.width)
    assert len(vectors.unique(dim=0)) == quantising.size
    h = 2 * torch.atanh(vectors.clamp(-1 + 1e-4, 1 - 1e-4)) if isinstance(quantiser, FSQ) else vectors
    told = quantising(h)
    assert torch.equal(told.codes, codes)
    torch.testing.assert_close(told.vectors, vectors)


def test_shapes_and_precision(quantiser):
    quantising = quantiser.built().double()
    h = torch.randn(5, 6, quantising.width, dtype=torch.float64)
    told = quantising(h)
    assert told.vectors.shape == h.shape
    assert told.codes.shape == told.price.shape == (5, 6)
    assert told.vectors.dtype == told.price.dtype == quantising.vectors(told.codes).dtype == torch.float64
    torch.testing.assert_close(told.vectors, quantising.vectors(told.codes))
    half = quantiser.built()(h.bfloat16())
    assert half.vectors.dtype == torch.float32


def test_rounding_by_hand():
    """Every level, in mixed base: the code counts them with the first number turning fastest."""
    quantising = FSQ(levels=(3, 2, 4)).built()
    vectors = quantising.vectors(torch.arange(24))
    turned = itertools.product((-1, -1 / 3, 1 / 3, 1), (-1.0, 1.0), (-1.0, 0.0, 1.0))
    torch.testing.assert_close(vectors, torch.tensor([[c, b, a] for a, b, c in turned]))
    h = torch.randn(1000, 3)
    levels = (torch.sigmoid(h.double()) * torch.tensor([2.0, 1.0, 3.0])).round()
    torch.testing.assert_close(quantising(h).vectors, (2 * levels / torch.tensor([2.0, 1.0, 3.0]) - 1).float())


def test_gradients_go_straight_through(quantiser):
    quantising = quantiser.built()
    h = torch.randn(50, quantising.width, requires_grad=True)
    weight = torch.randn(50, quantising.width)
    (seen,) = torch.autograd.grad((weight * quantising(h).vectors).sum(), h)
    slope = 0.5 * (1 - torch.tanh(h / 2) ** 2) if isinstance(quantiser, FSQ) else torch.ones_like(h)
    torch.testing.assert_close(seen, (weight * slope).detach())


def test_the_nearest_code_and_its_price():
    quantising = Codebook(size=9, width=4, commitment=0.5).built().double()
    h = torch.randn(200, 4, dtype=torch.float64, requires_grad=True)
    told = quantising(h)
    far = torch.cdist(h, quantising.book)
    assert torch.equal(told.codes, far.argmin(1))
    torch.testing.assert_close(told.price, 0.5 * far.min(1).values ** 2)
    (pull,) = torch.autograd.grad(told.price.sum(), h)
    torch.testing.assert_close(pull, (h - quantising.book[told.codes]).detach())  # the book does not move by gradient
    assert not list(quantising.parameters())


def test_the_book_is_the_moving_mean_of_its_vectors():
    """With unchanging codes: e = m / N with m and N the moving sums, as the recursion of (4) keeps them."""
    quantising = Codebook(size=3, width=2, memory=0.9, dead=0.0).built().double()
    book, codes = quantising.book.clone(), torch.tensor([0, 0, 1, 0])
    counts, sums = torch.ones(3, dtype=torch.float64), book.clone()
    for step in range(20):
        h = Keyed(step).normal((4, 2), like=book)
        quantising.follow(h, codes, rng=Stepped(0, step))
        counts = 0.9 * counts + 0.1 * torch.tensor([3.0, 1.0, 0.0])
        sums = 0.9 * sums + 0.1 * torch.stack([h[[0, 1, 3]].sum(0), h[2], torch.zeros(2)])
    torch.testing.assert_close(quantising.chosen, counts)
    torch.testing.assert_close(quantising.book, sums / counts[:, None])
    torch.testing.assert_close(quantising.book[2], book[2])  # nobody chose it


def test_it_finds_clusters_and_none_of_its_codes_stays_dead():
    """Codes that begin far from everything are started anew where vectors are."""
    centres = torch.tensor([[5.0, 0.0], [-5.0, 0.0], [0.0, 5.0], [0.0, -5.0]])
    quantising = Codebook(size=4, width=2, memory=0.9).built()
    quantising.book.fill_(100.0)
    for step in range(200):
        rng = Stepped(3, step)
        h = centres[rng.integers(4, (64,), like=centres)] + 0.1 * rng.normal((64, 2), like=centres)
        quantising.follow(h, quantising(h).codes, rng=rng)
    found = quantising(centres).codes
    assert sorted(found.tolist()) == [0, 1, 2, 3]
    torch.testing.assert_close(quantising.book[found], centres, atol=0.15, rtol=0)


def test_what_is_never_restarted_stays_where_it_is():
    quantising = Codebook(size=2, width=1, memory=0.5, dead=0.0).built()
    quantising.book.copy_(torch.tensor([[0.0], [50.0]]))
    for step in range(3000):  # long past where the count of a code that nobody chooses is no number
        quantising.follow(torch.zeros(8, 1), torch.zeros(8, dtype=torch.int64), rng=Stepped(0, step))
    assert quantising.book.flatten().tolist() == [0.0, 50.0]


def test_the_same_step_gives_the_same_book():
    """New starts are noise of (seed, step): what was saved goes on bit for bit."""

    def learned(book, chosen, steps):
        quantising = Codebook(size=30, width=2, memory=0.5, dead=0.5).built()
        quantising.book.copy_(book)
        quantising.chosen.copy_(chosen)
        for step in steps:
            h = Stepped(9, step).normal((20, 2), like=book)
            quantising.follow(h, quantising(h).codes, rng=Stepped(1, step))
        return quantising.book.clone(), quantising.chosen.clone()

    start = torch.zeros(30, 2), torch.ones(30)
    whole = learned(*start, range(10))
    parts = learned(*learned(*start, range(4)), range(4, 10))
    assert all(torch.equal(a, b) for a, b in zip(whole, parts, strict=True))


@pytest.mark.parametrize("rows", [5, 400])
def test_a_book_begins_at_vectors_that_were_seen(rows):
    quantising, h = Codebook(size=40, width=3).built(), torch.randn(rows, 3)
    quantising.begin(h, rng=Keyed(0))
    at = torch.cdist(quantising.book, h).argmin(1)
    torch.testing.assert_close(quantising.book, h[at])
    assert len(at.unique()) == min(rows, 40)


@pytest.mark.parametrize("made", [
    lambda: FSQ(levels=()), lambda: FSQ(levels=(8, 1)), lambda: FSQ(levels=(64, 64, 64)), lambda: Codebook(size=1),
    lambda: Codebook(width=0), lambda: Codebook(size=1 << 20), lambda: Codebook(memory=1.0),
    lambda: Codebook(commitment=-1.0), lambda: Codebook(dead=math.nan),
])  # fmt: skip
def test_what_makes_no_codes_is_refused(made):
    with pytest.raises(FieldError, match="Expected"):
        made()
