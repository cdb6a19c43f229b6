"""Files of series: .ts as sktime and aeon write them, chorales in JSON; arrays of series in npz.

A .ts file has lines that begin with @, then one case a line: channels separated by ":", values by ",", its class last.
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from likely.data.file import opened
from likely.data.rows import Array
from likely.data.series import Panel, said_of, series_of
from likely.errors import EmptyData, Unreadable

LOWEST, KEYS = 21, 88  # of a piano, as MIDI pitches
SIDES = ("train", "valid", "test")
GONE = ("?", "nan", "")


def from_ts(path: Path) -> Panel:
    """The series of a .ts file, with their class where it has one."""
    heading, lines = _parts(path)
    if heading.get("timestamps", "false").split()[0].lower() == "true":
        raise Unreadable(f"{path} has time stamps with its values", expected="evenly spaced values, @timeStamps false")
    labelled = any(heading.get(key, "false").split()[0].lower() == "true" for key in ("classlabel", "targetlabel"))
    cut = [line.split(":") for line in lines]
    labels = [fields.pop().strip() for fields in cut] if labelled else None
    width = len(cut[0])
    if odd := [place for place, fields in enumerate(cut) if len(fields) != width or not width]:
        what = f"{path}: case {odd[0] + 1} has {len(cut[odd[0]])} channels, the first one has {width}"
        raise Unreadable(what, expected="as many channels in each case" + (", and a class last" if labelled else ""))
    said = None if labels is None else pd.DataFrame({"label": labels})
    return series_of([_case(fields, place, path) for place, fields in enumerate(cut)], labels=said)


def _parts(path: Path) -> tuple[dict[str, str], list[str]]:
    """What the lines with @ say, and the lines of cases."""
    with opened(path) as file:
        text = file.read().decode("utf-8", "replace")
    heading: dict[str, str] = {}
    lines = [line.strip() for line in text.splitlines()]
    told = [line for line in lines if line and not line.startswith("#")]
    while told and told[0].startswith("@"):
        name, _, value = told.pop(0)[1:].partition(" ")
        heading[name.lower()] = value.strip() or "false"
        if name.lower() == "data":
            break
    if "data" not in heading:
        raise Unreadable(
            f"{path} has no line @data", expected="a .ts file: lines with @, then @data, then a case a line"
        )
    if not told:
        raise EmptyData(f"{path} has no case below @data", expected="at least one series")
    return heading, told


def _case(fields: list[str], place: int, path: Path) -> Array:
    """One series, (T, D); shorter channels are filled with gaps."""
    try:
        channels = [[np.nan if cell.strip().lower() in GONE else float(cell) for cell in each.split(",")]
                    for each in fields]  # fmt: skip
    except ValueError as error:
        raise Unreadable(
            f"{path}: case {place + 1} is not numbers: {error}", expected="numbers, or ? for gaps"
        ) from error
    longest = max(map(len, channels))
    return np.array([channel + [np.nan] * (longest - len(channel)) for channel in channels]).T


def from_moments(frame: "pd.DataFrame") -> Panel | None:
    """The series of a table with a line a moment, as likely writes them; None where it is any other table.

    Its columns are `series` (their numbers, rising), what is said about each, `moment` (0, 1, ... of each), channels.
    """
    names = [str(name) for name in frame.columns]
    if names[0] != "series" or "moment" not in names[1:-1] or len(set(names)) < len(names):
        return None
    at = names.index("moment")
    said, values, (which, when) = frame[names[1:at]], frame[names[at + 1 :]], (frame["series"], frame["moment"])
    kinds = (pd.api.types.is_integer_dtype(which), pd.api.types.is_integer_dtype(when))
    if not all((*kinds, *map(pd.api.types.is_numeric_dtype, values.dtypes))) or which.hasnans or when.hasnans:
        return None
    begins = np.flatnonzero(when == 0)
    lengths = np.diff(np.append(begins, len(frame)))
    number = np.repeat(np.arange(len(begins)), lengths)
    if len(number) < len(frame) or not (np.diff(which.to_numpy()[begins]) > 0).all():
        return None
    even = np.array_equal(when, np.arange(len(frame)) - begins[number])
    first = frame.iloc[begins[number]].reset_index(drop=True)
    if not even or not first[["series", *said]].equals(frame[["series", *said]].reset_index(drop=True)):
        return None
    stack = values.to_numpy(dtype=np.float64, na_value=np.nan)
    parts = np.split(stack, begins[1:])
    return series_of(parts, channels=tuple(values), labels=said.iloc[begins] if len(said.columns) else None)


def panel_of(held: dict[str, Array], path: Path) -> Panel:
    """What an .npz with an array `series` (N, T, D) holds."""
    said = {name.removeprefix("said_"): each for name, each in held.items()
            if name not in ("series", "channels", "levels") and each.ndim == 1}  # fmt: skip
    values = held["series"]
    if values.ndim not in (2, 3) or any(len(each) != len(values) for each in said.values()):
        raise Unreadable(
            f"{path}: series of shape {values.shape}", expected="series (N, T, D), and labels one a series"
        )
    names = tuple(str(name) for name in held["channels"]) if "channels" in held else ()
    levels = int(held["levels"]) if "levels" in held else None
    return series_of(values, channels=names, levels=levels, labels=pd.DataFrame(said) if said else None)


def chorales(path: Path) -> dict[str, Panel]:
    """Which of a piano's 88 keys sound at a step, by side: {"train": [[[pitch, ...], ...], ...], ...} in JSON."""
    told = _json(path)
    if not is_music(told):
        raise Unreadable(f"{path} is not music", expected='{"train": [piece, ...]}, a piece a list of lists of pitches')
    return {side: _rolls(pieces, path) for side, pieces in told.items()}


def from_json(path: Path) -> Panel | None:
    """All pieces of music in a JSON file, and which side each is of; None where the file holds anything else."""
    told = _json(path)
    if not is_music(told):
        return None
    sides = [side for side, pieces in told.items() for _ in pieces]
    whole = _rolls([piece for pieces in told.values() for piece in pieces], path)
    return replace(whole, about=said_of(pd.DataFrame({"side": sides}), len(sides)))


def is_music(told: Any) -> bool:
    """Whether JSON values are lists of steps of pitches, by side."""
    if not isinstance(told, dict) or not set(told) <= set(SIDES) or not told:
        return False
    pieces = [piece for each in told.values() if isinstance(each, list) for piece in each]
    return bool(pieces) and all(
        isinstance(piece, list)
        and piece
        and all(isinstance(step, list) and all(map(_is_pitch, step)) for step in piece)
        for piece in pieces
    )


def _is_pitch(value: Any) -> bool:
    return isinstance(value, int) and LOWEST <= value < LOWEST + KEYS


def _json(path: Path) -> Any:
    with opened(path) as file:
        try:
            return json.loads(file.read())
        except ValueError as error:
            raise Unreadable(f"{path} is not JSON: {error}") from error


def _rolls(pieces: list[list[list[int]]], path: Path) -> Panel:
    """(N, T, 88) zeros and ones."""
    if not pieces:
        raise EmptyData(f"{path} has a side without pieces", expected="at least one piece a side")
    rolls = [np.zeros((len(piece), KEYS)) for piece in pieces]
    for roll, piece in zip(rolls, pieces, strict=True):
        for moment, step in enumerate(piece):
            roll[moment, [pitch - LOWEST for pitch in step]] = 1
    return series_of(rolls, channels=tuple(f"pitch_{LOWEST + key}" for key in range(KEYS)), levels=2)
