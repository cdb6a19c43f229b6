"""A schema as JSON: whole (to store it) or partial (to override what was inferred), with every type checked.

{"columns": {"age": {"kind": "count"}, "zip": {"kind": "category", "dtype": "str"}},
 "constraints": [{"kind": "order", "columns": ["start", "end"]}], "group": "customer", "file": {"delimiter": ";"},
 "missing_at_random": true}
"""

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_args

from likely.data.file import existing
from likely.data.schema import ColumnSchema, Constraint, Kind, Schema, TextFile
from likely.errors import FieldError, WrongRows
from likely.suggestion import meant, shown

KINDS = get_args(Kind)
FORMS = ("lines", "document", "molecules", "proteins", "table")  # of a text file
TRANSFORMS = ("auto", "standard", "log", "quantile")
REAL, TEXT, WHOLE, TRUTH, NUMBERS, TEXTS, LEVELS, LEVEL = (
    "a number",
    "a text",
    "a whole number",
    "true or false",
    "a list of numbers",
    "a list of texts",
    "a list of texts, numbers or truth values",
    "a text, a number or a truth value",
)
COLUMN_FIELDS = {
    "name": TEXT,
    "kind": TEXT,
    "dtype": TEXT,
    "missing": TRUTH,
    "missing_as": TEXT,
    "levels": LEVELS,
    "ordered": TRUTH,
    "decimals": WHOLE,
    "atoms": NUMBERS,
    "transform": TEXT,
    "low": REAL,
    "high": REAL,
    "date_format": TEXT,
    "pattern": TEXT,
    "value": LEVEL,
    "missing_at_random": TRUTH,
    "why": TEXT,
}
FILE_FIELDS = {"delimiter": TEXT, "header": TRUTH, "encoding": TEXT, "decimal": TEXT, "quoted": TRUTH}
OPTIONAL = ("decimals", "low", "high", "value")


@dataclass(frozen=True)
class Declaration:
    """What the person states; everything else is inferred."""

    columns: dict[str, dict[str, Any]] = field(default_factory=dict)  # by column, fields of ColumnSchema
    constraints: tuple[Constraint, ...] = ()
    group: str | None = None
    file: dict[str, Any] = field(default_factory=dict)  # fields of TextFile
    like: TextFile | None = None  # how the file was written that a fitted schema came from
    texts: Any = None  # what the lines of a text file are: "lines", "document", "molecules" or "proteins"
    window: int | None = None  # moments (samples of a sound) that make one row: a record is cut into such windows
    missing_at_random: bool = False  # of every column that does not say it itself
    lenient: bool = False  # columns that the table lacks are no error (a fitted schema meeting a partial table)

    def check(self, names: tuple[str, ...]) -> None:
        """Every declared column is in the table."""
        asked = [
            *self.columns,
            *(self.group,) * bool(self.group),
            *(c for rule in self.constraints for c in rule.columns),
        ]
        absent = [name for name in asked if name not in names]
        if absent and not self.lenient:
            raise WrongRows(
                f"the schema names {shown(dict.fromkeys(absent))}, which the table does not have",
                expected=f"columns among {shown(names, most=20)}",
                remedy=meant(absent[0], names),
            )


def declaration(source: "Path | str | Schema | Mapping[str, Any] | None") -> Declaration:
    """What a schema, its JSON file, or its JSON object states."""
    if source is None:
        return Declaration()
    if isinstance(source, Schema):
        stated = {column.name: _column_fields(column) for column in source.columns}
        return Declaration(stated, source.constraints, source.group, like=source.file, lenient=True)
    if isinstance(source, Mapping):
        return _parsed(source, "the schema")
    path = existing(Path(source))
    try:
        return _parsed(json.loads(path.read_text("utf-8")), str(path))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise FieldError(f"{path} is not JSON: {error}", expected='{"columns": {"age": {"kind": "count"}}}') from error


def schema_to_json(schema: Schema) -> dict[str, Any]:
    """Plain JSON values from which `schema_from_json` makes the same schema."""
    columns = {column.name: _changed_fields(column) for column in schema.columns}
    rules = [{"kind": rule.kind, "columns": list(rule.columns), "formula": rule.formula} for rule in schema.constraints]
    told: dict[str, Any] = {"columns": columns, "constraints": rules, "group": schema.group}
    if schema.file is not None:
        told["file"] = _file_fields(schema)
    return told | ({"notes": list(schema.notes)} if schema.notes else {})


def schema_from_json(told: Any) -> Schema:
    """The schema that JSON values describe; types are checked, and each column needs a kind and a dtype."""
    stated = _parsed(told, "the schema")
    for name, column in stated.columns.items():
        for needed in ("kind", "dtype"):
            if needed not in column:
                raise FieldError(
                    f"column '{name}' of the schema has no {needed}", expected=f"a {needed} for each column"
                )
    columns = tuple(ColumnSchema(name=name, **column) for name, column in stated.columns.items())
    notes = _typed(told.get("notes", []), TEXTS, "notes")
    file = TextFile(**stated.file) if "file" in told else None
    schema = Schema(columns, stated.constraints, stated.group, file, tuple(notes))
    stated.check(schema.names)
    return schema


def _column_fields(column: ColumnSchema) -> dict[str, Any]:
    return {each.name: getattr(column, each.name) for each in fields(column) if each.name != "name"}


