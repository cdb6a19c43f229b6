"""What a class's source says of it, read without running it: its fields with their comments, its first paragraph, and
the promises of a family's model. So flags, forms and help need no torch, and errors can name families that were never
imported.
"""

import ast
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from likely.names import full_name, table


@dataclass(frozen=True)
class Told:
    """One field as a person reads it."""

    name: str
    type: str
    default: str
    help: str


@cache
def told_fields(base: str, name: str) -> tuple[Told, ...]:
    """A class's fields with the comment beside each, read from its source without running it."""
    spelled = full_name(base, name)
    source = _source(table(base)[spelled])
    lines = source.splitlines()
    return tuple(_told(node, lines) for node in _class_node(source, spelled).body if _is_field(node))


@cache
def told_page(base: str, name: str) -> str:
    """The first paragraph of a class's file, which says what it is."""
    spelled = full_name(base, name)
    return (ast.get_docstring(ast.parse(_source(table(base)[spelled]))) or "").partition("\n\n")[0]


@cache
def promises(family: str) -> tuple[str, ...]:
    """What a family's model promises of the contracts: Density, Counted, ..."""
    return tuple(name for name in _class_line(family) if _defined("likely.contracts", name))


@cache
def _class_line(family: str) -> tuple[str, ...]:
    """The names on the class line of a family's model: promises, of rooms too, and what models of a file share."""
    spelled = full_name("Family", family)
    module = table("Family")[spelled]
    node = _defined(module, _model_of(module, _class_node(_source(module), spelled)) or f"{spelled}Model")
    return tuple(ast.unparse(base) for base in node.bases) if node else ()


def _model_of(module: str, family: ast.ClassDef) -> str | None:
    """The model's name in `class Histogram(Family["HistogramModel"])`, there or above; of several, the first."""
    for base in family.bases:
        if isinstance(base, ast.Subscript) and ast.unparse(base.value) == "Family":
            return ast.unparse(base.slice).strip("'\"").partition(" | ")[0]
        if isinstance(base, ast.Name) and base.id != "Family" and (parent := _defined(module, base.id)) is not None:
            return _model_of(module, parent)
    return None


def _defined(module: str, name: str) -> ast.ClassDef | None:
    """The class of this name, defined in the module or where the module imports it from."""
    for node in ast.parse(_source(module)).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return node
        if isinstance(node, ast.ImportFrom) and node.module and any(alias.name == name for alias in node.names):
            return _defined(node.module, name)
    return None


def families_that(*promised: str) -> list[str]:
    """The families whose models promise one of these, of the contracts or of a room."""
    return [family for family in table("Family") if set(promised) & set(_class_line(family))]


@cache
def _source(module: str) -> str:
    spec = find_spec(module) if not module.startswith("likely.") else None
    path = Path(spec.origin) if spec and spec.origin else _own_path(module)
    return path.read_text(encoding="utf-8")


def _own_path(module: str) -> Path:
    """Where one of our own modules lies; find_spec would import its parent packages."""
    stem = Path(__file__).parent.joinpath(*module.split(".")[1:])
    return stem.with_suffix(".py") if stem.with_suffix(".py").is_file() else stem / "__init__.py"


def _class_node(source: str, name: str) -> ast.ClassDef:
    return next(node for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == name)


def _is_field(node: ast.stmt) -> bool:
    return isinstance(node, ast.AnnAssign) and "ClassVar" not in ast.unparse(node.annotation)


def _told(node: ast.stmt, lines: list[str]) -> Told:
    assert isinstance(node, ast.AnnAssign)
    comment = lines[(node.end_lineno or node.lineno) - 1].partition("#")[2].strip()
    default = "" if node.value is None else ast.unparse(node.value)
    if default.startswith("field(default_factory="):
        default = default.removeprefix("field(default_factory=").removeprefix("lambda: ").removesuffix(")")
        default += "()" if default.isidentifier() else ""
    return Told(ast.unparse(node.target), ast.unparse(node.annotation), default, comment)
