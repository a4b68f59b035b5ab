"""Language models: one spec names a model, one contract serves all backends."""
