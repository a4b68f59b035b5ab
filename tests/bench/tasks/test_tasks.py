"""Benchmark tasks: the passages of each condition, the scores, and the cache of completions."""

import re

import pytest

from opora.answer.answerer import retrieve
from opora.answer.settings import AskSettings
from opora.artifacts import read_records, write_json_lines
from opora.bench.results.files import read_table
from opora.bench.results.i18n import condition_in_words, words_in
from opora.bench.stage import BenchStage
from opora.bench.tasks.distractors import DistractorsTask
from opora.bench.tasks.multiple_choice import (
    ChoiceRow,
    MultipleChoiceTask,
    build_choice_chat,
    parse_letters,
)
from opora.bench.tasks.position import PositionTask
from opora.bench.tasks.rag import RagTask
from opora.bench.tasks.retrieval import RetrievalRow, RetrievalTask
from opora.errors import InputError, RenamedSettingWarning
from opora.examples.evidence import evidence, resolve_gold
from opora.records import Option
from opora.retrieval.search.searcher import open_index
from tests.factories import make_ferry_documents, make_ferry_examples, make_ferry_passages

MODELS = {"right": "scripted:right"}


@pytest.fixture(scope="module")
def index(project):
    return open_index(project / "index")


@pytest.fixture(scope="module")
def examples():
    test = [example for example in make_ferry_examples() if example.split == "test"]
    return [resolve_gold(example, make_ferry_documents(), make_ferry_passages()) for example in test]


@pytest.fixture
def run(project, load, tmp_path):
    """Function that runs a benchmark of the ferry project; returns its manifest and table."""

    def run(settings, name="b", load=load):
        settings = settings.model_copy(update={"questions": project / "questions.jsonl", "resamples": 100})
        manifest = BenchStage(settings, project / "corpus", project / "index", tmp_path / name, load).run()
        return manifest, read_table(tmp_path / name)

    return run


def ids(query):
    return [hit.passage.id for hit in query.hits]


def conditions_by_name(settings, examples, index):
    return {condition.name: condition for condition in settings.conditions(examples, index)}


def test_orders_show_the_same_passages(index, examples):
    settings = PositionTask(passages=(2, 4), gold_positions=0)
    conditions = conditions_by_name(settings, examples, index)
    assert list(conditions) == [
        f"{count} passages, {order} order" for count in (2, 4) for order in ("default", "reverse", "random")
    ]
    default, reverse, shuffled = (conditions[f"4 passages, {order} order"] for order in settings.orders)
    for first, second, third in zip(default.queries, reverse.queries, shuffled.queries, strict=True):
        assert ids(first) == ids(second)[::-1]
        assert sorted(ids(first)) == sorted(ids(third))
        assert [hit.rank for hit in second.hits] == list(range(1, len(second.hits) + 1))
    pairs = zip(default.queries, shuffled.queries, strict=True)
    assert any(ids(first) != ids(second) for first, second in pairs)
    assert default.baseline == {"passages": 2, "order": "default"}
    assert reverse.baseline == {"passages": 4, "order": "default"}
    assert conditions["2 passages, default order"].baseline is None


def test_the_gold_passage_takes_every_position(index, examples):
    settings = PositionTask(passages=(2,), orders=("default",), gold_positions=3)
    conditions = settings.conditions(examples, index)
    positions = [condition for condition in conditions if "gold_position" in condition.values]
    assert [condition.name for condition in positions] == [f"3 passages, gold at position {n}" for n in (1, 2, 3)]
    for position, condition in enumerate(positions):
        for example, query in zip(condition.examples, condition.queries, strict=True):
            assert len(query.hits) == 3
            assert [number for number, id_ in enumerate(ids(query)) if id_ in example.gold] == [position]
    first, last = ({tuple(sorted(ids(query))) for query in positions[number].queries} for number in (0, 2))
    assert first == last


def test_a_larger_number_of_distractors_contains_the_smaller_one(index, examples):
    settings = DistractorsTask(counts=(0, 1, 3))
    conditions = conditions_by_name(settings, examples, index)
    assert list(conditions) == ["no distractors", "1 random", "1 hard", "3 random", "3 hard"]
    assert all(example.behavior == "answer" for example in conditions["no distractors"].examples)
    for kind in ("random", "hard"):
        few, many = conditions[f"1 {kind}"], conditions[f"3 {kind}"]
        for example, smaller, larger in zip(few.examples, few.queries, many.queries, strict=True):
            assert set(example.gold) < set(ids(smaller)) < set(ids(larger))
            assert len(ids(smaller)) == len(example.gold) + 1
    assert conditions_by_name(settings, examples, index) == conditions


