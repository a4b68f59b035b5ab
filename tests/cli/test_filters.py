"""Filters as they are written on the command line."""

import pytest

from opora.cli.filters import parse_fields
from opora.errors import InputError

TYPES = {"page": "number", "title": "text", "number": "text"}


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        (["clause=2.20"], {"clause": ["2.20"]}),
        (["clause=2.10", "clause=3.1"], {"clause": ["2.10", "3.1"]}),
        (["article=[186, 12.10]"], {"article": ["186", "12.10"]}),
        (["page=3"], {"page": [3]}),
        (["page={min: 2, max: 4}"], {"page": {"min": 2, "max": 4}}),
        (["title=Yes"], {"title": ["Yes"]}),
        (["number=007"], {"number": ["007"]}),
        (["title=Rules: the ferry"], {"title": ["Rules: the ferry"]}),
        (["title=[draft"], {"title": ["[draft"]}),
    ],
)
def test_values_keep_their_form(fields, values):
    assert parse_fields(fields, TYPES) == values


@pytest.mark.parametrize("field", ["page", "page=", "=3"])
def test_a_filter_without_key_or_value_is_an_error(field):
    with pytest.raises(InputError, match="expected KEY=VALUE"):
        parse_fields([field], TYPES)
