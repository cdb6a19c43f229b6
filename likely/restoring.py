"""A person's own rows, mended by a model that restores: cell by cell in the data's own kinds, levels and rounding."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

from typing import Any

import torch
from torch import Tensor

from likely.codecs import Codec, Lift, TableCodec
from likely.codecs.regenerated import Constant
from likely.contracts import Restores
from likely.data import Rows, Table
from likely.rng import Keyed
from likely.scoring import batches, content_keys, placed


def mended(model: Restores, lift: Lift, codec: Codec[Any], rows: Rows, c: Tensor | None) -> Rows:
    """The rows as they most likely were; what is not modelled (ids, free text) stays as it is."""
    whole = codec.decode(_restored(model, lift, _spoilt(codec, rows), c))
    if not (isinstance(whole, Table) and isinstance(rows, Table) and isinstance(codec, TableCodec)):
        return whole
    own = [name for name, made in codec.layout.made.items() if not isinstance(made, Constant)]
    kept = {name: rows.frame[name].array for name in own if name in rows.frame}
    return Table(whole.frame.assign(**kept), whole.schema)


def _spoilt(codec: Codec[Any], rows: Rows) -> Tensor:
    """The cells as they came; of a table any may be missing, and a category that was never seen is."""
    if not isinstance(codec, TableCodec) or not isinstance(rows, Table):
        return codec.encode(rows).x
    frame = rows.frame
    for name, strange in codec.unseen(rows).items():
        if name in codec.names:
            frame = frame.assign(**{name: frame[name].where(~frame[name].isin(strange))})
    return codec.encode_partial(frame)[0]


def _restored(model: Restores, lift: Lift, x: Tensor, c: Tensor | None) -> Tensor:
    """The cells mended, in batches."""
    parts = []
    with torch.no_grad():
        for part, given in batches(x, c):
            u, _ = lift.up(part, rng=Keyed(0, rows=content_keys(part)))
            parts.append(lift.down(model.restore(placed(u, model), placed(given, model))).cpu())
    return torch.cat(parts)
