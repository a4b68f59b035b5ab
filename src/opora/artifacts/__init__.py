"""Artefacts: folders that are whole or absent, journals that survive a kill, tables that everyone reads."""

from opora.artifacts.build import Build, Manifest, fingerprint_of_file, read_manifest
from opora.artifacts.journal import Journal
from opora.artifacts.tables import read_json_lines, read_parquet, read_records, write_json_lines, write_parquet

__all__ = [
    "Build",
    "Journal",
    "Manifest",
    "fingerprint_of_file",
    "read_json_lines",
    "read_manifest",
    "read_parquet",
    "read_records",
    "write_json_lines",
    "write_parquet",
]
