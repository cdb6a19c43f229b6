"""What a table codec knows of its columns: how each is read, which cell it has, how the rest is made again."""

from dataclasses import dataclass, field
from typing import Any, final

from likely.codecs.cell import CategoryCell, Cell, CountCell, RealCell, cell_from
from likely.codecs.date import UNITS, DateReader
from likely.codecs.described import schema_from, schema_parts
from likely.codecs.monotone import Numbers
from likely.codecs.parts import Part
from likely.codecs.reader import LevelReader, NumberReader, Reader
from likely.codecs.regenerated import Constant, Regenerated, regenerated_from, regenerated_parts
from likely.codecs.relation import Relations, relations_of
from likely.data.schema import Schema


@final
@dataclass(frozen=True)
class Layout:
    """The columns of one table codec."""

    schema: Schema
    readers: dict[str, Reader]  # every column that is looked at, the targets of formulas too
    cells: dict[str, Cell]  # every column that has a cell, in the order of the space
    made: dict[str, Regenerated]
    relations: Relations
    welcoming: bool = False  # missing cells are welcome everywhere: a condition, where they mean "not said"
    notes: tuple[str, ...] = ()
    chances: dict[str, float] = field(default_factory=dict)  # of a cell to be missing, in columns where it is by chance

    @property
    def resolution(self) -> dict[str, float]:
        """The distance of recorded values; 0 where a column has full precision."""
        return {name: reader.step for name, reader in self.readers.items()}

    def settle(self, name: str, values: Numbers) -> Numbers:
        """Values of a column as they could have been recorded."""
        return self.readers[name].settle(values)

    def may_miss(self, name: str) -> bool:
        """Whether a cell of this column may be missing."""
        if self.welcoming or name in self.relations.targets:
            return True
        return self.cells[name].column.missing or name in self.chances

    @property
    def measure(self) -> str:
        """The base measure in words."""
        dates = [name for name in self.cells if isinstance(self.readers[name], DateReader)]
        reals = [name for name, cell in self.cells.items() if isinstance(cell, RealCell) and name not in dates]
        counts = sum(isinstance(cell, CountCell) for cell in self.cells.values())
        categories = [cell for cell in self.cells.values() if isinstance(cell, CategoryCell)]
        density = [_many(len(reals), "real"), *_per_unit(self, dates)]
        mass = [_many(counts, "count"), _many(len(categories), "category", "categories"), *self._atomic()]
        told = [f"{what} of {_joined(each)}" for what, each in (("density", density), ("mass", mass)) if any(each)]
        if any(cell.reserve for cell in categories):
            told.append("the unseen categories of a column are one")
        kept = [name for name, made in self.made.items() if isinstance(made, Constant) and made.reserve]
        told += [f"all but one value of {_joined(kept)} are one"] * bool(kept)
        rounded = [name for name in reals if self.schema[name].kind == "count"]
        told += [f"the huge counts {', '.join(rounded)} as reals"] * bool(rounded)
        told += [f"{_joined(sorted(self.relations.targets))} computed"] * bool(self.relations.targets)
        return "; ".join(told)

    def _atomic(self) -> list[str]:
        """Columns of reals whose atoms have mass, and that missing cells have."""
        atomic = [
            f"{name} = {_joined([f'{atom:g}' for atom in cell.atoms])}"
            for name, cell in self.cells.items()
            if isinstance(cell, RealCell) and cell.atoms and name not in self.relations.below
        ]
        equal = [
            f"{name} = {' or '.join(self.relations.below[name])}"
            for name, cell in self.cells.items()
            if isinstance(cell, RealCell) and cell.atoms and name in self.relations.below
        ]
        missing = bool(self.chances) or any(cell.column.missing for cell in self.cells.values())
        return [*atomic, *equal, *["missing cells"] * missing]


def _per_unit(layout: Layout, dates: list[str]) -> list[str]:
    units = [reader.unit for name in dates if isinstance(reader := layout.readers[name], DateReader)]
    return [f"{_many(units.count(unit), 'date')} per {unit}" for unit in UNITS if unit in units]


