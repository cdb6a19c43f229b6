r"""A classifier of pictures, and the sight that its last hidden layer is.

    p(y = k | c) = softmax_k(W h(c) + b),   h(c) = relu(norm(V g(c))),   g strided convolutions        (1)

h keeps what tells classes apart and little else: two samples that differ there differ to a person, too. It depends on
weights learned from some rows, so the sight's name holds a digest of them: figures compare where the names are equal.
"""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.convolution import halvings
from likely.backbones.image import Pixels
from likely.backbones.norm import MapNorm
from likely.contracts import Density, Player, Trained, Turn
from likely.data import Images, Rows
from likely.errors import WrongRows
from likely.metrics.features import Sight
from likely.rng import Rng
from likely.spaces import Category, Image, Vector

Array = np.ndarray[Any, Any]
CHUNK = 500  # pictures looked at together
SIDES_MOVED = 14  # a batch of 28 x 28 is moved by 2 pixels at most
MOST_WIDER = 4  # times the first map's channels


@final
class Classifier(Density, Trained):
    """p(class | picture): the class is the row, the picture its condition."""

    def __init__(
        self,
        classes: int,
        pictures: Image,
        *,
        width: int = 32,  # channels of the first map, half as high as the picture; they double with each halving
        features: int = 128,  # numbers of h
        rate: float = 2e-3,
        decay: float = 1e-2,  # pulls weights towards 0
        shift: int | None = None,  # pixels that a batch is moved by at most while it is learned from; none: by the size
    ) -> None:
        super().__init__(Vector((Category(classes),)), pictures)
        self.pictures, self.rate, self.decay = pictures, rate, decay
        self.shift = min(pictures.height, pictures.width) // SIDES_MOVED if shift is None else shift
        sizes = halvings((pictures.height, pictures.width))
        widths = [pictures.channels + 1, *(width * min(MOST_WIDER, 2**at) for at in range(len(sizes) - 1))]
        self.pixels = Pixels(pictures.levels)
        self.maps = nn.Sequential(*[part for a, b in pairwise(widths) for part in _halving(a, b)])
        self.hidden = nn.Linear(widths[-1] * sizes[-1][0] * sizes[-1][1], features)
        self.norm, self.scores = nn.LayerNorm(features), nn.Linear(features, classes)

    # What it answers

    def features(self, c: Tensor) -> Tensor:
        """h: (B, features)."""
        return self._seen(self.pixels(c))

    def log_joint(self, c: Tensor) -> Tensor:
        """log p(y = k | c) of every class: (B, K)."""
        return self.scores(self.features(c)).log_softmax(1)  # (1)

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return self.log_joint(self._given(c)).gather(1, x.long())[:, 0]

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return rng.categorical(self.log_joint(self._given(c)))[:, None].float()

    # How it learns

    def players(self) -> dict[str, Player]:
        return {"classifier": Player(self, self.rate, decay=self.decay)}

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        moved = self._moved(self.pixels(self._given(c)), rng)
        yield Turn("classifier", lambda: F.cross_entropy(self.scores(self._seen(moved)), x.long()[:, 0]))

    def _seen(self, pixels: Tensor) -> Tensor:
        return self.norm(self.hidden(self.maps(pixels).flatten(1))).relu()

    def _moved(self, pixels: Tensor, rng: Rng) -> Tensor:
        """All pictures moved by the same few pixels, their edges drawn out."""
        down, right = rng.integers(2 * self.shift + 1, (2,), like=pixels).tolist()
        wider = F.pad(pixels, [self.shift] * 4, mode="replicate")
        return wider[:, :, down : down + self.pictures.height, right : right + self.pictures.width]

    def _given(self, c: Tensor | None) -> Tensor:
        if c is None:
            raise WrongRows("a classifier was given nothing to look at", expected="one picture a row")
        return c


def _halving(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), MapNorm(outputs), nn.SiLU()


@final
class Classified(Sight):
    """Pictures as points: h of a learned classifier, which can also be asked for their classes."""

    def __init__(self, model: Classifier, label: str, levels: Sequence[Any]) -> None:
        self.model, self.label, self.levels = model.eval(), label, tuple(levels)
        self.name = f"features of a classifier of {label} ({digest(model)})"

    def points(self, real: Rows, *others: Rows) -> list[Array]:
        return [self._over(rows, self.model.features) for rows in (real, *others)]

    def classes(self, rows: Rows) -> Array:
        """The likeliest class of each picture, by its place among the levels (N,)."""
        return self._over(rows, lambda c: self.model.log_joint(c).argmax(1)).astype(int)

    @torch.no_grad()
    def _over(self, rows: Rows, of: Any) -> Array:
        place = next(self.model.parameters())
        return np.concatenate([of(c.to(place)).cpu().numpy() for c in self._chunks(rows)]).astype(np.float64)

    def _chunks(self, rows: Rows) -> Iterator[Tensor]:
        shape = self.model.pictures.shape
        if not isinstance(rows, Images) or cells_shape(rows) != shape:
            told = str(cells_shape(rows)) if isinstance(rows, Images) else rows.word
            raise WrongRows(f"a classifier of pictures {shape} cannot see {told}", expected="pictures of that shape")
        for start in range(0, len(rows), CHUNK):
            yield planes(rows.pixels[start : start + CHUNK]).float()


def cells_shape(rows: Images) -> tuple[int, int, int]:
    """(C, H, W) of pictures."""
    _, height, width, channels = rows.pixels.shape
    return channels, height, width


def planes(pixels: Array) -> Tensor:
    """(N, H, W, C) levels as a tensor (N, C, H, W) of its own, as small as they were."""
    return torch.from_numpy(np.array(np.moveaxis(pixels, -1, 1), order="C"))


def digest(model: nn.Module) -> str:
    """Eight letters that any change of a weight changes."""
    told = hashlib.sha256()
    for name, weight in sorted(model.state_dict().items()):
        told.update(name.encode() + weight.detach().cpu().contiguous().numpy().tobytes())
    return told.hexdigest()[:8]
