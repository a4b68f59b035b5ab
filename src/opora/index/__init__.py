"""A question finds its passages: by words, by meaning, fused; under filters and access labels."""