def test_evidence_has_no_passage_twice(examples):
    example = examples[0]
    copy = example.passages[0].model_copy(update={"id": "copy"})
    repeated = example.model_copy(update={"passages": (*example.passages, copy), "gold": (*example.gold, "copy")})
    assert [passage.id for passage in evidence(repeated)] == list(example.gold)


@pytest.mark.parametrize(
    "settings",
    [
        RagTask(ask=AskSettings(top_k=2)),
        PositionTask(passages=(1, 2), orders=("default", "reverse"), gold_positions=2),
        DistractorsTask(counts=(0, 2)),
    ],
)
def test_the_estimate_counts_the_prompts(settings, index, examples):
    task = settings
    conditions = task.conditions(examples, index)
    assert len(task.passages_per_prompt) == len(conditions)
    assert max(task.passages_per_prompt) == max(
        len(query.hits) for condition in conditions for query in condition.queries
    )


def test_conditions_are_rows_compared_within_their_model(run):
    settings = PositionTask(
        models={"right": "scripted:right", "wrong": "scripted:wrong"},
        passages=(1, 2),
        orders=("default",),
        gold_positions=2,
    )
    _, table = run(settings)
    assert [row.name for row in table.rows][:2] == [
        "right: 1 passages, default order",
        "right: 2 passages, default order",
    ]
    row = table.row("wrong: 2 passages, gold at position 2")
    assert (row.model, row.condition) == ("wrong", {"passages": 2, "gold_position": 2})
    assert row.baseline == "wrong: 2 passages, gold at position 1"
    assert row.differences["key_fact_accuracy"].mean == 0.0
    assert table.row("right: 2 passages, gold at position 2").metrics["key_fact_accuracy"].mean == 1.0


def test_a_prompt_is_answered_once_by_all_benchmarks(run, load):
    prompts = []

    def load_counting(spec, settings):
        model = load(spec, settings)
        generate = model.generate

        def generate_and_count(chats, *callbacks):
            chats = list(chats)
            prompts.extend(chat[-1].content for chat in chats)
            return generate(chats, *callbacks)

        model.generate = generate_and_count
        return model

    settings = DistractorsTask(models=MODELS, counts=(0, 1, 2))
    run(settings, "first", load_counting)
    assert len(prompts) == len(set(prompts))
    count = len(prompts)
    run(settings, "second", load_counting)
    run(settings.model_copy(update={"counts": (0, 1)}), "third", load_counting)
    assert len(prompts) == count


def test_retrievers_are_measured_on_questions_with_gold_passages(run, capsys, tmp_path):
    manifest, table = run(RetrievalTask())
    assert [row.name for row in table.rows] == ["hybrid", "bm25"]
    assert "retriever dense is left out: the index has no vectors for en" in capsys.readouterr().err
    assert manifest.dropped == {"questions without gold passages": 1}
    metrics = table.row("bm25").metrics
    assert metrics["recall_10"].mean == 1.0
    assert metrics["recall_1"].mean <= metrics["recall_3"].mean
    rows = list(read_records(tmp_path / "b" / "answers.jsonl", RetrievalRow))
    assert all(set(row.gold) <= set(row.retrieved) for row in rows)


@pytest.fixture
def choices(project, tmp_path):
    """The question about the fee with options, once with one right option and once with two, and a file of both."""
    options = tuple(Option(text=text, right="12" in text) for text in ("7 EUR", "12 EUR a day", "nothing", "a song"))
    [fee] = [example for example in make_ferry_examples() if example.id == "fee"]
    with_two = (*options, Option(text="12 EUR each day", right=True))
    questions = [
        fee.model_copy(update={"options": options}),
        fee.model_copy(update={"id": "fee-2", "options": with_two}),
    ]
    write_json_lines(tmp_path / "choices.jsonl", [*questions, *make_ferry_examples()[1:]])
    return questions, tmp_path / "choices.jsonl"


@pytest.mark.parametrize(
    ("scoring", "manner", "score"), [("auto", "right", 1.0), ("auto", "wrong", 0.0), ("letters", "right", 0.0)]
)
def test_exactly_the_right_options_count(project, load, tmp_path, choices, scoring, manner, score):
    settings = MultipleChoiceTask(
        questions=choices[1], models={"m": f"scripted:{manner}"}, scoring=scoring, resamples=100
    )
    manifest = BenchStage(settings, project / "corpus", project / "index", tmp_path / "b", load).run()
    assert read_table(tmp_path / "b").rows[0].metrics["exact_set_accuracy"].mean == score
    unparsed = 2 if scoring == "letters" else 0
    assert manifest.counts == {"questions": 2, "rows": 2, "answers without a choice": unparsed}
    rows = list(read_records(tmp_path / "b" / "answers.jsonl", ChoiceRow))
    assert [row.scores["random_baseline"] for row in rows] == [1 / 4, 1 / 10]
    assert score == 0.0 or [row.chosen for row in rows] == [(1,), (1, 4)]


