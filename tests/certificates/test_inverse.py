"""There and back, and the determinant, against closed forms."""

import math

import pytest
import torch

from likely.certificates import inverse
from likely.certificates.certificate import Beside
from likely.certificates.inverse import codes_return, log_abs_det, log_det, off, rows_return
from tests.certificates import planted
from tests.certificates.planted import clock, subject


def test_log_det_of_a_matrix():
    matrix = torch.tensor([[2.0, 1.0, 0.0], [0.0, -3.0, 5.0], [1.0, 0.0, 1.0]])
    found = log_abs_det(lambda x, c: x @ matrix.T, torch.randn(2, 3))
    wanted = torch.linalg.slogdet(matrix).logabsdet
    torch.testing.assert_close(found.float(), wanted.expand(2), atol=1e-5, rtol=0)
    assert math.isnan(float(log_abs_det(lambda x, c: x.detach(), torch.zeros(1, 3))))
    assert math.isnan(float(log_abs_det(lambda x, c: x[:, :2], torch.zeros(1, 3))))


def test_a_wrong_sign_and_a_crooked_way_back_are_seen():
    assert log_det(subject(planted.Right), clock()).value < 1e-9
    assert log_det(subject(planted.WrongSign), clock()).value > 1e-3
    assert codes_return(subject(planted.Right), clock()).passed
    seen = codes_return(subject(planted.Crooked), clock())
    assert not seen.passed
    assert "not the inverse" in seen.said


def test_a_logistic_base_and_a_way_there_without_gradients_are_right():
    class Logistic(planted.Right):
        def log_prob(self, x, c=None):
            z, ladj = self.flow(x)
            return -(z + 2 * torch.nn.functional.softplus(-z)).sum(1) + ladj

    class Detached(planted.Right):
        def encode(self, x, c=None):
            return super().encode(x).detach()

    seen = log_det(subject(Logistic), clock())
    assert seen.passed
    assert "logistic" in seen.said
    assert log_det(subject(Detached), clock()).passed


def test_what_is_no_bijection_is_left_out():
    for model, why in ((planted.Kernels, "no codes"), (planted.Latents, "no exact density")):
        with pytest.raises(Beside, match=why):
            codes_return(subject(model), clock())


def test_a_jacobian_has_a_limit(monkeypatch):
    monkeypatch.setattr(inverse, "NUMBERS", 2)
    with pytest.raises(Beside, match="Jacobian"):
        log_det(subject(planted.Right), clock())


def test_rows_return_through_codec_and_lift():
    assert rows_return(subject(planted.Kernels), clock()).passed
    nan = torch.tensor([math.nan])
    assert off(nan, nan) == 0
    assert off(nan, torch.zeros(1)) == math.inf
