"""The check of a benchmark names each fault by file and line; what it lays out is found wanting, line by line."""

import json

import pytest
from typer.testing import CliRunner

from opora.artifacts import read_json_lines, write_json_lines
from opora.bench.questions.scaffold import lay_out_questions
from opora.bench.questions.second_annotator import format_reading, read_again
from opora.bench.questions.validate import check_questions, format_check
from opora.cli.main import app
from opora.errors import InputError
from opora.records import KINDS, Example
from tests.factories import FERRY_TEXTS, make_ferry_examples

FEES = FERRY_TEXTS["en/rules/fees.md"]


def faults(project, tmp_path, change, **options):
    """What is found where the first question, on the fee, is changed, without file and line."""
    first, *rest = (
        each.model_dump(mode="json", exclude={"passages", "gold", "origin"}) for each in make_ferry_examples()
    )
    rest = [row for row in rest if row["split"] == "test"]
    write_json_lines(tmp_path / "q.jsonl", [first | change, *rest])
    checked = check_questions([tmp_path / "q.jsonl"], project / "corpus", project / "index", **options)
    return [str(fault).removeprefix(f"{tmp_path}/q.jsonl:") for fault in checked.faults]


def test_a_right_set_has_no_faults(project, tmp_path):
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
        ({"answer": "It is free."}, "1: fee: the reference answer does not pass its own key facts"),
        ({"facts": {"must": [["12"]], "must_not": ["day"]}}, "1: fee: the reference answer does not pass"),
        ({"kind": "no info"}, "1: fee: kind 'no info' asks for behavior 'refuse'"),
        ({"kind": "incorrect by design"}, "1: fee: kind 'incorrect by design' asks for behavior 'correct'"),
        ({"id": "dogs"}, "2: dogs: the id stands in"),
        ({"question": "What do  dogs pay?"}, "2: dogs: the question is asked in"),
        ({"options": [{"text": "a", "right": False}]}, "1: fee: 0 of its 1 options are right"),
        ({"options": [{"text": "a", "right": True}, {"text": "a", "right": False}]}, "1: fee: an option stands twice"),
        ({"kind": "simpel"}, "1:"),
        ({"anwser": "x"}, "1:"),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_line(project, tmp_path, change, fault):
    found = faults(project, tmp_path, change)
    assert any(each.startswith(fault) for each in found), found
    assert not any("\n" in each for each in found)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"answer": "The captain is Ann."}, "is to be refused, but its answer is no refusal"),
        ({"facts": {"must": [["Ann"]]}}, "is to be refused, but has quotes or key facts"),
        ({"question": "Dogs travel free of charge on every ferry?"}, "seems to be answered in en/rules/fees.md"),
    ],
)
def test_what_is_to_be_refused_is_nowhere(project, tmp_path, change, fault):
    [row] = [each.model_dump(mode="json") for each in make_ferry_examples() if each.id == "captain"]
    write_json_lines(tmp_path / "q.jsonl", [row | change])
    [found] = check_questions([tmp_path / "q.jsonl"], project / "corpus", project / "index").faults
    assert fault in str(found)


def test_a_line_that_is_no_question_does_not_hide_the_others(project, tmp_path):
    (tmp_path / "q.jsonl").write_text('{"id": 1\n\n{"id": "a", "question": "", "answer": ""}\n', encoding="utf-8")
    checked = check_questions([tmp_path / "q.jsonl"], project / "corpus", project / "index")
    assert [fault.line for fault in checked.faults] == [1, 3]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"documents": ["rules/fees"], "quotes": []}, "is about en/rules/fees.md, and so is trained"),
        ({"question": "What is the fee?"}, "same question as trained"),
        ({"question": "What is, then, the feee?"}, None),
        ({"answer": f"They say: {FEES}"}, "12 consecutive words as trained"),
        ({"documents": ["en/rules/fees"], "quotes": []}, "is about en/rules/fees.md, and so is trained"),
    ],
)
def test_leaks_between_the_halves(project, tmp_path, change, fault):
    test, *_ = (each.model_dump(mode="json") for each in make_ferry_examples())
    trained = {
        "id": "trained", "question": "What is the speed?", "answer": "It moves 40 litres.", "split": "train",
        "documents": ["tech/pumps"],
        "quotes": [{"document": "tech/pumps", "text": "The main pump moves 40 litres a second."}],
    }  # fmt: skip
    test["answer"] = FEES
    write_json_lines(tmp_path / "q.jsonl", [test, trained | change])
    found = list(map(str, check_questions([tmp_path / "q.jsonl"], project / "corpus", project / "index").faults))
    assert any(fault in each for each in found) if fault else not any("trained of the" in each for each in found), found


