"""Rows are kept, and found by terms and by vectors: LanceDB in a folder, or Milvus on a server."""
