"""Codes as a table that a person can keep, change and give back: z1, z2, ... and what each row is given."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false, reportReturnType=false

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from likely import frames
from likely.codecs import TableCodec
from likely.contracts import Decodes
from likely.data import Rows, Schema, Table, read
from likely.errors import WrongRows
from likely.fitted import Fitted
from likely.promises import promised
from likely.searching import Found, Search, choices
from likely.suggestion import shown

Array = np.ndarray[Any, Any]
MISFIT = "misfit"  # the column of what a code that was sought leaves untold


def names_of(fitted: Fitted[Any]) -> list[str]:
    """The columns of its codes."""
    width = int(np.prod(promised(fitted.model, fitted.name, Decodes).codes.shape))
    return [f"z{place + 1}" for place in range(width)]


def table_of(fitted: Fitted[Any], data: Any) -> Table:
    """The code of each row, beside the condition that it was found under."""
    rows = frames.read_like(data, fitted.codec, fitted.condition_codec, fitted.card.order)
    return _table(fitted, rows, fitted.encode(rows))


def sought_of(fitted: Fitted[Any], data: Any, search: Search = Search(), *, seed: int = 0) -> tuple[Table, Found]:
    """The same by search, in a last column what each code leaves untold of its row; and how the search went."""
    rows = frames.read_like(data, fitted.codec, fitted.condition_codec, fitted.card.order)
    found = fitted.sought(rows, search, seed=seed)
    table = _table(fitted, rows, found.z.numpy())
    return Table(table.frame.assign(**{MISFIT: found.misfit.numpy()}), table.schema), found


def _table(fitted: Fitted[Any], rows: Rows, codes: Array) -> Table:
    frame = pd.DataFrame(codes.reshape(len(codes), -1), columns=pd.Index(names_of(fitted)))
    given, said = list(fitted.card.condition), rows.said
    beside = [frame] if said is None or not given else [frame, said.frame[given].reset_index(drop=True)]
    return Table(pd.concat(beside, axis=1), Schema(()))


def rows_of(fitted: Fitted[Any], data: Any) -> Rows:
    """The rows that a table of codes stands for."""
    names, codes = names_of(fitted), read(data)
    if not isinstance(codes, Table):
        raise WrongRows(f"these rows are {codes.word}", expected="a table of codes, as likely encode writes it")
    known, order = set(codes.frame.columns), [*names, *fitted.card.condition]
    if lacking := [name for name in order if name not in known]:
        what = f"the table lacks {shown(lacking)}, and has {shown(map(str, codes.frame.columns))}"
        raise WrongRows(what, expected=f"the columns {shown(order)}", remedy="likely encode RUN DATA -o codes.csv")
    given = codes.frame[list(fitted.card.condition)].reset_index(drop=True) if fitted.card.condition else None
    return decoded(fitted, _chosen(_numbers(codes.frame[names]), fitted), given)


def decoded(fitted: Fitted[Any], z: Array, given: pd.DataFrame | None = None) -> Rows:
    """The rows that codes (M, D) stand for, each with its condition where the model has one; always as `Rows`."""
    whole = replace(fitted, card=replace(fitted.card, returns="frame"))  # whatever form Python fitted it from
    found = whole.decode(z.reshape(len(z), *promised(fitted.model, fitted.name, Decodes).codes.shape), given)
    return Table(found, _schema(fitted)) if isinstance(found, pd.DataFrame) else found


def _numbers(frame: pd.DataFrame) -> Array:
    numbers = frame.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    if not len(numbers):
        raise WrongRows("the table holds no codes", expected="at least one row")
    wrong = np.argwhere(~np.isfinite(numbers))
    if len(wrong):
        row, column = wrong[0]
        what = f"column '{frame.columns[column]}', row {row + 1}: '{frame.iloc[row, column]}' is no number"
        raise WrongRows(what, expected="a finite number in every cell of a code")
    return numbers


def _chosen(z: Array, fitted: Fitted[Any]) -> Array:
    """The codes, in which every choice is one that there is."""
    for place, k in choices(promised(fitted.model, fitted.name, Decodes).codes).items():
        wrong = np.flatnonzero(~np.isin(z[:, place], np.arange(k)))
        if len(wrong):
            what = f"column 'z{place + 1}', row {wrong[0] + 1}: {z[wrong[0], place]:g} is none of {k} choices"
            raise WrongRows(what, expected=f"a whole number from 0 to {k - 1}")
    return z


def _schema(fitted: Fitted[Any]) -> Schema:
    """What the columns of decoded rows are."""
    owners = [owner for owner in (fitted.codec, fitted.condition_codec) if isinstance(owner, TableCodec)]
    columns = {column.name: column for owner in owners for column in owner.schema.columns}
    return Schema(tuple(columns[name] for name in fitted.card.order if name in columns))
