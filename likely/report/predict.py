"""The page about a label: how many rows it takes to tell it, and whether families are as sure as they may be."""

from pathlib import Path
from typing import Any

from likely.apps import told_curve
from likely.apps.learning_curve import LearningCurve
from likely.apps.predictions import Predictions, conclusions, header_of, rows_of
from likely.report import curves
from likely.report.template import named, written

NOTE = (
    "Errors on rows that were not learned from, means over {} random deals of the rows with their 95 % intervals; "
    "every family learns from the same rows. The deals share rows: for other rows of the same kind the intervals are "
    "a little too narrow."
)


def write_predictions(predictions: Predictions, path: str | Path, *, curve: LearningCurve | None = None) -> Path:
    """Reliability, calibration and, where there is one, the learning curve, as one HTML file."""
    rows = predictions.rows
    sizes = f"{rows['train']:,} training, {rows['validation']:,} validation and {rows['test']:,} test rows"
    said = [] if curve is None else told_curve.conclusions(curve)
    return written(
        path, "predict.html",
        title=f"{named(predictions.source)}: how well can {predictions.target} be told?",
        facts=[predictions.source, f"{predictions.classes} classes", sizes, f"seed {predictions.seed}"],
        conclusions=[*said[:-1], *conclusions(predictions)],
        curve=None if curve is None else _curve(curve),
        predictions=_predictions(predictions),
    )  # fmt: skip


def _curve(found: LearningCurve) -> dict[str, Any]:
    return {
        "picture": curves.learning(found),
        "header": told_curve.header_of(found),
        "rows": told_curve.rows_of(found),
        "note": NOTE.format(found.repeats),
    }


def _predictions(found: Predictions) -> dict[str, Any]:
    cards = [
        {
            "name": each.name,
            "picture": "" if each.plain is None else curves.confidence(each.plain, each.calibrated),
            "failed": each.failed,
        }
        for each in found.predictors
    ]
    by = f"calibrated by {type(found.by).__name__.lower()}"
    return {"cards": cards, "by": by, "header": header_of(found), "rows": rows_of(found)}