def test_extractive_chooses_too(project, tmp_path, choices):
    settings = MultipleChoiceTask(questions=choices[1], resamples=100)
    BenchStage(settings, project / "corpus", project / "index", tmp_path / "b").run()
    assert read_table(tmp_path / "b").rows[0].metrics["exact_set_accuracy"].mean == 1.0


def test_a_multiple_choice_prompt_lists_the_options_and_the_number_of_right_ones(choices, index):
    [with_one, with_two] = choices[0]
    [query] = retrieve([with_one.question], index, 2)
    system, user = build_choice_chat(with_two, query)
    assert "letters" in system.content
    assert re.search(r"\[1\] .*Question: What is the fee\?\nA\) 7 EUR\nB\) 12 EUR a day\n", user.content, re.DOTALL)
    assert "Exactly 2 options are right." in user.content
    assert "Exactly one option is right." in build_choice_chat(with_one, query)[1].content
    russian = build_choice_chat(with_two, query._replace(language="ru"))[1].content
    assert "А) 7 EUR\nБ) 12 EUR a day" in russian


@pytest.mark.parametrize(
    ("text", "letters", "chosen"),
    [
        ("B", "ABCD", {1}),
        ("B.", "ABCD", {1}),
        ("B, D", "ABCD", {1, 3}),
        ("B and D", "ABCD", {1, 3}),
        ("Answer: C", "ABCD", {2}),
        ("B) 12 EUR a day", "ABCD", {1}),
        ("A) one\nC) three", "ABCD", {0, 2}),
        ("Correct answer: A", "ABCD", {0}),
        ("The answer is A", "ABCD", {0}),
        ("**A**", "ABCD", {0}),
        ("[A]", "ABCD", {0}),
        ("A: The fee", "ABCD", {0}),
        ("Правильный ответ: А", "АБВГ", {0}),
        ("Верны варианты А и В", "АБВГ", {0, 2}),
        ("В документе указан вариант Б", "АБВГ", {1}),
        ("В документе этого нет.", "АБВГ", set()),
        ("The right options are A) and C).", "ABCD", {0, 2}),
        ("A pump is right.", "ABCD", set()),
        ("The option is C", "ABCD", {2}),
        ("В", "ABCD", {1}),
        ("\n\nD", "ABCD", {3}),
        ("E", "ABCD", set()),
        ("", "ABCD", set()),
        ("It costs 12 EUR.", "ABCD", set()),
        ("Б", "АБВГ", {1}),
        ("Ответ: А, В", "АБВГ", {0, 2}),
        ("A и B", "АБВГ", {0, 2}),
    ],
)
def test_letters_are_parsed(text, letters, chosen):
    assert parse_letters(text, letters) == chosen


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (MultipleChoiceTask(), "has no question of split 'test' that fits method multiple_choice"),
        (PositionTask(passages=(1,), gold_positions=99), "fewer than 99 passages"),
        (RetrievalTask(retrievers=("dense",)), "retriever dense: the index has no vectors for en"),
        (RetrievalTask(baseline="bm52"), "did you mean bm25?"),
        (DistractorsTask(baseline="extractive"), "compares each model with itself; remove baseline"),
    ],
)
def test_wrong_settings_are_one_line(run, settings, message):
    with pytest.raises(InputError) as error:
        run(settings)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("model", "old", "current"),
    [
        (PositionTask, {"sweep": 3}, {"gold_positions": 3}),
        (MultipleChoiceTask, {"by": "letters"}, {"scoring": "letters"}),
        (RetrievalTask, {"retrievers": ["words", "meaning"]}, {"retrievers": ("bm25", "dense")}),
        (RetrievalTask, {"baseline": "words"}, {"baseline": "bm25"}),
    ],
)
def test_old_names_of_settings_are_accepted(model, old, current):
    with pytest.warns(RenamedSettingWarning):
        settings = model.model_validate(old)
    assert {name: getattr(settings, name) for name in current} == current


def test_names_of_conditions():
    assert condition_in_words({"passages": 5, "order": "reverse"}, words_in("en")) == "5 passages, reverse order"
    assert condition_in_words({"passages": 5, "gold_position": 2}, words_in("en")) == "5 passages, gold at position 2"
    assert condition_in_words({"distractors": "hard", "count": 8}, words_in("en")) == "8 hard"
    assert condition_in_words({"distractors": "none", "count": 0}, words_in("en")) == "no distractors"
