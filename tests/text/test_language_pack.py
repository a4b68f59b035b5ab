import pytest

from opora.errors import InputError
from opora.text import resources
from opora.text.language_pack import language_pack, language_with_file, multiple_choice, wording
from tests.factories import languages_at


def test_packaged_languages_have_the_same_files():
    files = {code: {path.name for path in (resources.LANGUAGES / code).iterdir()} for code in resources.languages()}
    assert files["ru"] == files["en"]


@pytest.mark.parametrize(
    ("code", "script", "stemmer", "refusal"),
    [
        ("ru", "cyrillic", "russian", "В документах нет ответа на этот вопрос."),
        ("en", "latin", "english", "The documents do not contain an answer to this question."),
        ("de", "latin", "german", "The documents do not contain an answer to this question."),
        ("uk", "cyrillic", "", "The documents do not contain an answer to this question."),
        ("", "latin", "", "The documents do not contain an answer to this question."),
    ],
)
def test_every_language_has_a_pack(code, script, stemmer, refusal):
    pack = language_pack(code)
    assert (pack.script, pack.stemmer, wording(code).refusal) == (script, stemmer, refusal)


@pytest.mark.parametrize(("code", "language"), [("ru", "ru"), ("en", "en"), ("de", "en"), ("", "en")])
def test_files_fall_back(code, language):
    assert language_with_file(code, "answer.jinja") == language


def test_a_code_does_not_lead_out_of_the_folder(tmp_path):
    (tmp_path / "languages").mkdir()
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "language.yaml").write_text("name: Evil\n", encoding="utf-8")
    with languages_at(tmp_path / "languages"):
        assert language_pack("../evil").name == "../evil"
        assert resources.language_text(str(tmp_path / "evil"), "language.yaml") == ""


def test_an_unknown_fact_is_an_error_that_names_the_file(tmp_path):
    (tmp_path / "eo").mkdir()
    (tmp_path / "eo" / "language.yaml").write_text("name: Esperanto\nstemer: none\n", encoding="utf-8")
    with (
        languages_at(tmp_path),
        pytest.raises(InputError, match=r"languages/eo/language\.yaml: stemer is unknown; did you mean stemmer"),
    ):
        language_pack("eo")


@pytest.mark.parametrize(
    ("fallbacks", "path"),
    [
        ({"eo": "io", "io": "eo"}, "eo -> io -> eo"),
        ({"eo": "eo"}, "eo -> eo"),
        ({"eo": "io", "io": "io"}, "eo -> io -> io"),
    ],
)
def test_languages_that_fall_back_in_a_circle_are_an_error(tmp_path, fallbacks, path):
    for code, fallback in fallbacks.items():
        (tmp_path / code).mkdir()
        (tmp_path / code / "language.yaml").write_text(f"name: {code}\nfallback: {fallback}\n", encoding="utf-8")
    with languages_at(tmp_path):
        for look_up in (wording, multiple_choice, lambda code: language_with_file(code, "answer.jinja")):
            with pytest.raises(
                InputError, match=rf"languages/.o/language\.yaml: fallback .o makes a circle \({path}\)"
            ):
                look_up("eo")
