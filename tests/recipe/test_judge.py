"""A judge is a stage after the benchmark whose answers it judges."""

import json

import pytest

from opora.errors import InputError
from opora.recipe.plan import find_stage, plan, run, stages_of
from opora.recipe.recipe import load_recipe

QUESTIONS = [
    {"id": "1", "question": "What is the daily fee?", "answer": "It is 12 EUR.", "split": "test",
     "quotes": [{"document": "rules", "text": "The daily fee is 12 EUR."}], "facts": {"must": [["12"]]}},
    {"id": "2", "question": "Who owns the zeppelin?", "answer": "-", "split": "test", "behavior": "refuse",
     "documents": ["rules"]},
]  # fmt: skip
RECIPE = """
bench:
  judged: {method: judge, benchmark: main, model: "scripted:judge.jsonl"}
  main: {models: {extractive: extractive}}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "rules.md").write_text("# Rules\n\n## Fees\n\nThe daily fee is 12 EUR. Dogs are free.\n")
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(question) + "\n" for question in QUESTIONS))
    verdict = '{"reason": "It is correct.", "score": 5, "correct": 1}'
    (tmp_path / "judge.jsonl").write_text(json.dumps({"match": ".", "answer": verdict}) + "\n")
    (tmp_path / "opora.yaml").write_text(RECIPE)
    return tmp_path


def test_it_runs_after_what_it_judges_and_once(project):
    stages = stages_of(load_recipe())[:4]
    assert [stage.name for stage in stages] == ["ingest", "index", "bench.main", "bench.judged"]
    *_, judged = run(stages)
    assert judged.counts == {"answers": 2, "verdicts": 2, "prompts": 2}
    assert {line.state for line in plan(load_recipe())[:4]} == {"up to date"}
    assert run(stages)[-1] == judged


def test_its_calls_are_known_before(project):
    judge = find_stage(stages_of(load_recipe()), "bench.judged").stage
    assert judge.estimate(load_recipe()).calls == 2
    run(stages_of(load_recipe())[:3])
    estimate = judge.estimate(load_recipe())
    assert estimate.calls == 2
    assert estimate.tokens > 500


@pytest.mark.parametrize(
    ("judged", "message"),
    [
        (
            "{method: judge, benchmark: mian, model: scripted}",
            r"bench.judged.benchmark: 'mian' is unknown; did you mean main\?",
        ),
        ("{method: judge, model: scripted}", "bench.judged.benchmark: '' is unknown"),
        ("{method: judge, benchmark: judged, model: scripted}", "bench.judged.benchmark: 'judged' is unknown"),
        ("{method: judge, benchmark: main}", "bench.judged.model is missing"),
        (
            "{method: judge, benchmark: main, model: scripted, bugdet: 1}",
            r"bench.judged.bugdet is unknown; did you mean bench.jud",
        ),
        ("{method: juge, benchmark: main, model: scripted}", "bench.judged.method is 'juge', .* did you mean judge"),
    ],
)
def test_a_fault_is_one_line(project, judged, message):
    (project / "opora.yaml").write_text(f"bench:\n  main: {{}}\n  judged: {judged}\n")
    with pytest.raises(InputError, match=message):
        stages_of(load_recipe())
