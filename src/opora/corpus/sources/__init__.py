"""Sources of documents, one file per kind."""
