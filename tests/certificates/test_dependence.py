"""The effective dependence of closed forms: zeros that are exact, sizes that are known, columns that are left alone."""

import pandas as pd
import pytest
import torch

import likely
from likely.certificates.certificate import Beside
from likely.certificates.clock import Clock, OutOfTime
from likely.certificates.dependence import changed, depends
from likely.contracts import Bound, Denoises, Density, Elbo, Model
from likely.distributions import log_normal
from tests.certificates import planted
from tests.certificates.planted import certified, clock, matrix, said, subject


class Chained(Density):
    """a -> b -> c: a and c are independent given b."""

    def log_prob(self, x, c=None):
        a, b, d = x.T
        return log_normal(a, 0.0, 0.0) + log_normal(b, a, 0.0) + log_normal(d, b, 0.0)

    def sample(self, n, c=None, *, rng):
        steps = rng.normal((n, 3), like=torch.empty(0))
        return steps.cumsum(1)


def test_a_chain_has_a_chain_s_matrix():
    seen = depends(subject(Chained), clock())
    size = matrix(seen)
    assert seen.drawn is not None
    assert seen.drawn.names == ("a", "b", "c")
    assert size[0, 2] == size[2, 0] == 0
    assert torch.equal(size, size.T)
    assert (size[[0, 1, 1, 2], [1, 0, 2, 1]] > 0.1).all()
    assert "2 of 3 pairs" in seen.said


def test_the_size_is_the_mixed_difference():
    """Of log p = a b + ... it is |a' - a| |b' - b|."""

    class Product(Chained):
        def log_prob(self, x, c=None):
            return x[:, 0] * x[:, 1]

    frame = pd.DataFrame({"a": [0.0, 1.0] * 100, "b": [0.0, 2.0] * 100, "c": [0.0, 1.0] * 100})
    plain = {"kind": "real", "transform": "standard", "atoms": []}
    rows = planted.tabled(frame, schema={"columns": dict.fromkeys("abc", plain)})
    held = subject(Product, rows)
    span = held.x.max(0).values - held.x.min(0).values
    seen = depends(held, clock())
    assert matrix(seen)[0, 1] == pytest.approx(float(span[0] * span[1]), rel=1e-3)
    assert matrix(seen)[0, 2] == 0


def test_a_flow_that_ignores_a_column_is_seen_and_named():
    assert depends(subject(planted.Right), clock()).passed
    seen = depends(subject(planted.Narrow), clock())
    assert not seen.passed
    assert "'c' is left alone, but the rows tie it to 'a'" in seen.said


def test_a_family_of_independent_columns_is_not_blamed():
    told = said(certified(likely.NaiveBayes()), "dependence")
    assert (told.outcome, told.said) == ("passed", "all columns are taken to be independent")


def test_a_tie_that_only_samples_show_is_enough():
    """A kernel estimate so narrow that every row stands alone: its score says nothing, its samples do."""

    class Narrowest(planted.Kernels):
        def __init__(self, space, condition=None):
            super().__init__(space, condition)
            a = self.points[:, :1]
            self.points = torch.cat([a, self.points[:, 1:2], a], 1)

        def log_prob(self, x, c=None):
            each = log_normal(x[:, None], self.points, -6.0).sum(2)
            return torch.where(each > each.amax(1, keepdim=True) - 1, each, -torch.inf).logsumexp(1)

        def sample(self, n, c=None, *, rng):
            return self.points[rng.integers(40, (n,), like=self.points)]

    assert depends(subject(Narrowest), clock()).passed


def test_a_condition_that_is_not_heard_is_named():
    frame = planted.table().frame.assign(k=["low" if a < 0 else "high" for a in planted.table().frame["a"]])

    class Deaf(planted.Right):
        pass

    found = certified(Deaf, frame, condition="k")
    assert said(found, "dependence").outcome == "failed"
    assert "'k' is left alone, but the rows tie it to 'a'" in said(found, "dependence").said
    assert found.dependence is not None
    assert found.dependence.given == ("k",)
    heard = certified(likely.NaiveBayes(), frame, condition="k")
    assert planted.failed(heard) == set()
    assert heard.dependence is not None
    assert all(row[-1] > 0 for row in heard.dependence.strength)


def test_a_bound_and_a_denoiser_have_a_matrix_and_a_sampler_has_none():
    class Pair(Bound, Denoises):
        def elbo(self, x, c=None, *, rng):
            return Elbo(x[:, 0] * x[:, 1] + rng.normal((len(x),), like=x), torch.zeros(len(x)))

        def denoise(self, x_t, sigma, c=None):
            return torch.stack([x_t[:, 0], x_t[:, 0] + x_t[:, 1], x_t[:, 2]], 1) / (1 + sigma[:, None])

        def sample(self, n, c=None, *, rng):
            return rng.normal((n, 3), like=torch.empty(0))

    class Bounded(Bound):
        elbo, sample = Pair.elbo, Pair.sample

    class Mute(Model):
        sample = Pair.sample

    size = matrix(depends(subject(Pair), clock()))
    assert (size > 0).tolist() == [[True, False, False], [True, True, False], [False, False, True]]
    size = matrix(depends(subject(Bounded), clock()))
    assert (size > 0).tolist() == [[True, True, False], [True, True, False], [False, False, False]]
    with pytest.raises(Beside, match="neither scores nor denoises"):
        depends(subject(Mute), clock())


def test_one_column_and_no_time():
    with pytest.raises(Beside, match="one column"):
        depends(subject(planted.Kernels, planted.tabled(planted.table().frame.drop(columns=["b", "c"]))), clock())
    with pytest.raises(OutOfTime):
        depends(subject(planted.Right), Clock(0.0))


def test_a_change_takes_another_row_s_cells_where_there_is_one():
    rows = torch.tensor([[1.0, torch.nan, 5.0], [1.0, 2.0, 5.0], [3.0, torch.nan, 5.0]])
    after, moved = changed(rows, 0, torch.tensor([0, 1, 2]), torch.eye(3, dtype=torch.bool))
    assert after.tolist() == [3.0, 2.0, 5.0]
    assert moved.tolist() == [True, True, False]
