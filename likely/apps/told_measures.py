"""A measurement in plain sentences: what is as good as other real rows, what is worse, and where."""

from math import hypot
from typing import TYPE_CHECKING

from likely.apps.told import listed

if TYPE_CHECKING:
    from likely.apps.measure import Measurement
    from likely.metrics import Measure

WORST = 3  # columns that are named
TOLD = 0.05  # a distance of a column from which it is worth a word


def conclusions(measurement: "Measurement") -> list[str]:
    """One sentence for each question that was asked of the rows, then which columns are farthest off."""
    found, floor = measurement.measured[0].measures, measurement.measured[1].measures
    groups = dict.fromkeys(measure.group for measure in found.values())
    told = [_group([m for m in found.values() if m.group == group], floor) for group in groups]
    return [*told, *_columns(found, floor), *_copies(measurement)]


def worse(measure: "Measure", floor: "Measure | None") -> bool:
    """Whether it is farther from the ideal than other real rows are, by more than chance leaves 95 % of the time."""
    if floor is None:
        return not measure.low <= measure.ideal <= measure.high
    lower = measure.value < floor.value
    ends = (measure.high, floor.low) if lower else (measure.low, floor.high)  # the ends that face each other
    chance = hypot(ends[0] - measure.value, ends[1] - floor.value)
    apart = abs(measure.value - floor.value) > chance
    return apart and abs(measure.value - measure.ideal) > abs(floor.value - floor.ideal)


def _group(group: "list[Measure]", floor: "dict[str, Measure]") -> str:
    names = [each.name for each in group]
    bad = [each for each in group if worse(each, floor.get(each.name))]
    if not bad:
        fewest = min(min(each.rows) for each in group)
        return f"No worse than other real rows, as far as {fewest:,} rows tell: {listed(names)}."
    said = [_number(each, floor.get(each.name)) for each in bad]
    good = [name for name in names if name not in {each.name for each in bad}]
    rest = f"; not shown to be worse: {listed(good)}" if good else ""
    return f"Worse than other real rows: {'; '.join(said)}{rest}."


def _number(measure: "Measure", floor: "Measure | None") -> str:
    beside = f"real rows {floor.value:.3f}" if floor is not None else f"ideal {measure.ideal:.3g}"
    return f"{measure.name} {measure.value:.3f} [{measure.low:.3f}, {measure.high:.3f}] ({beside})"


def _columns(found: "dict[str, Measure]", floor: "dict[str, Measure]") -> list[str]:
    """The columns that are farthest from real ones, where any is."""
    measure = found.get("marginals")
    if measure is None or not worse(measure, floor.get("marginals")) or len(measure.parts) < 2:
        return []
    far = sorted(measure.parts.items(), key=lambda part: -part[1])[:WORST]
    told = [f"{name} ({value:.2f})" for name, value in far if value > TOLD]
    return [f"Farthest from real ones: {listed(told)}."] if told else []


def _copies(measurement: "Measurement") -> list[str]:
    """How many rows repeat a learned one."""
    if "copies" not in measurement.measured[0].measures:
        return ["Whether rows were copied is not known: the rows that were learned from were not given."]
    exact = sum(each.exact for each in measurement.copies)
    nearly = len(measurement.copies) - exact
    return [f"{exact:,} rows repeat a learned one, {nearly:,} nearly."] if measurement.copies else []
