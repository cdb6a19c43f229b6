"""Gaussians with missing cells: densities, conditionals and expected statistics against plain formulas, row by row."""

import numpy as np
import pytest
import torch
from scipy import stats

from likely.distributions.gaussian import (
    Dense,
    Features,
    Form,
    Gaussians,
    Implied,
    Independent,
    Written,
    root_of,
    soft_,
)

FORMS = [Dense(4), Independent(4)]
KNOWN = torch.tensor([[1, 1, 1, 1], [1, 0, 1, 0], [0, 1, 1, 1], [0, 0, 0, 0]], dtype=torch.bool)


def law(form: Form, components: int = 5) -> Gaussians:
    rng = torch.Generator().manual_seed(0)
    noise = torch.randn(components, 4, 6, dtype=torch.float64, generator=rng)
    covariance = noise @ noise.mT / 6 + 0.1 * torch.eye(4)
    mean = torch.randn(components, 4, dtype=torch.float64, generator=rng)
    return Gaussians(mean, covariance if isinstance(form, Dense) else covariance.diagonal(dim1=1, dim2=2).clone())


def whole(covariance: torch.Tensor) -> np.ndarray:
    return (covariance if covariance.dim() == 2 else torch.diag(covariance)).numpy()


def rows(n: int = 6) -> torch.Tensor:
    y = torch.randn(4, n, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return y * KNOWN[:, None]


def conditional(mean: torch.Tensor, covariance: torch.Tensor, y: torch.Tensor, o: np.ndarray):
    """E[y | y_o] and Cov, the textbook way."""
    m, C, f = mean.numpy(), whole(covariance), ~o
    gain = C[np.ix_(f, o)] @ np.linalg.inv(C[np.ix_(o, o)])
    expected, rest = y.numpy().copy(), np.zeros((4, 4))
    expected[f] = m[f] + gain @ (y.numpy()[o] - m[o])
    rest[np.ix_(f, f)] = C[np.ix_(f, f)] - gain @ C[np.ix_(o, f)]
    return expected, rest


@pytest.mark.parametrize("form", FORMS, ids=["dense", "independent"])
def test_densities_of_the_known_cells_are_scipys(form: Form) -> None:
    gaussians, y = law(form), rows()
    told = KNOWN[:, None].expand_as(y)
    joint = form.features(y, told, 5).log_joint(form.natural(gaussians.stacked(), KNOWN))
    for g, o in enumerate(KNOWN.numpy()):
        for t in range(5):
            if o.any():
                C = whole(gaussians.covariance[t])[np.ix_(o, o)]
                wanted = stats.multivariate_normal(gaussians.mean[t].numpy()[o], C).logpdf(y[g].numpy()[:, o])
            else:
                wanted = np.zeros(6)
            np.testing.assert_allclose(joint[g, t].numpy(), wanted, atol=1e-9)


@pytest.mark.parametrize("form", FORMS, ids=["dense", "independent"])
def test_means_and_variances_given_the_known_cells_are_the_textbooks(form: Form) -> None:
    gaussians, y = law(form), rows()
    mean, variance = form.given(gaussians.stacked(), KNOWN, y)
    mean, variance = torch.broadcast_to(mean, (4, 5, 6, 4)), torch.broadcast_to(variance, (4, 5, 1, 4))
    for g, o in enumerate(KNOWN.numpy()):
        for t in range(5):
            expected, rest = conditional(gaussians.mean[t], gaussians.covariance[t], y[g, 0], o)
            np.testing.assert_allclose(mean[g, t, 0].numpy()[~o], expected[~o], atol=1e-9)
            np.testing.assert_allclose(variance[g, t, 0].numpy()[~o], np.diag(rest)[~o], atol=1e-9)


def test_expected_statistics_are_the_sums_of_every_rows_own() -> None:
    form, y = Dense(4), rows()
    gaussians = law(form)
    share = torch.rand(4, 5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    sums = form.expected(form.features(y, None, 5).sums(share), gaussians.stacked(), KNOWN)
    weight, mean, scatter = form.moments(sums)
    for t in range(5):
        N, first, second = 0.0, np.zeros(4), np.zeros((4, 4))
        for g, o in enumerate(KNOWN.numpy()):
            for i in range(6):
                expected, rest = conditional(gaussians.mean[t], gaussians.covariance[t], y[g, i], o)
                r = float(share[g, t, i])
                N, first, second = N + r, first + r * expected, second + r * (np.outer(expected, expected) + rest)
        assert float(weight[t]) == pytest.approx(N)
        np.testing.assert_allclose(mean[t].numpy(), first / N, atol=1e-9)
        np.testing.assert_allclose(scatter[t].numpy(), second / N - np.outer(first, first) / N**2, atol=1e-9)


def test_independent_columns_are_counted_where_they_are_known() -> None:
    form, y = Independent(4), rows()
    told = KNOWN[:, None].expand_as(y)
    share = torch.ones(4, 1, 6, dtype=torch.float64)
    weight, mean, variance = form.moments(form.features(y, told, 1).sums(share).sum(0))
    for d in range(4):
        seen = y[KNOWN[:, d]][..., d]
        assert float(weight[0, d]) == seen.numel()
        assert float(mean[0, d]) == pytest.approx(float(seen.mean()))
        assert float(variance[0, d]) == pytest.approx(float(seen.var(correction=0)))


def test_features_written_out_or_implied_say_the_same() -> None:
    form, y = Dense(4), rows()
    eta, share = form.natural(law(form).stacked(), KNOWN), torch.rand(4, 5, 6, dtype=torch.float64)
    written, implied = form.features(y, None, 5), Implied(y)
    assert isinstance(written, Written)
    assert isinstance(form.features(y, None, 2), Implied)
    pair: tuple[Features, Features] = written, implied
    torch.testing.assert_close(*(features.log_joint(eta) for features in pair))
    torch.testing.assert_close(*(features.sums(share) for features in pair))


@pytest.mark.parametrize("form", FORMS, ids=["dense", "independent"])
def test_free_cells_are_drawn_from_the_conditional(form: Form) -> None:
    gaussians, n = law(form, 1), 40_000
    y = rows(1).expand(-1, n, -1)
    one = Gaussians(gaussians.mean.expand(4, 1, 4), gaussians.covariance[None].expand(4, *gaussians.covariance.shape))
    noise = torch.randn(4, n, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    drawn = form.drawn(one, KNOWN, y, noise)
    for g, o in enumerate(KNOWN.numpy()):
        expected, rest = conditional(gaussians.mean[0], gaussians.covariance[0], y[g, 0], o)
        np.testing.assert_allclose(drawn[g].mean(0).numpy(), expected, atol=0.03)
        np.testing.assert_allclose(np.cov(drawn[g].numpy().T), rest, atol=0.05)
        np.testing.assert_allclose(drawn[g][:, o].numpy(), y[g][:, o].numpy(), rtol=1e-12)


def test_an_indefinite_matrix_is_helped() -> None:
    matrix = torch.tensor([[[1.0, 1.0], [1.0, 1.0 - 1e-12]], [[4.0, 1.0], [1.0, 4.0]]], dtype=torch.float64)
    root = root_of(matrix)
    torch.testing.assert_close(root @ root.mT, matrix, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(root[1], torch.linalg.cholesky(matrix[1]))
    assert torch.isfinite(root_of(-torch.eye(2, dtype=torch.float64)[None])).all()


def test_shares_add_up_to_the_weights() -> None:
    joint = 100 * torch.randn(2, 5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    weight, kept = torch.rand(2, 7, dtype=torch.float64), joint.clone()
    torch.testing.assert_close(soft_(joint, weight), kept.logsumexp(1))
    torch.testing.assert_close(joint, kept.softmax(1) * weight[:, None], rtol=1e-9, atol=1e-30)
    joint = kept.clone()
    soft_(joint, None)
    torch.testing.assert_close(joint.sum(1), torch.ones(2, 7, dtype=torch.float64))
