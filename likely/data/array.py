"""Arrays as rows: a stack of pictures or a table; npy, npz and IDX files hold arrays."""

# pandas' own types are unions that no check narrows
# pyright: reportGeneralTypeIssues=false

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from likely.data.declaration import Declaration
from likely.data.file import existing, opened
from likely.data.infer import infer
from likely.data.rows import Images, Rows, Table
from likely.errors import EmptyData, Unreadable, WrongRows

Array = np.ndarray[Any, Any]
IDX_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
LABEL_KEYS = ("y", "label", "labels", "target", "targets", "classes")
MOST_CLASSES = 1000


def from_array(array: Array, said: Declaration, *, names: tuple[str, ...] = (), channels_first: bool = False) -> Rows:
    """(N, H, W) and (N, H, W, C) are pictures; (N,) and (N, D) are tables with columns column_1, column_2, ..."""
    if array.dtype.names is not None:
        return _table(pd.DataFrame(array), said)
    if array.dtype.kind not in "biufUSO":
        raise WrongRows(f"an array of {array.dtype} is not data", expected="numbers, texts or truth values")
    if array.ndim in (3, 4):
        return pictures(array, channels_first=channels_first)
    if array.ndim not in (1, 2):
        raise WrongRows(f"the array has shape {array.shape}", expected="(N,), (N, D), (N, H, W) or (N, H, W, C)")
    return _table(frame_of(array.reshape(len(array), -1) if array.size else array, names), said)


def frame_of(array: Array, names: tuple[str, ...] = ()) -> "pd.DataFrame":
    """A matrix as a frame; bytes become texts."""
    if not array.size:
        raise EmptyData(f"the array is empty: its shape is {array.shape}")
    plain = np.char.decode(array, "utf-8") if array.dtype.kind == "S" else array
    plain = plain if plain.dtype.isnative else plain.astype(plain.dtype.newbyteorder("="))
    columns = names or tuple(f"column_{place + 1}" for place in range(plain.shape[1]))
    return pd.DataFrame(plain, columns=pd.Index(columns))


def pictures(array: Array, *, channels_first: bool = False, about: Table | None = None) -> Images:
    """A stack of pictures as uint8 (N, H, W, C)."""
    if not array.size:
        raise EmptyData(f"the array of pictures is empty: its shape is {array.shape}")
    stack = _channels_last(array, channels_first)
    pixels = _levelled(stack)
    if pixels.shape[-1] == 4:
        pixels = _on_white(pixels)
    return Images(pixels, levels_of(pixels), about)


def levels_of(pixels: Array) -> int:
    """256, unless no pixel reaches 32: then the pictures were made with that few levels."""
    top = int(pixels.max())
    return max(top + 1, 2) if top < 32 else 256


def from_npy(path: Path, said: Declaration) -> Rows:
    """A saved array."""
    with opened(path) as source:
        return from_array(_loaded(source, path), said)


def loaded(path: Path) -> Array:
    """A saved array (.npy), as it is."""
    place = existing(path.expanduser())
    with opened(place) as source:
        held = _loaded(source, place)
    if not isinstance(held, np.ndarray) or held.dtype.kind not in "biuf":
        raise Unreadable(f"{path} holds no array of numbers", expected="a .npy file, as numpy.save writes it")
    return held


def from_npz(path: Path, said: Declaration) -> Rows:
    """X with y is a table with a column y (or pictures with labels); one array is itself."""
    with path.open("rb") as source:
        held = _loaded(source, path)
    if "series" in held:
        from likely.data.series_file import panel_of

        return panel_of(held, path)
    columns = held.pop("columns", None)
    levels = int(held.pop("levels")) if "levels" in held and held["levels"].size == 1 else None
    names = tuple(held)
    data = [name for name in names if held[name].ndim >= 2 and name.lower() not in LABEL_KEYS]
    if len(data) != 1 and not (len(names) == 1 and held[names[0]].ndim == 1):
        shapes = ", ".join(f"{name} {held[name].shape}" for name in names)
        raise Unreadable(
            f"{path} holds {shapes or 'nothing'}", expected="one array of rows or pictures, maybe with labels y"
        )
    main = held[data[0]] if data else held[names[0]]
    beside = {
        name: held[name].reshape(-1) for name in names if name not in data and held[name].size == len(main) and data
    }
    rows = _joined(main, beside, said, () if columns is None else tuple(str(name) for name in columns))
    return Images(rows.pixels, levels, rows.about) if levels and isinstance(rows, Images) else rows


def _joined(main: Array, beside: dict[str, Array], said: Declaration, names: tuple[str, ...]) -> Rows:
    """An array and what is said about each of its rows."""
    frame = pd.DataFrame({name: frame_of(column[:, None]).iloc[:, 0] for name, column in beside.items()})
    if main.ndim in (3, 4):
        labels = frame.rename(
            columns={name: "label" for name in beside if name.lower() in LABEL_KEYS and len(beside) == 1}
        )
        return pictures(main, about=about_of(labels) if beside else None)
    table = frame_of(main.reshape(len(main), -1), names)
    return _table(pd.concat([table, frame], axis=1), _with_classes(said, frame))


def about_of(frame: "pd.DataFrame") -> Table:
    """Labels, one a row, as a table; whole numbers among them are classes."""
    return _table(frame, _with_classes(Declaration(), frame))


def _with_classes(said: Declaration, labels: "pd.DataFrame") -> Declaration:
    """Whole-number labels are classes, however many there are."""
    columns = dict(said.columns)
    for name in labels.columns:
        if pd.api.types.is_integer_dtype(labels[name].dtype) and labels[name].nunique() <= MOST_CLASSES:
            columns[str(name)] = {"kind": "category", "why": "the labels that came with the array"} | columns.get(
                str(name), {}
            )
    return replace(said, columns=columns)


