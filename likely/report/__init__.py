"""Measures to one self-contained HTML page, or to Markdown. Nothing is measured here."""

from likely.report.calibrated import write_calibration
from likely.report.inside import write_inside
from likely.report.markdown import write_markdown
from likely.report.measured import write_measurement
from likely.report.page import write_comparison
from likely.report.portrait import write_portrait
from likely.report.predict import write_predictions
from likely.report.steps import write_steps
from likely.report.walks import write_between, write_sweep

__all__ = [
    "write_between",
    "write_calibration",
    "write_comparison",
    "write_inside",
    "write_markdown",
    "write_measurement",
    "write_portrait",
    "write_predictions",
    "write_steps",
    "write_sweep",
]
