"""Pictures of which a part is unknown: transparent, NaN in an array, or white in a picture of the hole."""

import io
from pathlib import Path
from typing import Any

import numpy as np

from likely.data.file import PICTURE_SUFFIXES, suffix
from likely.data.picture import Folder
from likely.data.read import read
from likely.data.rows import Images
from likely.errors import WrongRows

Array = np.ndarray[Any, Any]
OPAQUE = 255


def holed(source: Any, hole: Any = None, *, levels: int, channels: int) -> tuple[Images, Array]:
    """Pictures of so many levels and channels, and what is unknown of them: bool (N, H, W, C)."""
    source = _array(source)
    images = source if isinstance(source, Images) else _read(source)
    unknown = np.zeros(images.pixels.shape[:3], dtype=bool)
    for told in (_lacking(source), _transparent(source, images), None if hole is None else white(hole)):
        if told is not None:
            unknown = unknown | _fitting(told, unknown.shape)
    if not unknown.any():
        told = "nothing of these pictures is unknown"
        remedy = "hole=ARRAY, True where it is to be filled in (--hole PICTURE, white there)"
        raise WrongRows(told, expected="transparent pixels, NaN in an array, or a hole", remedy=remedy)
    fitted = Images(in_channels(_in_levels(images, levels), channels), levels, images.about, images.names)
    return fitted, np.broadcast_to(unknown[..., None], fitted.pixels.shape)


def _array(source: Any) -> Any:
    """A tensor as an array, channels last; one picture as a stack of one."""
    if type(source).__module__.partition(".")[0] == "torch":
        plain = source.detach().cpu().numpy()
        source = np.moveaxis(plain, -3, -1) if plain.ndim == 4 and plain.shape[1] in (1, 3) else plain
    return source[None] if isinstance(source, np.ndarray) and source.ndim == 2 else source


def _read(source: Any) -> Images:
    holds = isinstance(source, np.ndarray) and source.dtype.kind == "f"
    rows = read(np.nan_to_num(source) if holds else source)
    if not isinstance(rows, Images):
        raise WrongRows(f"these rows are {rows.word}", expected="pictures, as the model was fitted on")
    return rows


def _lacking(source: Any) -> Array | None:
    """NaN in any channel."""
    if not isinstance(source, np.ndarray) or source.dtype.kind != "f":
        return None
    gone = np.isnan(source)
    return np.asarray(gone.any(-1)) if gone.ndim == 4 else gone


def _transparent(source: Any, images: Images) -> Array | None:
    """Whatever is not opaque."""
    if isinstance(source, np.ndarray) and source.ndim == 4 and source.shape[-1] == 4:
        return source[..., 3] < (1.0 if source.dtype.kind == "f" and np.nanmax(source) <= 1 else OPAQUE)
    if not isinstance(source, str | Path):
        return None
    path = Path(source).expanduser()
    if path.is_dir():
        return np.stack([_alpha(Folder(path).content(name)) < OPAQUE for name in images.names])
    return _alpha(path.read_bytes())[None] < OPAQUE if suffix(path) in PICTURE_SUFFIXES and path.is_file() else None


def _alpha(content: bytes) -> Array:
    """How opaque each pixel is."""
    from PIL import Image, ImageOps

    picture = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    return np.asarray(picture.convert("RGBA").getchannel("A"))


def white(hole: Any) -> Array:
    """A bool array as it is; a picture's brighter half."""
    hole = _array(hole)
    if isinstance(hole, np.ndarray) and hole.dtype.kind == "b":
        return hole[..., 0] if hole.ndim == 4 else hole
    drawn = _read(hole)
    return drawn.pixels.mean(-1) > (drawn.levels - 1) / 2


def _fitting(told: Array, shape: tuple[int, ...]) -> Array:
    """One hole for all pictures, or one for each."""
    if told.shape[1:] != shape[1:] or len(told) not in (1, shape[0]):
        what = f"the hole is {' x '.join(map(str, told.shape[1:]))}, for {len(told)} of {shape[0]} pictures"
        raise WrongRows(what, expected=f"{shape[1]} x {shape[2]}, one for all or one for each")
    return told


def _in_levels(images: Images, levels: int) -> Array:
    """Pixels of another number of levels, black and white staying what they are."""
    if images.levels == levels or not (images.levels == 2 or images.levels == 256 > levels):
        return images.pixels
    return np.rint(images.pixels * ((levels - 1) / (images.levels - 1))).astype(np.uint8)


def in_channels(pixels: Array, channels: int) -> Array:
    """A grey picture that was saved in colours is grey."""
    grey = pixels.shape[-1] == 3 and channels == 1 and (pixels == pixels[..., :1]).all()
    return pixels[..., :1] if grey else pixels
