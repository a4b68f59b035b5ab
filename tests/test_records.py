"""Records say what is wrong with their input in one line."""

import pytest

from opora.errors import InputError, MissingExtraError, ModelError, OporaError, RenamedSettingWarning
from opora.records import Example, Passage
from opora.validation import Settings, nearest, parse_record

GOOD = {"id": "a", "question": "?", "answer": "!"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({**GOOD, "qestion": "?"}, "f.json: qestion is unknown; did you mean question?"),
        ({"id": "a", "qestion": "?", "answer": "!"}, "f.json: qestion is unknown; did you mean question? (and 1 more)"),
        ({"id": "a", "answer": "!"}, "f.json: question is missing"),
        ({**GOOD, "question": 5}, "f.json: question is 5: input should be a valid string"),
        ({**GOOD, "quotes": [{"txt": ""}]}, "f.json: quotes.0.txt is unknown; did you mean quotes.0.text?"),
        ({**GOOD, "zzz": 1}, "f.json: zzz is unknown; known: id, question, "),
        ([], "f.json: input should be a valid dictionary or instance of Example"),
    ],
)  # fmt: skip
def test_one_line_with_the_way_out(data, message):
    with pytest.raises(InputError) as caught:
        parse_record(Example, data, "f.json")
    assert str(caught.value).startswith(message.removesuffix(" (and 1 more)"))
    assert "\n" not in str(caught.value)


def test_records_do_not_change():
    with pytest.raises(ValueError, match="frozen"):
        parse_record(Example, GOOD, "f").id = "b"


@pytest.mark.parametrize(
    ("name", "answer"), [("toks", "did you mean topk?"), ("zz", "known: topk, seed"), ("sed", "did you mean seed?")]
)
def test_nearest(name, answer):
    assert nearest(name, ["topk", "seed"]) == answer


@pytest.mark.parametrize(
    ("more", "location"),
    [
        ({}, "d"),
        ({"metadata": {"source": "a.pdf", "page": 2}}, "a.pdf, p. 2"),
        ({"metadata": {"source": "a.pdf"}, "heading": ("A", "B")}, "a.pdf, A > B"),
        ({"metadata": {"source": "a.pdf", "title": "A"}, "heading": ("A", "B"), "clause": "cl. 2"}, "a.pdf, B, cl. 2"),
        ({"metadata": {"source": "a.pdf", "title": "A"}, "heading": ("A",)}, "a.pdf, A"),
        ({"metadata": {"source": "a.pdf"}, "heading": ("fee " * 40, "B")}, f"a.pdf, {('fee ' * 25).strip()} … > B"),
    ],
)
def test_location(more, location):
    assert Passage(id="p", document_id="d", text="", start=0, end=0, **more).location == location


def test_settings_know_where_they_come_from():
    settings = Settings().with_origins({"lr": "--set"})
    assert settings.origins == {"lr": "--set"}


@pytest.mark.parametrize(
    ("error", "code"),
    [(OporaError("x"), 1), (ModelError("x"), 1), (InputError("x"), 2), (MissingExtraError("training", "train"), 2)],
)
def test_exit_codes(error, code):
    assert error.exit_code == code


def test_a_missing_extra_says_how_to_get_it():
    assert str(MissingExtraError("training", "train")).endswith("pip install 'opora[train]'")


@pytest.mark.parametrize(
    ("old", "current"), [("no info", "unanswerable"), ("double", "multi_part"), ("table", "table")]
)
def test_question_types_of_the_last_release_are_read(old, current):
    with pytest.warns(RenamedSettingWarning, match="kind is now question_type"):
        example = parse_record(Example, {**GOOD, "kind": old}, "f.json")
    assert example.question_type == current
