"""Validation names each fault by file and line; a scaffold has a fault in every line until it is filled in."""

import json

import pytest
from typer.testing import CliRunner

from opora.artifacts import read_json_lines, write_json_lines
from opora.bench.questions.scaffold import scaffold_questions
from opora.bench.questions.second_annotator import compare_annotators, format_comparison
from opora.bench.questions.validate import format_validation, validate_questions
from opora.cli.main import build_app
from opora.errors import InputError
from opora.records import QUESTION_TYPES, Example
from tests.factories import FERRY_TEXTS, make_ferry_examples

FEES = FERRY_TEXTS["en/rules/fees.md"]


def faults(project, tmp_path, change, **options):
    """Return the faults, without the path, after a change of the first question, which is about the fee."""
    first, *rest = (
        example.model_dump(mode="json", exclude={"passages", "gold", "origin"}) for example in make_ferry_examples()
    )
    rest = [row for row in rest if row["split"] == "test"]
    write_json_lines(tmp_path / "q.jsonl", [first | change, *rest])
    validation = validate_questions([tmp_path / "q.jsonl"], project / "corpus", project / "index", **options)
    return [str(fault).removeprefix(f"{tmp_path}/q.jsonl:") for fault in validation.faults]


def test_valid_questions_have_no_faults(project, tmp_path):
    assert faults(project, tmp_path, {}) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"question": " "}, "1: fee: the question is empty"),
        ({"quotes": [{"document": "rules/fees", "text": "A fee of 13 EUR."}]}, "1: fee: the quote 'A fee of 13"),
        ({"quotes": [{"document": "rules/fee", "text": "x"}]}, "1: fee: the corpus has no document 'rules/fee'"),
        ({"documents": ["rules/fares"]}, "1: fee: the corpus has no document 'rules/fares'"),
        ({"quotes": []}, "1: fee: has no quotes"),
        ({"facts": {"must": []}}, "1: fee: has no key facts"),
        ({"facts": {"must": [["15", "fifteen"]]}}, "1: fee: the key fact '15 / fifteen' is in none of its quotes"),
        ({"answer": "It is free."}, "1: fee: the reference answer does not contain its own key facts"),
        ({"facts": {"must": [["12"]], "must_not": ["day"]}}, "1: fee: the reference answer does not contain"),
        ({"question_type": "unanswerable"}, "1: fee: type 'unanswerable' requires behavior 'refuse'"),
        ({"question_type": "false_premise"}, "1: fee: type 'false_premise' requires behavior 'correct'"),
        ({"id": "dogs"}, "2: dogs: has the id of"),
        ({"question": "What do  dogs pay?"}, "2: dogs: repeats the question of"),
        ({"options": [{"text": "a", "right": False}]}, "1: fee: 0 of its 1 options are right"),
        ({"options": [{"text": "a", "right": True}, {"text": "a", "right": False}]}, "1: fee: has an option twice"),
        ({"question_type": "simpel"}, "1:"),
        ({"anwser": "x"}, "1:"),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_line(project, tmp_path, change, fault):
    lines = faults(project, tmp_path, change)
    assert any(line.startswith(fault) for line in lines), lines
    assert not any("\n" in line for line in lines)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"answer": "The captain is Ann."}, "must be refused, but its answer is not a refusal"),
        ({"facts": {"must": [["Ann"]]}}, "must be refused, but has quotes or key facts"),
        ({"question": "Dogs travel free of charge on every ferry?"}, "seems to be answered in en/rules/fees.md"),
    ],
)
def test_what_is_to_be_refused_is_nowhere(project, tmp_path, change, fault):
    [row] = [example.model_dump(mode="json") for example in make_ferry_examples() if example.id == "captain"]
    write_json_lines(tmp_path / "q.jsonl", [row | change])
    [only] = validate_questions([tmp_path / "q.jsonl"], project / "corpus", project / "index").faults
    assert fault in str(only)


def test_a_line_that_is_no_question_does_not_hide_the_others(project, tmp_path):
    (tmp_path / "q.jsonl").write_text('{"id": 1\n\n{"id": "a", "question": "", "answer": ""}\n', encoding="utf-8")
    validation = validate_questions([tmp_path / "q.jsonl"], project / "corpus", project / "index")
    assert [fault.line for fault in validation.faults] == [1, 3]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"documents": ["rules/fees"], "quotes": []}, "is about en/rules/fees.md, like trained"),
        ({"question": "What is the fee?"}, "same question as trained"),
        ({"question": "What is, then, the feee?"}, None),
        ({"answer": f"They say: {FEES}"}, "12 consecutive words as trained"),
        ({"documents": ["en/rules/fees"], "quotes": []}, "is about en/rules/fees.md, like trained"),
    ],
)
def test_leaks_between_the_halves(project, tmp_path, change, fault):
    test, *_ = (example.model_dump(mode="json") for example in make_ferry_examples())
    trained = {
        "id": "trained", "question": "What is the speed?", "answer": "It moves 40 litres.", "split": "train",
        "documents": ["tech/pumps"],
        "quotes": [{"document": "tech/pumps", "text": "The main pump moves 40 litres a second."}],
    }  # fmt: skip
    test["answer"] = FEES
    write_json_lines(tmp_path / "q.jsonl", [test, trained | change])
    validation = validate_questions([tmp_path / "q.jsonl"], project / "corpus", project / "index")
    leaks = [str(item) for item in validation.faults if "trained of the" in str(item)]
    assert any(fault in leak for leak in leaks) if fault else leaks == []


