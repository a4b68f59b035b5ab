"""Texts become vectors: word vectors that come with opora, or any embedder by name."""