def _file_fields(schema: Schema) -> dict[str, Any]:
    return {} if schema.file is None else {each.name: getattr(schema.file, each.name) for each in fields(schema.file)}


def _changed_fields(column: ColumnSchema) -> dict[str, Any]:
    """The fields that are not at their default, as JSON has them."""
    told: dict[str, Any] = {}
    for each in fields(column):
        value = getattr(column, each.name)
        if each.name != "name" and (each.default is NO_DEFAULT or value != each.default):
            told[each.name] = list(value) if isinstance(value, tuple) else value
    return told


def _parsed(told: Any, where: str) -> Declaration:
    known = ("columns", "constraints", "group", "file", "notes", "texts", "window", "missing_at_random")
    _object(told, where, known)
    columns = _object(told.get("columns", {}), f"{where}: columns", None)
    parsed = {name: _column(name, stated) for name, stated in columns.items()}
    rules = told.get("constraints", [])
    if not isinstance(rules, list):
        raise FieldError(f"{where}: constraints is {rules!r}", expected="a list")
    group = told.get("group")
    if group is not None:
        _typed(group, TEXT, "group")
    texts = told.get("texts")
    if texts is not None:
        _one_of(_typed(texts, TEXT, "texts"), FORMS, f"{where}: texts")
    window = told.get("window")
    if window is not None:
        _typed(window, WHOLE, f"{where}: window")
    at_random = _typed(told.get("missing_at_random", False), TRUTH, f"{where}: missing_at_random")
    return Declaration(
        parsed, tuple(_constraint(rule) for rule in rules), group, _file(told.get("file", {})),
        texts=texts, window=window, missing_at_random=at_random,
    )  # fmt: skip


def _object(told: Any, where: str, known: tuple[str, ...] | None) -> Mapping[str, Any]:
    """A JSON object that holds only known fields."""
    if not isinstance(told, Mapping):
        raise FieldError(f"{where} is {told!r}", expected="a JSON object {...}")
    for name in told:
        if known is not None and name not in known:
            what, remedy = f"{where} has an unknown field '{name}'", meant(str(name), known)
            raise FieldError(what, expected=", ".join(known), remedy=remedy)
    return told


def _column(name: str, told: Any) -> dict[str, Any]:
    where = f"column '{name}' of the schema"
    stated = dict(_object(told, where, tuple(COLUMN_FIELDS)))
    stated.pop("name", None)
    parsed = {key: _cell(value, key, where) for key, value in stated.items()}
    _one_of(parsed.get("kind", "real"), KINDS, f"{where}: kind")
    _one_of(parsed.get("transform", "auto"), TRANSFORMS, f"{where}: transform")
    if not 0 <= (parsed.get("decimals") or 0) <= 15:
        raise FieldError(f"{where}: decimals is {parsed['decimals']}", expected="0 to 15")
    low, high = parsed.get("low"), parsed.get("high")
    if low is not None and high is not None and low >= high:
        raise FieldError(f"{where}: low is {low}, high is {high}", expected="low below high")
    return parsed


def _cell(value: Any, key: str, where: str) -> Any:
    if value is None and key in OPTIONAL:
        return None
    typed = _typed(value, COLUMN_FIELDS[key], f"{where}: {key}")
    return tuple(typed) if isinstance(typed, list) else typed


def _one_of(value: str, known: tuple[str, ...], where: str) -> None:
    if value not in known:
        raise FieldError(f"{where} is '{value}'", expected=", ".join(known), remedy=meant(value, known))


def _constraint(told: Any) -> Constraint:
    rule = _object(told, "a constraint", ("kind", "columns", "formula"))
    kind = _typed(rule.get("kind", "formula" if rule.get("formula") else "order"), TEXT, "a constraint's kind")
    _one_of(kind, ("order", "formula"), "a constraint's kind")
    columns = tuple(_typed(rule.get("columns"), TEXTS, "a constraint's columns"))
    formula = _typed(rule.get("formula", ""), TEXT, "a constraint's formula")
    if len(columns) < (2 if kind == "order" else 1) or (kind == "formula") != bool(formula):
        expected = 'at least two columns for "order"; a column and a formula for "formula"'
        raise FieldError(f"a constraint says {dict(rule)}", expected=expected)
    return Constraint("order" if kind == "order" else "formula", columns, formula)


def _file(told: Any) -> dict[str, Any]:
    stated = _object(told, "file", tuple(FILE_FIELDS))
    return {key: _typed(value, FILE_FIELDS[key], f"file: {key}") for key, value in stated.items()}


def _typed(value: Any, kind: str, where: str) -> Any:
    """The value, if it is of this kind."""
    if not _is(value, kind):
        raise FieldError(f"{where} is {value!r}", expected=kind)
    return float(value) if kind == REAL else [float(each) for each in value] if kind == NUMBERS else value


def _is(value: Any, kind: str) -> bool:
    if kind in (NUMBERS, TEXTS, LEVELS):
        each = {NUMBERS: REAL, TEXTS: TEXT, LEVELS: LEVEL}[kind]
        return isinstance(value, list | tuple) and all(_is(item, each) for item in value)
    if kind == TRUTH:
        return isinstance(value, bool)
    if kind == TEXT:
        return isinstance(value, str)
    if kind == LEVEL and isinstance(value, bool | str):
        return True
    finite = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return finite and (kind != WHOLE or isinstance(value, int))
