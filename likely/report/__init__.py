"""Measures to one self-contained HTML page. Nothing is measured here."""

from likely.report.inside import write_inside
from likely.report.page import write_comparison, write_measurement
from likely.report.predict import write_predictions

__all__ = ["write_comparison", "write_inside", "write_measurement", "write_predictions"]
