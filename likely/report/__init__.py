"""Measures to one self-contained HTML page. Nothing is measured here."""

from likely.report.calibrated import write_calibration
from likely.report.inside import write_inside
from likely.report.measured import write_measurement
from likely.report.page import write_comparison
from likely.report.predict import write_predictions
from likely.report.steps import write_steps
from likely.report.walks import write_between, write_sweep

__all__ = [
    "write_between",
    "write_calibration",
    "write_comparison",
    "write_inside",
    "write_measurement",
    "write_predictions",
    "write_steps",
    "write_sweep",
]
