import pytest

from opora.retrieval.search.terms import correct_spelling

KNOWN = {"директор": 1, "финансов": 2, "редактор": 1, "note": 1, "editor": 1, "2023": 1, "fee": 3}


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (["директор"], ["директор"]),
        (["дериктор"], ["директор"]),
        (["финасов", "директор"], ["финансов", "директор"]),
        (["editer"], ["editor"]),
        (["noet"], ["note"]),
        (["директор", "дериктор"], ["директор"]),
        (["2024"], []),  # another number is no misspelling
        (["fe"], []),
        (["насос"], []),
        ([], []),
    ],
)
def test_misspelled_terms_are_corrected(terms, expected):
    assert correct_spelling(terms, KNOWN) == expected
