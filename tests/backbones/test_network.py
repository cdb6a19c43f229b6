import pytest
import torch

from likely.backbones import MLP, Context, Conv, Decoder, Denoiser, Encoder, Network, UNet


def test_networks_are_descriptions_that_compare_by_value():
    assert MLP(width=8) == MLP(width=8) != MLP(width=9)
    assert all(isinstance(network, Network) for network in (MLP(), Conv(), UNet()))


def test_a_context_may_have_no_places():
    assert Context(torch.zeros(2, 3)).field is None


@pytest.mark.parametrize("kind", [Encoder, Decoder, Denoiser])
def test_what_a_backbone_does_is_abstract(kind):
    with pytest.raises(TypeError):
        kind()
