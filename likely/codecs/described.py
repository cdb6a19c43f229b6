"""A schema as a codec's parts, and back with every value checked."""

import re
from dataclasses import asdict
from typing import Any, get_args

from likely.codecs.parts import Part
from likely.data.schema import ColumnSchema, Constraint, Kind, Schema, TextFile

DTYPE = re.compile(
    r"(u?int|UInt|Int)(8|16|32|64)|(float|Float)(16|32|64)|bool|boolean|object|str|string|category"
    r"|datetime64\[(s|ms|us|ns)(, [\w/+:-]{1,40})?\]"
)
PATTERN = re.compile(
    r"([^{}]|\{\{|\}\})*\{(:0\d{1,2}[dx])?\}([^{}]|\{\{|\}\})*"
)  # one number, and nothing else to format
DATE_FORMAT = re.compile(r"([^%]|%[-#]?[A-Za-z%]){0,64}")
LATER = "missing_at_random"
TRANSFORMS = ("auto", "standard", "log", "quantile")


def plain_dtype(dtype: str) -> bool:
    """Whether samples can be given back in this dtype."""
    return DTYPE.fullmatch(dtype) is not None


def sound_pattern(pattern: str) -> bool:
    """Whether a pattern asks for one number and nothing else."""
    return len(pattern) <= 200 and PATTERN.fullmatch(pattern) is not None


def schema_parts(schema: Schema) -> dict[str, Any]:
    """The schema as plain JSON values."""
    file = None if schema.file is None else asdict(schema.file)
    return {
        "columns": [_column_parts(column) for column in schema.columns],
        "constraints": [_listed(asdict(constraint)) for constraint in schema.constraints],
        "group": schema.group,
        "file": file,
        "notes": list(schema.notes),
    }


def schema_from(part: Part) -> Schema:
    """The schema that a part describes."""
    part.only("columns", "constraints", "group", "file", "notes")
    columns = tuple(_column(each) for each in part.list_of_parts("columns"))
    names = [column.name for column in columns]
    if len(set(names)) != len(names):
        part.refuse("columns", "different names")
    constraints = tuple(_constraint(each, names) for each in part.list_of_parts("constraints"))
    group = None if part.value["group"] is None else part.text("group")
    file = None if part.value["file"] is None else _file(part.part("file"))
    return Schema(columns, constraints, group, file, part.texts("notes"))


def _column_parts(column: ColumnSchema) -> dict[str, Any]:
    """A fact that came later is written only where it holds: older folders lack it."""
    told = _listed(asdict(column))
    return told if told.pop(LATER) is False else told | {LATER: True}


def _listed(values: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _column(part: Part) -> ColumnSchema:
    part.only(*ColumnSchema.__dataclass_fields__.keys() - {LATER}, *{LATER} & part.value.keys())
    return ColumnSchema(
        name=part.text("name"),
        kind=part.choice("kind", {kind: kind for kind in get_args(Kind)}),
        dtype=_matching(part, "dtype", plain_dtype),
        missing=part.flag("missing"),
        missing_as=part.text("missing_as"),
        levels=part.scalars("levels"),
        ordered=part.flag("ordered"),
        decimals=None if part.value["decimals"] is None else part.integer("decimals", -300, 300),
        atoms=part.numbers("atoms"),
        transform=part.choice("transform", {name: name for name in TRANSFORMS}),  # type: ignore[arg-type]
        low=part.optional("low"),
        high=part.optional("high"),
        date_format=_matching(part, "date_format", lambda text: DATE_FORMAT.fullmatch(text) is not None),
        pattern=_matching(part, "pattern", lambda text: not text or sound_pattern(text)),
        value=part.scalar("value"),
        missing_at_random=LATER in part.value and part.flag(LATER),
        why=part.text("why"),
    )


def _matching(part: Part, key: str, sound: Any) -> str:
    text = part.text(key)
    return text if sound(text) else part.refuse(key, f"a sound {key}")


def _constraint(part: Part, names: list[str]) -> Constraint:
    part.only("kind", "columns", "formula")
    columns = part.texts("columns")
    if not set(columns) <= set(names):
        part.refuse("columns", "columns of the schema")
    return Constraint(part.choice("kind", {"order": "order", "formula": "formula"}), columns, part.text("formula"))  # type: ignore[arg-type]


def _file(part: Part) -> TextFile:
    part.only(*TextFile.__dataclass_fields__)
    texts = {key: part.text(key) for key in ("delimiter", "encoding", "decimal")}
    return TextFile(**texts, header=part.flag("header"), quoted=part.flag("quoted"))
