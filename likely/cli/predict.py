"""What `likely compare --target COL` does: how well families tell a label."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer

from likely.cli.output import emit_json, print_table


@dataclass(frozen=True)
class Told:
    """Predictions, and the learning curve where it was asked for."""

    predictions: Any
    curve: Any
    out: Path | None

    def printed(self, *, quiet: bool, as_json: bool) -> None:
        """For a program, or for a person."""
        if as_json:
            emit_json(plain(self.predictions, self.curve) | {"report": self.out})
        elif not quiet:
            self._told()

    def _told(self) -> None:
        from likely.apps import predictions, told_curve

        if self.curve is not None:
            note = "\n" + "\n".join(told_curve.conclusions(self.curve)) + "\n"
            print_table("", told_curve.header_of(self.curve), told_curve.rows_of(self.curve), note=note)
        found = self.predictions
        note = "\n" + "\n".join(predictions.conclusions(found))
        print_table("", predictions.header_of(found), predictions.rows_of(found), note=note)
        if self.out is not None:
            typer.echo(f"report: {self.out}")


def predict(
    data: str, families: str, target: str | None, condition: list[str] | None, curved: bool, repeats: int, seed: int,
    schema: Path | None, out: Path | None,
) -> Told:  # fmt: skip
    """Fit, judge, and write the page."""
    from likely.apps.labelled import USUAL
    from likely.apps.learning_curve import learning_curve
    from likely.apps.predictions import predictions
    from likely.errors import FieldError

    if target is None or condition:
        raise FieldError(
            "--learning-curve needs a label" if target is None else "--target and --condition were both given",
            expected="--target COLUMN alone: generative families are given it, the others are given the rest",
        )
    chosen = USUAL if families.strip() == "all" else families
    curve = learning_curve(data, target, chosen, repeats=repeats, seed=seed, schema=schema) if curved else None
    found = predictions(data, target, chosen, seed=seed, schema=schema)
    if out is not None:
        from likely.report import write_predictions

        write_predictions(found, out, curve=curve)
    return Told(found, curve, out)


def plain(found: Any, curve: Any) -> dict[str, Any]:
    """All of it as plain values."""
    from likely.apps.predictions import conclusions

    return {
        "source": found.source, "target": found.target, "classes": found.classes, "rows": found.rows,
        "baseline": found.baseline, "calibrated_by": type(found.by).__name__, "seed": found.seed,
        "predictors": [plain_predictor(each) for each in found.predictors], "conclusions": conclusions(found),
        "learning_curve": None if curve is None else plain_curve(curve),
    }  # fmt: skip


def plain_predictor(each: Any) -> dict[str, Any]:
    """One family, as it is and calibrated."""
    from likely.fields import to_json

    told = {name: found and asdict(found) for name, found in (("plain", each.plain), ("calibrated", each.calibrated))}
    return {"name": each.name, "family": to_json(each.family), "seconds": each.seconds, "failed": each.failed} | told


def plain_curve(curve: Any) -> dict[str, Any]:
    """The curves with their intervals, and every pair's crossing."""
    from likely.apps.told_curve import conclusions

    return {
        "sizes": list(curve.sizes), "repeats": curve.repeats, "rows": curve.rows, "baseline": curve.baseline,
        "curves": [
            {"name": each.name, "mean": each.mean.tolist(), "half": each.half.tolist()} for each in curve.curves
        ],
        "crossings": [asdict(each) for each in curve.crossings], "conclusions": conclusions(curve),
    }  # fmt: skip
