"""The command line: one file per verb. Nothing heavy is imported until a verb runs."""

from likely.cli.app import main

__all__ = ["main"]
