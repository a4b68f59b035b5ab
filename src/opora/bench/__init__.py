"""Benchmarks: every answer kept, every score with its interval."""