def test_every_cell_is_full(project, tmp_path):
    lines = faults(project, tmp_path, {}, per_cell=1)
    assert "5: en, test, rules: 2 questions of type 'simple', not 1" in lines
    assert "5: en, test, tech: 0 questions of type 'simple', not 1" in lines
    assert not any("tech: " in line and "'reasoning'" in line for line in lines)
    assert len(lines) == 2 * len(QUESTION_TYPES) - 3


def test_a_new_benchmark_has_every_cell_and_is_still_to_be_written(project, tmp_path):
    path = tmp_path / "new.jsonl"
    with pytest.raises(InputError, match=r"tech/pumps\.md: is the only document of domain 'tech'"):
        scaffold_questions(project / "corpus", path, 2)
    assert not path.exists()


@pytest.fixture
def two_domains(project, tmp_path):
    from opora.artifacts import Build, write_parquet
    from opora.validation import Settings
    from tests.factories import make_ferry_documents

    documents = [
        document.model_copy(
            update={"id": f"{document.id}{copy}", "source": document.source.replace(".md", f"-{copy}.md")}
        )
        for document in make_ferry_documents() for copy in "ab"
    ]  # fmt: skip
    with Build(tmp_path / "corpus", "ingest", Settings(), inputs={}) as build:
        write_parquet(build.path / "documents.parquet", documents)
        write_parquet(build.path / "passages.parquet", [])
        build.publish()
    return tmp_path / "corpus"


def test_what_is_laid_out_is_checked_line_by_line(project, two_domains, tmp_path):
    path = tmp_path / "new.jsonl"
    assert scaffold_questions(two_domains, path, 2) == 2 * 2 * len(QUESTION_TYPES) * 2
    rows = [Example.model_validate(row) for _, row in read_json_lines(path)]
    halves = {split: {row.documents for row in rows if row.split == split} for split in ("train", "test")}
    assert halves["train"].isdisjoint(halves["test"])
    assert {row.behavior for row in rows if row.question_type == "nonsense"} == {"refuse"}
    validation = validate_questions([path], two_domains, project / "index", per_cell=2)
    assert [fault.line for fault in validation.faults] == list(range(1, len(rows) + 1))
    assert all("the question is empty" in fault.text for fault in validation.faults)
    with pytest.raises(InputError, match="exists"):
        scaffold_questions(two_domains, path, 2)


def test_the_command_ends_with_an_error_where_there_are_faults(project, tmp_path, monkeypatch):
    monkeypatch.chdir(project)
    # questions.jsonl has a question in both splits
    assert CliRunner().invoke(build_app("bench"), ["bench", "check"]).exit_code != 0
    rows = [example for example in make_ferry_examples() if example.split == "test"]
    write_json_lines(tmp_path / "q.jsonl", rows)
    result = CliRunner().invoke(build_app("bench"), ["bench", "check", str(tmp_path / "q.jsonl")])
    assert result.exit_code == 0, result.output
    assert "5 questions (en; 4 question types, 2 domains), 4 quotes: no faults" in result.output


def test_the_second_annotator(tmp_path):
    examples = [example for example in make_ferry_examples() if example.split == "test"]
    answers = {
        "fee": "Twelve? No: 12 EUR.", "dogs": "They pay half.", "pier": "The documents do not say.",
        "captain": "The documents do not contain an answer to this question.",
    }  # fmt: skip
    rows = [{"id": id_, "answer": answer} for id_, answer in answers.items()]
    write_json_lines(tmp_path / "r.jsonl", rows)
    comparison = compare_annotators(examples, [tmp_path / "r.jsonl"])
    assert comparison.agreed == {"simple": (1, 2), "table": (0, 1), "unanswerable": (1, 1)}
    assert [item.example.id for item in comparison.disagreements] == ["dogs", "pier"]
    assert "agrees on 2 of 4 questions (50%); 1 unanswered" in format_comparison(comparison)
    (tmp_path / "r.jsonl").write_text(json.dumps({"id": "feee", "answer": ""}), encoding="utf-8")
    with pytest.raises(InputError, match="has no answer to any of the 5 questions"):
        compare_annotators(examples, [tmp_path / "r.jsonl"])


def test_the_summary_counts(project, tmp_path):
    write_json_lines(tmp_path / "q.jsonl", [example for example in make_ferry_examples() if example.split == "test"])
    validation = validate_questions([tmp_path / "q.jsonl"], project / "corpus", project / "index")
    assert format_validation(validation).endswith("5 questions (en; 4 question types, 2 domains), 4 quotes: no faults")
    assert validation.cells["en", "test", "simple", "rules"] == 2
