"""Russian and general text: language, words, search terms, sentences, and where a quote stands."""
