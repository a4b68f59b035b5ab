"""Recipes: one file describes a run, and work that is up to date is not repeated."""
