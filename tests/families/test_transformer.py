"""The transformer: masses add up, ends are events, evidence is exact, and it learns what there is to learn."""

from itertools import product

import pytest
import torch

from likely.contracts import AnyOrder, Continues, Evidence, Sharpens, Sharpness
from likely.errors import CannotAnswer, FieldError
from likely.families.transformer import Transformer
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Count, Image, Real, Series, Tokens, Vector, label
from likely.testing.case import descend, example_rows

TABLE = Vector((Real(), Real(atoms=(0.0,), missing=True), Count(missing=True), Category(3)))


def made(space, condition=None, **fields):
    torch.manual_seed(0)
    model = Transformer(width=16, layers=2, heads=2, **fields).build(space, condition).double().eval()
    with torch.no_grad():
        if isinstance(space, Vector):
            model.chain.network.says.weight.mul_(20)
        else:
            model.chain.codes.head.weight.mul_(20)  # far from even
    return model


def every_text(codes, length):
    rows = [word for ended in range(length + 1) for word in product(range(codes), repeat=ended)]
    return torch.tensor([[*row, *[-1] * (length - len(row))] for row in rows])


@pytest.mark.parametrize("window", [2, 256])
def test_masses_of_all_texts_add_up_to_one(window):
    model, texts = made(Tokens(3, 4), window=window), every_text(3, 4)
    masses = model.log_prob(texts).exp()
    torch.testing.assert_close(masses.sum(), torch.ones((), dtype=torch.float64))
    drawn = model.sample(4000, rng=Keyed(0))
    seen = (drawn[:, None] == texts).all(2).double().mean(0)
    torch.testing.assert_close(seen.sum(), torch.ones((), dtype=torch.float64))
    assert ((seen - masses).abs() < 5 * (masses / 4000).sqrt() + 1e-3).all()


def test_masses_of_all_images_add_up_to_one():
    model = made(Image(2, 1, 3, 2), window=4)
    images = torch.tensor([*product((0.0, 1.0), repeat=6)], dtype=torch.float64).view(-1, 2, 1, 3)
    masses = model.log_prob(images).exp()
    torch.testing.assert_close(masses.sum(), torch.ones((), dtype=torch.float64))
    drawn = model.sample(4000, rng=Keyed(0))
    seen = (drawn[:, None] == images).flatten(2).all(2).double().mean(0)
    assert ((seen - masses).abs() < 5 * (masses / 4000).sqrt() + 1e-3).all()


def test_what_is_no_row_has_no_mass():
    text = made(Tokens(3, 4))
    assert text.log_prob(torch.tensor([[0, -1, 1, -1], [0, 3, -1, -1]])).tolist() == [-torch.inf] * 2
    image = made(Image(1, 1, 2, 3))
    odd = torch.tensor([[0.5, 1], [3, 0], [torch.nan, 0]], dtype=torch.float64).view(3, 1, 1, 2)
    assert image.log_prob(odd).tolist() == [-torch.inf] * 3


def test_bytes_that_lie_in_a_mapped_file_are_codes():
    model, x = made(Tokens(256, 6)), torch.randint(0, 256, (3, 6))
    torch.testing.assert_close(model.log_prob(x.float()), model.log_prob(x))  # the loop widens uint8
    torch.testing.assert_close(model.log_prob(x.byte()), model.log_prob(x))


def test_a_continuation_from_nothing_is_a_sample():
    model = made(Tokens(4, 9), window=3)
    assert isinstance(model, Continues)
    nothing = torch.empty(5, 0, dtype=torch.int64)
    told = torch.stack([*model.continued(nothing, sharpness=Sharpness(), rng=Keyed(2))], 1)
    drawn = model.sample(5, rng=Keyed(2))
    assert torch.equal(told, drawn[:, : told.shape[1]])
    assert (drawn[:, told.shape[1] :] == -1).all()


