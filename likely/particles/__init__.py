"""Particles: draws that are weighed and drawn anew, along a way of laws or along an order of cells."""
