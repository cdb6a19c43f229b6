"""The thorough measures: what is asked of one set of rows, and would take too long for each of many contenders."""

from collections.abc import Sequence

from likely.data import Images, Rows, Table, Texts
from likely.metrics import (
    PLAIN,
    Measure,
    Sight,
    are_molecules,
    coverage,
    discrepancy,
    frechet_distance,
    kernel_distance,
    leaks,
    of_language,
    of_molecules,
    of_signals,
    sliced_distance,
    spectral_slope,
    unique,
    utility,
)

MOST = 50_000  # rows a side among which neighbours are looked for


def thorough(
    held: Rows, synthetic: Rows, learned: Rows | None, *, sight: Sight = PLAIN, targets: Sequence[str] = (),
    seed: int = 0,
) -> dict[str, Measure]:  # fmt: skip
    """Beside unseen real rows, in the features of a sight; `targets` are columns whose telling says the utility."""
    found: list[Measure | None] = [
        *discrepancy(held, synthetic, sight=sight, seed=seed),
        sliced_distance(held, synthetic, sight=sight, seed=seed),
        kernel_distance(held, synthetic, sight=sight, seed=seed),
        frechet_distance(held, synthetic, sight=sight, seed=seed),
        *coverage(held, synthetic, sight=sight, most=MOST, seed=seed).values(),
        *of_kind(held, synthetic, seed),
        *utility(held, synthetic, targets=targets, seed=seed),
    ]
    if learned is not None:
        found += leaks(learned, held, synthetic, sight=sight, seed=seed)
    return {measure.name: measure for measure in found if measure is not None}


def of_kind(held: Rows, synthetic: Rows, seed: int) -> list[Measure | None]:
    """What is asked of rows of one kind alone."""
    match held, synthetic:
        case Images(), Images():
            return [spectral_slope(held, synthetic, seed=seed), unique(held, synthetic)]
        case Texts(), Texts():
            chemical = are_molecules(held) and are_molecules(synthetic)
            return [
                *of_language(held, synthetic, seed=seed),
                *(of_molecules(held, synthetic, seed=seed) if chemical else []),
            ]
        case Table(), Table():
            return [unique(held, synthetic)]
    return [*of_signals(held, synthetic, seed=seed), unique(held, synthetic)]
