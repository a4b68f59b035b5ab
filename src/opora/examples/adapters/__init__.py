"""Adapters, one file per foreign dataset schema."""
