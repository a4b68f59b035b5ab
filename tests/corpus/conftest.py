import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

TEXT = """# Rules of the pumping station

The fee is 12.5 EUR a day.

## Equipment

| Unit | Flow, m³/h | Year |
|---|---|---|
| Pump N-1 | 12.5 | 2017 |
| Pump N-2 | 6.3 | 2021 |

1. Check the oil.
2. Open the valve.

- Keep the log for 5 years.
"""


@pytest.fixture(scope="session")
def render():
    """The module `benchset/render.py`."""
    spec = importlib.util.spec_from_file_location("render", ROOT / "benchset" / "render.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def rendered(render):
    """Format -> the same small document in it."""
    return {
        "pdf": render.render_pdf(TEXT, "en"),
        "docx": render.render_docx(TEXT, "en"),
        "html": render.render_html(TEXT, "en"),
        "markdown": TEXT.encode(),
    }