def labelled(pixels: Array, labels: Array, *, levels: int | None = None, names: tuple[str, ...] = ()) -> Images:
    """Pictures with one class each."""
    classes = np.asarray(names)[labels] if names else labels
    images = pictures(
        pixels, about=about_of(pd.DataFrame({"label": frame_of(np.asarray(classes)[:, None]).iloc[:, 0]}))
    )
    return Images(images.pixels, levels or images.levels, images.about)


def from_idx(path: Path, said: Declaration) -> Rows:
    """IDX, as MNIST has it; the labels that lie beside a file of images are picked up."""
    array = read_idx(path)
    if array.ndim == 1:
        return _table(frame_of(array[:, None], ("label",)), _with_classes(said, pd.DataFrame({"label": array})))
    if array.ndim == 2:
        return from_array(array, said)
    beside = _labels_beside(path)
    if beside is None:
        return pictures(array)
    labels = read_idx(beside)
    if len(labels) != len(array):
        what = f"{path.name} holds {len(array)} pictures, {beside.name} beside it {len(labels)} labels"
        raise Unreadable(what, remedy="keep matching files beside each other, or move the labels away")
    return labelled(array, labels)


def read_idx(path: Path) -> Array:
    """The array of an IDX file: two zero bytes, a type, the number of dimensions, the dimensions, the values."""
    with opened(path) as source:
        raw = source.read()
    kind, dimensions = (raw[2], raw[3]) if len(raw) >= 4 and raw[:2] == b"\0\0" else (0, 0)
    if kind not in IDX_TYPES or len(raw) < 4 + 4 * dimensions or not dimensions:
        raise Unreadable(
            f"{path} is not an IDX file", expected="the bytes 0, 0, a type and the number of dimensions first"
        )
    shape = struct.unpack(f">{dimensions}I", raw[4 : 4 + 4 * dimensions])
    dtype = np.dtype(IDX_TYPES[kind])
    expected = 4 + 4 * dimensions + int(np.prod(shape, dtype=object)) * dtype.itemsize
    if len(raw) != expected:
        raise Unreadable(f"{path} says its shape is {shape}, which is {expected} bytes, but holds {len(raw)}")
    array = np.frombuffer(raw, dtype, offset=4 + 4 * dimensions).reshape(shape)
    return array if dtype.itemsize == 1 else array.astype(dtype.newbyteorder("="))


def _labels_beside(path: Path) -> Path | None:
    """train-labels-idx1-ubyte.gz for train-images-idx3-ubyte.gz, packed or not."""
    for old, new in (("images-idx3", "labels-idx1"), ("images.idx3", "labels.idx1"), ("images", "labels")):
        name = path.name.replace(old, new)
        bare = name.removesuffix(".gz")
        for candidate in (path.with_name(name), path.with_name(bare), path.with_name(bare + ".gz")):
            if name != path.name and candidate.exists():
                return candidate
    return None


def _table(frame: "pd.DataFrame", said: Declaration) -> Table:
    return Table(*infer(frame, said))


def _channels_last(array: Array, channels_first: bool) -> Array:
    if array.ndim == 3:
        return array[..., None]
    last, first = array.shape[3] in (1, 3, 4), array.shape[1] in (1, 3, 4)
    if first and (channels_first or not last):
        return np.moveaxis(array, 1, 3)
    if last:
        return array
    raise WrongRows(
        f"pictures of shape {array.shape} have no channels",
        expected="(N, H, W), (N, H, W, C) or (N, C, H, W), C = 1, 3 or 4",
    )


def _levelled(stack: Array) -> Array:
    """Pixels as uint8: whole numbers 0 to 255 as they are, reals in [0, 1] that are 255ths multiplied out."""
    if stack.dtype == np.uint8:
        return np.ascontiguousarray(stack)
    if stack.dtype.kind not in "biuf":
        raise WrongRows(f"pictures of {stack.dtype} are not pixels", expected="uint8, or whole numbers from 0 to 255")
    values = stack.astype(np.float64)
    if not np.isfinite(values).all():
        raise WrongRows("some pixels are missing or infinite", expected="whole numbers from 0 to 255",
                        remedy="reshape to (N, D): the columns of a table may have missing cells")  # fmt: skip
    low, high = values.min(), values.max()
    if low >= 0 and high <= 255 and (values == np.floor(values)).all():
        return np.ascontiguousarray(values.astype(np.uint8))
    scaled = values * 255
    if low >= 0 and high <= 1 and np.abs(scaled - np.round(scaled)).max() < 1e-3:
        return np.ascontiguousarray(np.round(scaled).astype(np.uint8))
    raise WrongRows(
        f"the pixels are {stack.dtype} from {low:g} to {high:g}",
        expected="uint8, or whole numbers from 0 to 255, or such numbers divided by 255",
        remedy="round them: (255 * x).round().astype('uint8') for pixels in [0, 1]; reshape to (N, D) for a table",
    )


def _on_white(pixels: Array) -> Array:
    """Transparent pixels composed on white."""
    alpha = pixels[..., 3:].astype(np.uint16)
    colour = pixels[..., :3].astype(np.uint16)
    return ((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _loaded(source: Any, path: Path) -> Any:
    """numpy's file, never a pickle."""
    try:
        loaded = np.load(source, allow_pickle=False)
        return loaded if isinstance(loaded, np.ndarray) else {name: loaded[name] for name in loaded.files}
    except Exception as error:  # damaged bytes fail in numpy in any way, tokenize.TokenError among them
        reason = "it holds Python objects, which are not opened" if "pickle" in str(error) else str(error)
        raise Unreadable(f"{path} cannot be read as an array: {reason}") from error