def test_every_cell_is_full(project, tmp_path):
    found = faults(project, tmp_path, {}, per_cell=1)
    assert "5: en, test, rules: 2 questions of kind 'simple', not 1" in found
    assert "5: en, test, tech: 0 questions of kind 'simple', not 1" in found
    assert not any("tech: " in each and "'logical thinking'" in each for each in found)
    assert len(found) == 2 * len(KINDS) - 3


def test_a_new_benchmark_has_every_cell_and_is_still_to_be_written(project, tmp_path):
    path = tmp_path / "new.jsonl"
    with pytest.raises(InputError, match=r"tech/pumps\.md: is the only document of domain 'tech'"):
        lay_out_questions(project / "corpus", path, 2)
    assert not path.exists()


@pytest.fixture
def two_domains(project, tmp_path):
    from opora.artifacts import Build, write_parquet
    from opora.validation import Settings
    from tests.factories import make_ferry_documents

    documents = [
        each.model_copy(update={"id": f"{each.id}{copy}", "source": each.source.replace(".md", f"-{copy}.md")})
        for each in make_ferry_documents() for copy in "ab"
    ]  # fmt: skip
    with Build(tmp_path / "corpus", "ingest", Settings(), inputs={}) as build:
        write_parquet(build.path / "documents.parquet", documents)
        write_parquet(build.path / "passages.parquet", [])
        build.publish()
    return tmp_path / "corpus"


def test_what_is_laid_out_is_checked_line_by_line(project, two_domains, tmp_path):
    path = tmp_path / "new.jsonl"
    assert lay_out_questions(two_domains, path, 2) == 2 * 2 * len(KINDS) * 2
    rows = [Example.model_validate(row) for _, row in read_json_lines(path)]
    halves = {split: {row.documents for row in rows if row.split == split} for split in ("train", "test")}
    assert halves["train"].isdisjoint(halves["test"])
    assert {row.behavior for row in rows if row.kind == "trash"} == {"refuse"}
    checked = check_questions([path], two_domains, project / "index", per_cell=2)
    assert [fault.line for fault in checked.faults] == list(range(1, len(rows) + 1))
    assert all("the question is empty" in fault.text for fault in checked.faults)
    with pytest.raises(InputError, match="exists"):
        lay_out_questions(two_domains, path, 2)


def test_the_command_ends_with_an_error_where_there_are_faults(project, tmp_path, monkeypatch):
    monkeypatch.chdir(project)
    assert CliRunner().invoke(app, ["bench", "check"]).exit_code != 0  # its train question is a test question too
    rows = [each for each in make_ferry_examples() if each.split == "test"]
    write_json_lines(tmp_path / "q.jsonl", rows)
    result = CliRunner().invoke(app, ["bench", "check", str(tmp_path / "q.jsonl")])
    assert result.exit_code == 0, result.output
    assert "5 questions (en; 4 kinds, 2 domains), 4 quotes: no faults" in result.output


def test_the_second_reader(tmp_path):
    examples = [each for each in make_ferry_examples() if each.split == "test"]
    answers = {
        "fee": "Twelve? No: 12 EUR.", "dogs": "They pay half.", "pier": "The documents do not say.",
        "captain": "The documents do not contain an answer to this question.",
    }  # fmt: skip
    rows = [{"id": id_, "answer": answer} for id_, answer in answers.items()]
    write_json_lines(tmp_path / "r.jsonl", rows)
    reading = read_again(examples, [tmp_path / "r.jsonl"])
    assert reading.agreed == {"simple": (1, 2), "table": (0, 1), "no info": (1, 1)}
    assert [each.example.id for each in reading.disagreements] == ["dogs", "pier"]
    assert "agrees on 2 of 4 questions (50%); 1 were not read" in format_reading(reading)
    (tmp_path / "r.jsonl").write_text(json.dumps({"id": "feee", "answer": ""}), encoding="utf-8")
    with pytest.raises(InputError, match="holds no answer to any of the 5 questions"):
        read_again(examples, [tmp_path / "r.jsonl"])


def test_the_summary_counts(project, tmp_path):
    write_json_lines(tmp_path / "q.jsonl", [each for each in make_ferry_examples() if each.split == "test"])
    checked = check_questions([tmp_path / "q.jsonl"], project / "corpus", project / "index")
    assert format_check(checked).endswith("5 questions (en; 4 kinds, 2 domains), 4 quotes: no faults")
    assert checked.cells["en", "test", "simple", "rules"] == 2
