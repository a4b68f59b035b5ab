"""Language models: one string names one, one contract serves all."""
