"""Fixtures of benchmarks: the ferry project under short names, and a slow program to kill."""

from pathlib import Path

import pytest

from tests.factories import load_ferry_model


@pytest.fixture(scope="session")
def project(ferry_project):
    return ferry_project


@pytest.fixture(scope="session")
def settings(ferry_bench):
    return ferry_bench


@pytest.fixture(scope="session")
def load():
    """Function that opens a scripted model in place of the one that a spec names."""
    return load_ferry_model


@pytest.fixture
def slow_script(project, tmp_path):
    """A program that runs the same benchmark slowly, for tests that kill it."""
    script = tmp_path / "slow.py"
    script.write_text(
        f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from pathlib import Path
from opora.bench.stage import BenchStage
from tests.factories import FerryModel, make_ferry_bench
project = Path({str(project)!r})
load = lambda spec, settings: FerryModel(spec, pause_s=0.4)
BenchStage(make_ferry_bench(project), project / "corpus", project / "index", Path(sys.argv[1]), load).run()
""",
        encoding="utf-8",
    )
    return script
