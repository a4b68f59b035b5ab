"""Scores of answers, each with its definition and its source, and intervals around their means."""