def _many(number: int, one: str, many: str = "") -> str:
    return "" if not number else f"{number} {one if number == 1 else many or one + 's'}"


def _joined(names: list[str]) -> str:
    told = [name for name in names if name]
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)


def layout_parts(layout: Layout) -> dict[str, Any]:
    """The layout as plain JSON values."""
    chances = {"chances": layout.chances} if layout.chances else {}
    return chances | {
        "schema": schema_parts(layout.schema),
        "readers": {name: _reader_parts(reader) for name, reader in layout.readers.items()},
        "cells": {name: cell.parts() for name, cell in layout.cells.items()},
        "made": {name: regenerated_parts(made) for name, made in layout.made.items()},
        "anchors": layout.relations.anchors,
        "welcoming": layout.welcoming,
        "notes": list(layout.notes),
    }


def layout_from(part: Part) -> Layout:
    """The layout that a part describes."""
    later = {"chances"} & part.value.keys()  # written only where there are any
    part.only("is", "schema", "readers", "cells", "made", "anchors", "welcoming", "notes", *later)
    schema = schema_from(part.part("schema"))
    readers, cells, made = part.part("readers"), part.part("cells"), part.part("made")
    if {*readers.value, *made.value} != set(schema.names) or set(readers.value) & set(made.value):
        part.refuse("readers", "each column of the schema once")
    relations = relations_of(schema, tuple(readers.value))
    if set(cells.value) != set(readers.value) - relations.targets or not cells.value:
        part.refuse("cells", "a cell for every column that is read, but for those that formulas compute")
    order = [name for name in schema.names if name in cells.value]
    anchors, chances = part.part("anchors").only(*relations.below), part.part("chances") if later else Part({})
    if not chances.value.keys() <= set(order):
        part.refuse("chances", "columns that have cells")
    return Layout(
        schema,
        {name: _reader_from(readers.part(name), schema, name) for name in readers.value},
        {name: _cell_from(cells.part(name), schema, name) for name in order},
        {name: regenerated_from(made.part(name), schema[name]) for name in made.value},
        Relations(relations.below, relations.formulas, {name: anchors.number(name) for name in relations.below}),
        part.flag("welcoming"),
        part.texts("notes"),
        {name: _chance(chances, name) for name in chances.value},
    )


def _chance(part: Part, name: str) -> float:
    chance = part.number(name)
    return chance if 0 < chance < 1 else part.refuse(name, "a probability between 0 and 1")


def _reader_parts(reader: Reader) -> dict[str, Any]:
    match reader:
        case NumberReader(whole=whole, positive=positive):
            return {"is": "NumberReader", "whole": whole, "positive": positive}
        case LevelReader(closed=closed):
            return {"is": "LevelReader", "closed": closed}
        case DateReader(unit=unit):
            return {"is": "DateReader", "unit": unit}
    raise TypeError(f"no parts are known for a {type(reader).__name__}")


def _reader_from(part: Part, schema: Schema, name: str) -> Reader:
    column = schema[name]
    match part.text("is"), column.kind:
        case "NumberReader", "real" | "count":
            part.only("is", "whole", "positive")
            return NumberReader(column, part.flag("whole"), part.flag("positive"))
        case "LevelReader", "category" | "boolean":
            return LevelReader(column, part.only("is", "closed").flag("closed"))
        case "DateReader", "date":
            return DateReader(column, part.only("is", "unit").choice("unit", {unit: unit for unit in UNITS}))
    return part.refuse("is", f"a reader for a {column.kind}")


def _cell_from(part: Part, schema: Schema, name: str) -> Cell:
    cell, column = cell_from(part), schema[name]
    levels = len(column.levels) if column.kind in ("category", "boolean") else 0
    if (cell.k if isinstance(cell, CategoryCell) else 0) != levels:
        part.refuse("", f"a cell for a {column.kind} of {levels} levels")
    return cell
