"""A model from examples."""
