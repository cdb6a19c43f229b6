import pytest
import torch

from likely.backbones import MLP, Conv, UNet, encoder
from likely.errors import FieldError
from likely.spaces import Image, Series, Tokens, Vector, absent, label, reals


def test_rules_of_the_summary(space, cells, keeps_the_rules):
    keeps_the_rules(encoder(space, 6), cells(space), output=lambda context: context.summary)


def test_the_null_condition_is_an_input_of_its_own(space, cells):
    reader, x = encoder(space, 6, places=3), cells(space)
    null, read = reader(absent(x)), reader(x)
    assert null.summary.shape == read.summary.shape == (len(x), 6)
    assert null.summary.isfinite().all()
    assert not torch.isclose(null.summary, read.summary).all(1).any()


def test_fields_where_there_are_places(space, cells):
    field = encoder(space, 6, places=3)(cells(space)).field
    match space:
        case Vector():
            assert field is None
        case Image():
            assert field.shape == (4, 3, space.height, space.width)
        case Tokens() | Series():
            assert field.shape == (4, 3, space.length)
        case _:
            assert field.shape == (4, 3, 16)  # 1,000 values in frames of 64


@pytest.mark.parametrize("network", [MLP(width=8), Conv(width=4)])
def test_images_are_read_by_either_network(network, cells, keeps_the_rules):
    space = Image(2, 8, 6, 5)
    keeps_the_rules(encoder(space, 6, network), cells(space), output=lambda context: context.summary)


def test_a_missing_cell_does_not_touch_other_rows(space, cells):
    reader, x = encoder(space, 6).double(), cells(space)
    gone = torch.cat([absent(x[:1]), x[1:]])
    torch.testing.assert_close(reader(x).summary[1:], reader(gone).summary[1:])


@pytest.mark.parametrize(
    ("space", "network"), [(reals(3), Conv()), (Image(1, 8, 8), UNet()), (Tokens(5, 4), MLP()), (label(3), UNet())]
)
def test_a_network_that_does_not_fit_is_named(space, network):
    with pytest.raises(FieldError, match=f"{type(network).__name__}.*{type(space).__name__}"):
        encoder(space, 4, network)
