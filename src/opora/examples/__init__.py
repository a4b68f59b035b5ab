"""Labelled examples: reading, gold evidence, splits, contamination and distractors."""
