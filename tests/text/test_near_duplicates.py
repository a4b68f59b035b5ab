"""Near-duplicates: copies with small changes are found, other texts are not."""

import pytest

from opora.text.near_duplicates import find_near_duplicates

TEXT = "The ferry leaves at half past seven from the northern pier and never sails on a Sunday in winter."


@pytest.mark.parametrize(
    ("texts", "groups"),
    [
        ([TEXT, "Something else entirely is written here about pumps.", TEXT + " Tickets."], [{0, 2}]),
        ([TEXT, TEXT.upper()], [{0, 1}]),
        ([TEXT, TEXT[::-1]], []),
        (["", ""], []),
        ([], []),
    ],
)
def test_find_near_duplicates(texts, groups):
    assert find_near_duplicates(texts) == groups
