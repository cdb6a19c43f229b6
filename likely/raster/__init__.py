"""Raster: cells in order, as models that draw a picture place by place share it."""

from likely.raster.canvas import Canvas, canvas_of
from likely.raster.raster import Raster, Telling

__all__ = ["Canvas", "Raster", "Telling", "canvas_of"]