def test_a_continuation_ends_where_rows_end():
    model = made(Tokens(4, 9))
    whole = torch.zeros(2, 9, dtype=torch.int64)
    assert not [*model.continued(whole, sharpness=Sharpness(), rng=Keyed(2))]
    ended = torch.tensor([[0, 1, -1], [2, -1, -1]])
    assert all((moment == -1).all() for moment in model.continued(ended, sharpness=Sharpness(), rng=Keyed(2)))


def test_the_coldest_text_is_the_likeliest_code_at_every_place():
    model = made(Tokens(4, 5))
    cold = model.sample_sharpened(2, sharpness=Sharpness(top_k=1), rng=Keyed(0))
    assert torch.equal(cold[0], cold[1])
    assert torch.equal(cold[:1], model.sample_sharpened(1, sharpness=Sharpness(1e-4), rng=Keyed(5)))


def test_it_learns_an_alternation_and_where_texts_end():
    torch.manual_seed(0)
    x = torch.tensor([[0, 1, 0, 1, -1, -1], [1, 0, 1, 0, -1, -1]]).repeat(16, 1)
    model = Transformer(width=16, layers=1, heads=2).build(Tokens(2, 6))
    descend(model, x, None, 150, rate=1e-2)
    assert model.eval().log_prob(x).mean() > -0.75  # one bit: 0.693
    assert {tuple(row) for row in model.sample(8, rng=Keyed(0)).tolist()} <= {tuple(row) for row in x.tolist()}


@pytest.mark.parametrize("condition", [label(3), TABLE, Image(1, 4, 4, 3), Tokens(4, 5)], ids=repr)
@pytest.mark.parametrize("space", [Tokens(4, 5), Image(1, 2, 3, 3), TABLE], ids=repr)
def test_every_space_and_condition(space, condition):
    torch.manual_seed(0)
    model = Transformer(width=16, layers=1, heads=2).build(space, condition)
    assert isinstance(model, Sharpens)
    x, c = example_rows(space, 6, Keyed(0)), example_rows(condition, 6, Keyed(1))
    (turn,) = model.turns(x, c, rng=Stepped(0, 0))
    turn.loss().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())
    model.eval()
    assert torch.isfinite(model.log_prob(x, c)).all()
    drawn = model.sample(6, c, rng=Keyed(0))
    assert drawn.shape == x.shape
    assert drawn.dtype == x.dtype
    assert not torch.equal(model.log_prob(x, c), model.log_prob(x, c.flip(0)))


def test_evidence_is_exact_and_completions_follow_it():
    space = Vector((Category(2), Category(3), Category(2)))
    model = made(space)
    assert isinstance(model, AnyOrder)
    x = torch.tensor([*product((0.0, 1.0), (0.0, 1.0, 2.0), (0.0, 1.0))], dtype=torch.float64)
    known = torch.tensor([False, True, False]).expand(len(x), -1)
    told = model.log_evidence(x, Evidence(known)).exp()
    torch.testing.assert_close(told.unique().sum(), torch.ones((), dtype=torch.float64))  # its three values
    torch.testing.assert_close(model.log_evidence(x, Evidence(~known & known)), torch.zeros(12, dtype=torch.float64))
    torch.testing.assert_close(model.log_evidence(x, Evidence(known | True)), model.log_prob(x))
    filled = model.complete(x[:1].expand(3000, -1), Evidence(known[:1].expand(3000, -1)), rng=Keyed(0))
    assert (filled[:, 1] == x[0, 1]).all()
    wanted = model.chain(x[:1], torch.tensor([[1, 0, 2]]))[0].detach().exp()  # the known cell first
    for column in (0, 2):
        seen = (filled == x[0])[:, : column + 1].all(1).double().mean()
        assert abs(seen - wanted[0] * (wanted[2] if column else 1)) < 5 * (0.25 / 3000) ** 0.5


def test_a_cell_that_cannot_be_missing_is_left_out():
    model = made(Vector((Category(2), Category(3))))
    x = torch.tensor([[torch.nan, 1.0]], dtype=torch.float64)
    alone = model.log_evidence(x, Evidence(torch.tensor([[False, True]])))
    torch.testing.assert_close(model.log_prob(x), alone)


