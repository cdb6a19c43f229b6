"""Conditional tables: counted by hand, smoothed as written, drawn as often as they say."""

import torch

from likely.distributions.conditional import Tables

SIZES = torch.tensor([2, 3, 2])
V = torch.tensor([[[-1, -1], [0, -1], [0, 1]]])  # column 2 has two parents
ALL = torch.ones(7, dtype=torch.bool)


def rows(n: int = 3000, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    a = (torch.rand(n, generator=generator) < 0.3).long()
    b = (torch.rand(n, generator=generator) * 3 * (0.4 + 0.6 * a)).long().clamp(max=2)
    c = ((a + b + (torch.rand(n, generator=generator) < 0.2)) % 2).long()
    return torch.stack([a, b, c], 1)


def test_tables_are_counts_divided() -> None:
    state, tables = rows(), Tables(1, SIZES, V.clone())
    tables.observe(state, torch.zeros(len(state), dtype=torch.int64), torch.ones(len(state)))
    law = tables.log_law(ALL, 0.5, 2.0)
    place = tables.places(state, torch.zeros(len(state), dtype=torch.int64))
    a, b, c = state[5].tolist()
    own = ((state[:, 2] == c).sum() + 0.5 + 2 * ((state[:, 2] == c).sum() + 0.5) / 3001) / (3000 + 1 + 2)
    same = (state[:, 0] == a) & (state[:, 1] == b)
    wanted = ((same & (state[:, 2] == c)).sum() + 2 * own) / (same.sum() + 2)
    torch.testing.assert_close(law[place[5, 2]].exp(), wanted.double())
    assert len(law) == 2 + 6 + 12


def test_states_that_are_not_possible_have_no_mass() -> None:
    tables = Tables(1, SIZES, V.clone())
    possible = torch.tensor([True, True, True, True, False, True, True])
    law = tables.log_law(possible, 0.5, 2.0).exp()
    torch.testing.assert_close(law[2:8], torch.tensor([0.5, 0.5, 0.0] * 2, dtype=torch.float64))
    bare = tables.log_law(possible, 0.0, 0.0).exp()  # nothing seen and nothing assumed: even
    torch.testing.assert_close(bare[2:8], law[2:8])


def test_unknown_states_leave_their_tables_out() -> None:
    tables = Tables(1, SIZES, V.clone())
    state = torch.tensor([[0, -1, 1]])
    tables.observe(state, torch.tensor([0]), torch.tensor([1.0]))
    assert tables.seen.sum() == 1
    assert (tables.places(state, torch.tensor([0])) >= 0).tolist() == [[True, False, False]]


def test_draws_come_as_often_as_the_tables_say() -> None:
    state, tables = rows(), Tables(2, SIZES, torch.cat([V, torch.tensor([[[1, -1], [2, -1], [-1, -1]]])]))
    k = torch.arange(len(state)) % 2
    tables.observe(state, k, torch.ones(len(state)))
    law = tables.log_law(ALL, 0.5, 2.0)
    assert tables.ordered().tolist() == [[0, 1, 2], [2, 1, 0]]
    for label in (0, 1):
        who = torch.full((60_000,), label)
        level = torch.rand(60_000, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
        found = tables.draw(law, who, level)
        each = torch.cartesian_prod(*(torch.arange(int(size)) for size in SIZES))
        wanted = law[tables.places(each, torch.full((12,), label))].sum(1).exp()
        assert float(wanted.sum()) == 1.0 or abs(float(wanted.sum()) - 1) < 1e-12
        seen = torch.stack([(found == one).all(1).double().mean() for one in each])
        assert float((seen - wanted).abs().max()) < 0.01


def test_strengths_are_the_information_along_the_edges() -> None:
    state, tables = rows(), Tables(1, SIZES, V.clone())
    tables.observe(state, torch.zeros(len(state), dtype=torch.int64), torch.ones(len(state)))
    told = tables.strengths()
    assert told[0, 1, 0] > 0.02
    assert told[0, 0].tolist() == [0, 0]
    assert told[0, 2, 1] > told[0, 2, 0]
