"""Artefacts: complete or absent folders, journals that survive a kill, tables in standard formats."""

from opora.artifacts.build import Build
from opora.artifacts.checksums import fingerprint_of_file
from opora.artifacts.journal import Journal
from opora.artifacts.manifest import Manifest, read_manifest
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
