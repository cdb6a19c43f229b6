"""Measures to one self-contained HTML page. Nothing is measured here."""

from likely.report.page import claim, write_comparison, write_measurement

__all__ = ["claim", "write_comparison", "write_measurement"]
