"""Terms that words are compared by: stems, lemmas, stop words."""