def test_orders_disagree_little_and_not_at_all_about_one_column():
    x = example_rows(TABLE, 8, Keyed(0)).double()
    assert (made(TABLE).disagreement(x, orders=5, rng=Keyed(0)) > 0).all()
    assert (made(label(3)).disagreement(torch.zeros(4, 1), orders=5, rng=Keyed(0)) == 0).all()


def test_what_is_filled_in_is_there():
    model = made(Vector((Category(2, missing=True), Real(missing=True))))
    x = torch.full((200, 2), torch.nan, dtype=torch.float64)
    assert torch.isnan(model.sample(200, rng=Keyed(0))).any(0).all()
    assert not torch.isnan(model.complete(x, Evidence(torch.zeros_like(x, dtype=torch.bool)), rng=Keyed(0))).any()


def test_intervals_are_refused():
    x = torch.zeros(1, 3, dtype=torch.float64)
    with pytest.raises(CannotAnswer, match="intervals"):
        made(Vector((Category(2),) * 3)).log_evidence(x, Evidence(x == 0, low=x))


@pytest.mark.parametrize(
    ("fields", "told"),
    [({"width": 10, "heads": 4}, "even share"), ({"layers": 0}, "at least 1"), ({"dropout": 1}, "below")],
)
def test_fields_are_checked(fields, told):
    with pytest.raises(FieldError, match=told):
        Transformer(**fields)


def test_other_spaces_are_refused():
    for space in (Series(1, 8), Image(1, 4, 4, None)):
        with pytest.raises(FieldError, match="does not serve"):
            Transformer().build(space)


@pytest.mark.parametrize("shown", ["0101", "1000", "0011", "0000"])
def test_texts_with_gaps_follow_the_law_of_texts_that_agree(shown):
    model, texts = made(Tokens(3, 4)), every_text(3, 4)
    x, known = torch.tensor([2, 1, 0, -1]), torch.tensor([bit == "1" for bit in shown])
    agrees = ((texts == x) | ~known).all(1)
    with torch.no_grad():
        log_p = model.log_prob(texts).masked_fill(~agrees, -torch.inf)
    told = model.fill(x.expand(3000, -1), Evidence(known.expand(3000, -1)), particles=32, rng=Keyed(2))
    seen, expected = (told.x[:, None] == texts).all(2).double().mean(0), log_p.softmax(0)
    torch.testing.assert_close(seen.sum(), torch.ones((), dtype=torch.float64))
    assert (seen - expected).abs().max() < 4 * (expected.max() / 3000).sqrt() + 0.01
    ratio = (told.log_evidence - log_p.logsumexp(0)).exp()
    assert (ratio.mean() - 1).abs() < 4 * ratio.std() / 3000**0.5 + 1e-6


@pytest.mark.parametrize("window", [2, 256])
def test_pixels_are_filled_given_those_that_are_known(window):
    model = made(Image(2, 1, 3, 2), window=window)
    images = torch.tensor([*product((0.0, 1.0), repeat=6)], dtype=torch.float64).view(-1, 2, 1, 3)
    x, known = images[37], torch.tensor([[[True, False, False]], [[False, True, True]]])
    with torch.no_grad():
        log_p = model.log_prob(images).masked_fill(~((images == x) | ~known).flatten(1).all(1), -torch.inf)
    told = model.fill(x.expand(3000, -1, -1, -1), Evidence(known.expand(3000, -1, -1, -1)), particles=32, rng=Keyed(2))
    seen, expected = (told.x[:, None] == images).flatten(2).all(2).double().mean(0), log_p.softmax(0)
    assert (seen - expected).abs().max() < 4 * (expected.max() / 3000).sqrt() + 0.01
    ratio = (told.log_evidence - log_p.logsumexp(0)).exp()
    assert (ratio.mean() - 1).abs() < 4 * ratio.std() / 3000**0.5
