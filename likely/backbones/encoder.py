"""encoder(space, width): the one place where a kind of space is matched to a network that reads it."""

from likely.backbones.convolution import Conv
from likely.backbones.dcgan import DCGAN, DCGANEncoder
from likely.backbones.image import FlatImageEncoder, FlatStripEncoder, ImageEncoder, SeriesEncoder, WaveEncoder
from likely.backbones.mapped import MapEncoder, OnMap
from likely.backbones.mlp import MLP
from likely.backbones.network import Encoder, Network
from likely.backbones.residual import Residual, ResidualEncoder
from likely.backbones.row import RowEncoder
from likely.backbones.temporal import Temporal, TemporalEncoder
from likely.backbones.text import TokensEncoder
from likely.contracts import Space
from likely.errors import FieldError
from likely.spaces import Image, Series, Tokens, Vector, Wave


def encoder(
    space: Space, width: int, network: Network | None = None, *, places: int = 0, waves: int = 0, gaps: bool = True
) -> Encoder:
    """A module: cells (B, ...) -> Context(summary (B, width), field (B, places, *where) if places are asked for).

    Missing cells (NaN, -1) are accepted everywhere, so the null condition is. Rows (`Vector`) have no places; of
    images, series and sounds Conv alone gives a field. `waves` are octaves of each number of a row, for readers that
    must see fine structure; without `gaps` the numbers of a row are known to be there.
    """
    match space, network:
        case Vector(), MLP():
            return RowEncoder(space, width, network, waves, gaps=gaps)
        case Vector(), None:
            return RowEncoder(space, width, MLP(width=width, depth=1), waves, gaps=gaps)
        case Image(), MLP():
            return FlatImageEncoder(space, width, network)
        case Image(), Conv() | None:
            return ImageEncoder(space, width, network or Conv(), places=places)
        case Image(), OnMap():
            return MapEncoder(space, width, network)
        case Image(), DCGAN():
            return DCGANEncoder(space, width, network)
        case Image(), Residual():
            return ResidualEncoder(space, width, network)
        case Tokens(), None:
            return TokensEncoder(space, width, places=places)
        case Series() | Wave(), MLP():
            return FlatStripEncoder(space, width, network)
        case Series() | Wave(), Temporal():
            return TemporalEncoder(space, width, network)
        case Series(), Conv() | None:
            return SeriesEncoder(space, width, network or Conv(), places=places)
        case Wave(), Conv() | None:
            return WaveEncoder(space, width, network or Conv(), places=places)
    raise unfit(space, network, "reads")


def unfit(space: Space, network: Network | None, verb: str) -> FieldError:
    """The error for a network that cannot work on a space."""
    kind, named = type(space).__name__, "no network here" if network is None else f"not {type(network).__name__}"
    return FieldError(
        f"{named} {verb} the space {kind}",
        expected="MLP for rows; Conv or MLP for images, series and sounds, DCGAN or Residual for images, "
        "Temporal for series and sounds; UNet or MLP to denoise any of these",
        remedy="leave the network out, to get the default of that space",
    )
