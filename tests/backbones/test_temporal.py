import pytest
import torch

from likely.backbones import Temporal, decoder, encoder
from likely.backbones.temporal import Lengthening, Shortening, TemporalEncoder, shortened
from likely.errors import FieldError
from likely.spaces import Image, Series, Wave, label, reals

NETWORKS = [Temporal(width=4), Temporal(width=4, stride=4, normalised=True), Temporal(width=3, stride=3)]
SPACES = [
    Series(2, 33),
    Series(1, 1),
    Series(3, 6, 5),
    Wave(8000, 100),
    Wave(8000, 12, None),
    Series(2, 9, missing=True),
]


@pytest.mark.parametrize("network", NETWORKS, ids=repr)
@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_reads_every_series_and_sound(space, network, cells, keeps_the_rules):
    torch.manual_seed(0)
    keeps_the_rules(encoder(space, 6, network), cells(space), output=lambda context: context.summary)


@pytest.mark.parametrize("network", NETWORKS, ids=repr)
@pytest.mark.parametrize("outputs", [(2, 33), (6, 7), (12,), (1, 1)], ids=str)
def test_draws_moments(outputs, network, keeps_the_rules):
    torch.manual_seed(0)
    drawer, c = decoder(5, outputs, condition=label(3), network=network), torch.tensor([[0.0], [1.0], [2.0], [2.0]])
    assert drawer(torch.randn(4, 5), c).shape == (4, *outputs)
    keeps_the_rules(drawer, torch.randn(4, 5), c)


def test_lengths_round_up():
    assert shortened(33, 2) == [33, 17, 9, 5, 3]
    assert shortened(16384, 4) == [16384, 4096, 1024, 256, 64, 16, 4]
    assert shortened(1, 2) == [1, 1]


@pytest.mark.parametrize("stride", [2, 3, 4])
def test_every_moment_is_reached_by_as_many_weights(stride):
    """Away from the ends a transposed layer of ones draws a line, not a comb."""
    trunk = Lengthening(1, 1, 16 * stride, Temporal(width=1, stride=stride))
    layer = trunk.convolutions[-1]
    layer.weight.data.fill_(1.0)
    drawn = layer(torch.ones(1, layer.in_channels, 16))[0, 0, stride:-stride]
    torch.testing.assert_close(drawn, drawn[:1].expand_as(drawn))


def test_maps_begin_neither_fading_nor_growing():
    torch.manual_seed(0)
    trunk = Shortening(2, 1024, Temporal(width=32))
    seen = trunk(torch.randn(8, 2, 1024))
    assert 0.3 < float(seen.detach().square().mean().sqrt()) < 3
    drawn = Lengthening(16, 2, 1024, Temporal(width=32))(torch.randn(8, 16))
    assert 0.3 < float(drawn.detach().square().mean().sqrt()) < 3


@pytest.mark.parametrize("normalised", [False, True])
def test_penalties_on_the_critics_slope(normalised):
    torch.manual_seed(0)
    critic = TemporalEncoder(Series(2, 9), 1, Temporal(width=2, normalised=normalised)).double()
    x = torch.randn(3, 2, 9, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: critic(x).summary.square().sum(), (x,))


def test_what_has_no_time_is_refused():
    with pytest.raises(FieldError, match=r"Temporal.*Image"):
        encoder(Image(1, 8, 8), 3, Temporal())
    with pytest.raises(FieldError, match=r"Temporal.*Vector"):
        encoder(reals(3), 3, Temporal())
    with pytest.raises(FieldError, match="Temporal"):
        decoder(3, (1, 8, 8), network=Temporal())


@pytest.mark.parametrize("field", [{"width": 0}, {"stride": 1}])
def test_no_width_or_stride_is_refused(field):
    with pytest.raises(FieldError, match="at least"):
        Temporal(**field)
