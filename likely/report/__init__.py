"""Measures to one self-contained HTML page. Nothing is measured here."""

from likely.report.page import write_comparison, write_measurement

__all__ = ["write_comparison", "write_measurement"]
