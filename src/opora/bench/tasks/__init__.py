"""Benchmark tasks: one file per task, with its settings."""
