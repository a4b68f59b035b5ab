"""A new language is one folder: a question in Esperanto from ingesting to answer, and the words that it brings."""

import shutil

import pytest

from opora.answer.answerer import open_answerer, retrieve
from opora.answer.prompt import AnswerForm, build_chat, format_answer, parse_answer, prompt_hashes
from opora.answer.settings import AskSettings
from opora.corpus.settings import IngestSettings
from opora.corpus.stage import IngestStage
from opora.metrics.refusal import is_refusal
from opora.retrieval.index.stage import IndexStage
from opora.retrieval.search.searcher import open_index
from opora.retrieval.settings import IndexSettings
from opora.text import resources
from opora.text.language_pack import LanguagePack, language_pack, multiple_choice, wording
from opora.text.search_terms import search_terms
from tests.factories import languages_at

FILES = {
    "language.yaml": """
name: Esperanto
stemmer: ""
wording:
  quote: Citaĵo
  answer: Respondo
  refusal: La dokumentoj ne enhavas respondon al ĉi tiu demando.
conjunctions: [kaj, aŭ]
ordinals: [a]
day_endings: [a]
date_prepositions: [de]
""",
    "stop_words.txt": "la estas kio kiom kiam de en por kaj\n",
    "abbreviations.txt": "ktp.:\nekz.: ekzemple\n",
    "references.txt": "artikolo: art.\n",
    "months.txt": "3: marto mar\n",
    "refusal_phrases.txt": "@fonto = dokumentoj|tekstoj\n@fonto ne enhavas\n",
    "answer.jinja": "{% block system %}Respondu laŭ la tekstoj, aŭ skribu: {{ refusal }}{% endblock %}"
    "{% block user %}{% for passage in passages %}[{{ loop.index }}] {{ passage.full_text }}\n{% endfor %}"
    "Demando: {{ question }}{% endblock %}",
}
DOCUMENT = """# Reguloj de la pramo

La ĉiutaga kotizo por konservado de valizoj estas dek du eŭroj. La pramo foriras de la norda kajo matene.

Laŭ art. 5 la hundoj veturas senpage. La regulo validas ekde la 12a de marto 2021.
"""


@pytest.fixture(autouse=True)
def esperanto(tmp_path):
    """The languages of the package and, beside them, the folder of Esperanto."""
    shutil.copytree(resources.LANGUAGES, tmp_path / "languages")
    folder = tmp_path / "languages" / "eo"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    with languages_at(tmp_path / "languages"):
        yield


@pytest.fixture
def index(tmp_path):
    """The index of one document in Esperanto."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "reguloj.md").write_text(DOCUMENT, encoding="utf-8")
    IngestStage(IngestSettings(folders=("docs",), workers=1), tmp_path, tmp_path / "corpus").run()
    IndexStage(IndexSettings(), tmp_path / "corpus", tmp_path / "index").run()
    return open_index(tmp_path / "index")


def test_a_question_is_answered_and_another_one_refused(index):
    questions = ["Kiom estas la ĉiutaga kotizo por valizoj?", "Kiu estas kapitano de submarŝipo?"]
    retrieved = retrieve(questions, index, top_k=4)
    assert [question.language for question in retrieved] == ["eo", "eo"]
    answer, refusal = open_answerer("extractive", index, AskSettings()).answer(retrieved)
    assert answer.text == "La ĉiutaga kotizo por konservado de valizoj estas dek du eŭroj. [1]"
    assert DOCUMENT[answer.citations[0].start : answer.citations[0].end] == answer.text.removesuffix(" [1]")
    assert refusal.refused
    assert refusal.text == wording("eo").refusal == "La dokumentoj ne enhavas respondon al ĉi tiu demando."


def test_prompts_and_answers_use_the_words_of_the_language():
    system, user = build_chat("Kiom?", [], "eo")
    assert system.content == f"Respondu laŭ la tekstoj, aŭ skribu: {wording('eo').refusal}"
    assert user.content == "Demando: Kiom?"
    form = AnswerForm("Dek du. [1]", (("dek du eŭroj", 1),))
    assert format_answer(form, "eo") == 'Citaĵo: "dek du eŭroj" [1]\nRespondo: Dek du. [1]'
    assert parse_answer(format_answer(form, "eo")) == form
    assert "answer.eo" in prompt_hashes()


def test_refusals_are_recognised_in_every_language():
    assert is_refusal(wording("eo").refusal, "eo")
    assert is_refusal(wording("en").refusal, "eo")
    assert not is_refusal("La kotizo estas dek du eŭroj.", "eo")
    assert is_refusal(wording("eo").refusal, "ru")  # whatever the guess of the language


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("la 12a de marto 2021", "12 a marto 2021 2021-03 2021-03-12"),
        ("Laŭ art. 5 kaj 6", "laŭ art 5 6 artikolo_5 artikolo_6"),
        ("ekz. kafo ktp.", "ekzemple kafo"),
    ],
)
def test_search_terms_use_the_word_lists_of_the_language(text, terms):
    assert search_terms(text, "eo") == terms.split()


def test_what_the_language_lacks_falls_back_to_english():
    assert multiple_choice("eo") == multiple_choice("en")
    assert wording("xx") == wording("en")


def test_no_trace_of_the_language_is_left(tmp_path):
    before = search_terms("la 12a de marto 2021", "eo")
    packaged = resources.LANGUAGES
    with languages_at(tmp_path / "languages"):
        shutil.rmtree(tmp_path / "languages" / "eo")
    with languages_at(packaged):
        assert resources.languages() == ("en", "ru")
        assert language_pack("eo") == LanguagePack(code="eo", name="eo", mixes_with=("ru",))
        assert search_terms("la 12a de marto 2021", "eo") != before
