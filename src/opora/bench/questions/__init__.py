"""Questions of a benchmark: lay out, validate, calibrate, compare with a second annotator."""
