"""Rows are kept, and found by terms and by vectors: Lance in a folder or an object store, or Milvus on a server."""
