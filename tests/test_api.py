"""The Python API, as a notebook uses it."""

import subprocess
import sys

import pytest

import opora
from opora.errors import InputError

RULES = "# Rules\n\n## Fees\n\nThe daily fee is 12 EUR. Children pay half of it.\n\n## Dogs\n\nDogs travel free.\n"
EXAMPLE = opora.Example.model_validate(
    {
        "id": "fee",
        "question": "What is the daily fee?",
        "answer": "It is 12 EUR.",
        "quotes": [{"document": "rules", "text": "The daily fee is 12 EUR."}],
        "facts": {"must": [["12"]]},
    }
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    (folder / "rules.md").write_text(RULES)
    opora.ingest(folder / "rules.md", folder / "corpus")
    opora.build_index(folder / "corpus", folder / "index")
    return folder


def test_from_documents_to_an_answer(folder):
    answer = opora.ask("What is the daily fee?", folder / "index")
    assert "12 EUR" in answer.text
    assert answer.citations[0].text in RULES


def test_an_opened_index_searches_and_answers(folder):
    index = opora.open_index(folder / "index")
    assert "12 EUR" in index.search("daily fee", top_k=1)[0].passage.text
    assert opora.ask("Who owns the zeppelin?", index).refused


def test_a_loaded_model_answers(folder):
    model = opora.load_model("scripted")
    assert opora.ask("What is the daily fee?", folder / "index", model).model == "scripted"


def test_scores_of_an_answer(folder):
    answer = opora.ask(EXAMPLE.question, folder / "index")
    scores = opora.score(answer, EXAMPLE, folder / "corpus")
    assert scores["key_fact_accuracy"].value == 1.0
    assert scores["citation_recall"].value == 1.0
    assert scores["refusal"].value == 0.0
    assert opora.score(answer, EXAMPLE)["citation_recall"].reason == "the question has no gold passages"


def test_a_missing_folder_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="no such folder or file"):
        opora.ingest(tmp_path / "none")
    with pytest.raises(InputError, match="does not exist"):
        opora.open_index(tmp_path / "none")


def test_every_public_name_exists():
    assert all(getattr(opora, name) for name in opora.__all__)
    assert set(opora.__all__) <= set(dir(opora))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = opora.nothing


def test_import_is_lazy():
    code = "import sys, opora; print('pydantic' in sys.modules)"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output == "False\n"
