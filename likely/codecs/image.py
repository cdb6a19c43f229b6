"""Images <-> cells: pixels (N, H, W, C) of 0 .. levels - 1 as float tensors (N, C, H, W)."""

from enum import Enum
from hashlib import blake2b
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from likely.codecs.codec import Cells, Codec
from likely.codecs.lift import Lift
from likely.codecs.parts import Part
from likely.data.rows import Images
from likely.errors import EmptyData, WrongRows
from likely.rng import Keyed, Rng
from likely.spaces import Image

LARGEST = 2**28  # cells in one picture: a hostile file cannot ask for more


class Binarise(Enum):
    """How grey pixels become black or white."""

    THRESHOLD = "threshold"  # white from the middle level on
    DYNAMIC = (
        "dynamic"  # white with probability level / (levels - 1): one fixed draw here, a new one a batch by `redraw`
    )


@final
class ImageCodec(Codec[Images]):
    """Pictures of one size; a pixel is one of `levels` values, so that a score is a mass."""

    reads = Images
    space: Image

    def __init__(self, space: Image, *, levels: int, binarise: Binarise | None = None) -> None:
        self.space, self.levels, self.binarise = space, levels, binarise
        how = "" if binarise is None else f", binarised ({binarise.value})"
        self.measure = f"mass of {space.height}x{space.width}x{space.channels} pixels of {space.levels} levels{how}"

    @classmethod
    def fit(cls, images: Images, *, binarise: Binarise | None = None) -> "ImageCodec":
        """The codec of these pictures' size, channels and levels."""
        if not len(images):
            raise EmptyData("there are no images to learn from", remedy="a folder or an array with at least one image")
        _, height, width, channels = _checked(images.pixels).shape
        levels = images.levels if binarise is None else 2
        codec = cls(Image(channels, height, width, levels), levels=images.levels, binarise=binarise)
        codec.encode(images.take([0]))
        return codec

    def encode(self, rows: Images) -> Cells:
        pixels = self._fitting(rows)
        match self.binarise:
            case Binarise.THRESHOLD:
                x = _planes(2 * pixels.astype(np.int16) >= self.levels)
            case Binarise.DYNAMIC:
                x = self.redraw(self._intensity(pixels), rng=Keyed(0, rows=_content(pixels)))
            case None:
                x = _planes(pixels)
        return Cells(x, torch.zeros(len(x), dtype=torch.float64))

    def intensities(self, rows: Images) -> Tensor:
        """Pixels as probabilities of white in [0, 1]: what `redraw` draws from."""
        return self._intensity(self._fitting(rows))

    def redraw(self, x: Tensor, rng: Rng) -> Tensor:
        """Black or white pixels drawn from intensities, anew for every batch."""
        return rng.bernoulli(x)

    def lift(self) -> Lift:
        """The lift that redraws `intensities` for every batch of a training."""
        return Lift.redrawn(self.space)

    def decode(self, x: Tensor) -> Images:
        top = (self.space.levels or 2) - 1
        levels = x.detach().nan_to_num(0.0).round().clamp_(0, top).to(torch.uint8)
        return Images(np.ascontiguousarray(levels.cpu().numpy().transpose(0, 2, 3, 1)), levels=top + 1)

    def parts(self) -> dict[str, Any]:
        size = {"channels": self.space.channels, "height": self.space.height, "width": self.space.width}
        binarise = None if self.binarise is None else self.binarise.value
        return {"is": "ImageCodec", **size, "levels": self.levels, "binarise": binarise}

    @classmethod
    def from_parts(cls, parts: dict[str, Any]) -> "ImageCodec":
        part = Part(parts).only("is", "channels", "height", "width", "levels", "binarise")
        channels, height, width = (part.integer(key, 1, LARGEST) for key in ("channels", "height", "width"))
        if channels * height * width > LARGEST:
            part.refuse("channels x height x width", f"at most {LARGEST} cells")
        levels, binarise = part.integer("levels", 2, 256), part.choice("binarise", {None: None, **_BINARISE})
        space = Image(channels, height, width, levels if binarise is None else 2)
        return cls(space, levels=levels, binarise=binarise)

    def _fitting(self, rows: Images) -> "np.ndarray[Any, Any]":
        pixels = _checked(rows.pixels)
        expected = (self.space.height, self.space.width, self.space.channels)
        if pixels.shape[1:] != expected:
            raise WrongRows(
                f"the images are {_size(pixels.shape[1:])}",
                expected=_size(expected),
                remedy="resize or convert them to the size the model was fitted on",
            )
        if len(pixels) and int(pixels.max()) >= self.levels:
            row = int(pixels.reshape(len(pixels), -1).max(1).argmax())
            raise WrongRows(
                f"image {row} has a pixel of {int(pixels[row].max())}",
                expected=f"levels 0 to {self.levels - 1}",
                remedy="rescale the pixels to the levels the model was fitted on",
            )
        return pixels

    def _intensity(self, pixels: "np.ndarray[Any, Any]") -> Tensor:
        return _planes(pixels).div_(self.levels - 1)


_BINARISE: dict[str | None, Binarise | None] = {way.value: way for way in Binarise}


def _checked(pixels: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    if pixels.ndim != 4 or pixels.dtype != np.uint8 or 0 in pixels.shape[1:]:
        found = f"pixels of shape {pixels.shape} and type {pixels.dtype}"
        raise WrongRows(found, expected="uint8 pixels (images, height, width, channels)")
    return pixels


def _planes(pixels: "np.ndarray[Any, Any]") -> Tensor:
    """(N, H, W, C) to float32 (N, C, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2), dtype=np.float32))


def _content(pixels: "np.ndarray[Any, Any]") -> Tensor:
    """A hash of each picture, (N,) int64: a fixed draw depends on the picture alone, never on its place."""
    digests = b"".join(blake2b(picture, digest_size=8).digest() for picture in np.ascontiguousarray(pixels))
    return torch.from_numpy(np.frombuffer(digests, dtype=np.int64).copy())


def _size(shape: tuple[int, ...]) -> str:
    height, width, channels = shape
    return f"{height} x {width} with {channels} channel{'s' * (channels != 1)}"
