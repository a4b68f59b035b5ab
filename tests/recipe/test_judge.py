"""A judge is a stage after the benchmark whose answers it judges."""

import json

import pytest

from opora.errors import InputError
from opora.recipe.estimate import estimate
from opora.recipe.plan import plan
from opora.recipe.recipe import load_recipe
from opora.recipe.run import run
from opora.recipe.stages import stages_of

QUESTIONS = [
    {"id": "1", "question": "What is the daily fee?", "answer": "It is 12 EUR.", "split": "test",
     "quotes": [{"document": "rules", "text": "The daily fee is 12 EUR."}], "facts": {"must": [["12"]]}},
    {"id": "2", "question": "Who owns the zeppelin?", "answer": "-", "split": "test", "behavior": "refuse",
     "documents": ["rules"]},
]  # fmt: skip
RECIPE = """
bench:
  judged: {method: judge, of: main, model: "fake:judge.jsonl"}
  main: {models: {extractive: extractive}}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "rules.md").write_text("# Rules\n\n## Fees\n\nThe daily fee is 12 EUR. Dogs are free.\n")
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(each) + "\n" for each in QUESTIONS))
    verdict = '{"reason": "It is so.", "score": 5, "correct": 1}'
    (tmp_path / "judge.jsonl").write_text(json.dumps({"match": ".", "answer": verdict}) + "\n")
    (tmp_path / "opora.yaml").write_text(RECIPE)
    return tmp_path


def test_it_runs_after_what_it_judges_and_once(project):
    stages = stages_of(load_recipe(), project)[:4]
    assert [stage.name for stage in stages] == ["ingest", "index", "bench.main", "bench.judged"]
    *_, judged = run(stages)
    assert judged.counts == {"answers": 2, "verdicts": 2, "prompts": 2}
    assert {line.state for line in plan(stages)} == {"done"}
    assert run(stages)[-1] == judged


def test_its_calls_are_known_before(project):
    stages = stages_of(load_recipe(), project)
    assert estimate(load_recipe(), "bench.judged", project).calls == 2
    run(stages[:3])
    told = estimate(load_recipe(), "bench.judged", project)
    assert told.calls == 2
    assert told.tokens > 500


@pytest.mark.parametrize(
    ("judged", "message"),
    [
        ("{method: judge, of: mian, model: fake}", r"bench.judged.of: 'mian' is unknown; did you mean main\?"),
        ("{method: judge, model: fake}", "bench.judged.of: '' is unknown"),
        ("{method: judge, of: judged, model: fake}", "bench.judged.of: 'judged' is unknown"),
        ("{method: judge, of: main}", "bench.judged.model is missing"),
        (
            "{method: judge, of: main, model: fake, bugdet: 1}",
            r"bench.judged.bugdet is unknown; did you mean bench.jud",
        ),
        ("{method: juge, of: main, model: fake}", "bench.judged is .*'judge'"),
    ],
)
def test_what_is_wrong(project, judged, message):
    (project / "opora.yaml").write_text(f"bench:\n  main: {{}}\n  judged: {judged}\n")
    with pytest.raises(InputError, match=message):
        stages_of(load_recipe(), project)
