from tests.bench.conftest import *  # noqa: F403
