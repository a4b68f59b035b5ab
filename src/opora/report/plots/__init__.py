"""Plots of the report, drawn with matplotlib as PNG and as SVG for the page."""
