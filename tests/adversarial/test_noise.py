"""The noise: its space, its moments, and truncation against the truncated normal's closed form."""

import math

import pytest
import torch
from scipy import stats

from likely.adversarial import Noise
from likely.errors import FieldError
from likely.rng import Keyed
from likely.spaces import Category, Real, Vector

LIKE = torch.empty(0)


@pytest.mark.parametrize(
    ("noise", "columns"),
    [(Noise(2, 3), (Real(), Real(), Category(3))), (Noise(2), (Real(), Real())), (Noise(0, 4), (Category(4),))],
    ids=["both", "numbers", "kinds"],
)
def test_codes_lie_in_their_space_and_are_lifted(noise, columns):
    assert noise.space == Vector(columns)
    z = noise.draw(50, Keyed(0), LIKE)
    assert z.shape == (50, *noise.space.shape)
    lifted = noise.lifted(z)
    assert lifted.shape == (50, noise.inputs)
    assert torch.equal(lifted[:, : noise.latent], z[:, : noise.latent])
    if noise.codes:
        assert torch.equal(lifted[:, noise.latent :].argmax(1).float(), z[:, -1])
        assert torch.allclose(lifted[:, noise.latent :].square().sum(1), torch.tensor(float(noise.codes)))


def test_kinds_are_even_and_every_number_has_the_mean_square_1():
    z = Noise(3, 4).draw(20_000, Keyed(0), LIKE)
    assert torch.allclose(Noise(3, 4).lifted(z).square().mean(0), torch.tensor(1.0), atol=0.04)
    assert (z[:, -1].long().bincount() / 20_000 - 0.25).abs().max() < 0.015


def test_rows_do_not_depend_on_their_company():
    noise = Noise(2, 5)
    assert torch.equal(noise.draw(9, Keyed(1), LIKE)[:4], noise.draw(4, Keyed(1), LIKE))


def test_what_is_missing_is_none_of_all():
    lifted = Noise(2, 3).lifted(torch.tensor([[1.0, float("nan"), 2.0], [0.5, 0.5, float("nan")]]))
    assert lifted[0].tolist() == pytest.approx([1.0, 0.0, 0.0, 0.0, 3**0.5])
    assert lifted[1].tolist() == [0.5, 0.5, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("psi", [0.1, 0.5, 0.9, 0.999])
def test_truncated_numbers_have_the_truncated_normal_law(psi):
    """Within a = Phi^{-1}((1 + psi) / 2): variance 1 - 2 a phi(a) / psi, and the law's whole distribution."""
    noise, most = Noise(4), stats.norm.ppf((1 + psi) / 2)
    near = noise.truncated(noise.draw(50_000, Keyed(2), LIKE.double()), psi).flatten()
    assert near.abs().max() <= most
    variance = 1 - 2 * most * stats.norm.pdf(most) / psi
    assert abs(float(near.mean())) < 4 * math.sqrt(variance / len(near))
    assert float(near.var()) == pytest.approx(variance, rel=0.02)
    assert stats.kstest(near.numpy(), stats.truncnorm(-most, most).cdf).pvalue > 1e-3


def test_truncation_keeps_the_order_the_kinds_and_at_1_everything():
    noise = Noise(2, 3)
    z = noise.draw(100, Keyed(0), LIKE)
    near = noise.truncated(z, 0.5)
    assert torch.equal(near[:, -1], z[:, -1])
    assert torch.equal(near[:, 0].argsort(), z[:, 0].argsort())
    assert noise.truncated(z, 1.0) is z
    far = torch.tensor([[9.0, -9.0, 0.0]])
    assert torch.isfinite(noise.truncated(far, 1 - 1e-9)).all()


@pytest.mark.parametrize("psi", [0.0, -1.0, 1.5, float("nan")])
def test_no_share_of_the_mass_is_refused(psi):
    with pytest.raises(FieldError, match="truncation"):
        Noise(2).truncated(torch.zeros(1, 2), psi)


@pytest.mark.parametrize(("latent", "codes"), [(0, 0), (-1, 3), (3, -1)])
def test_nothing_to_start_from_is_refused(latent, codes):
    with pytest.raises(FieldError, match="noise"):
        Noise(latent, codes)
