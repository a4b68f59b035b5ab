"""Languages, words, sentences, search terms, quotes and citation marks of texts."""
