"""Positions, distractors, retrievers, closed questions: what is shown, what is scored, and nothing asked twice."""

import re

import pytest

from opora.answer.settings import AskSettings
from opora.artifacts import read_records, write_json_lines
from opora.bench.settings import (
    ClosedBenchSettings,
    DistractorsBenchSettings,
    PositionBenchSettings,
    RagBenchSettings,
    RetrieverBenchSettings,
)
from opora.bench.stage import read_table, run_bench
from opora.bench.tasks.conditions import condition_name, conditions_of, evidence, passages_shown
from opora.bench.tasks.multiple_choice import ChoiceRow, closed_chat, parse_letters
from opora.bench.tasks.retrieval import FoundRow
from opora.errors import InputError
from opora.examples.evidence import resolve_gold
from opora.records import Option
from opora.retrieval.search.searcher import open_index
from tests.factories import make_ferry_documents, make_ferry_examples, make_ferry_passages

MODELS = {"right": "fake:right"}


@pytest.fixture(scope="module")
def index(project):
    return open_index(project / "index")


@pytest.fixture(scope="module")
def examples():
    asked = [each for each in make_ferry_examples() if each.split == "test"]
    return [resolve_gold(each, make_ferry_documents(), make_ferry_passages()) for each in asked]


@pytest.fixture
def run(project, load, tmp_path):
    def run(settings, name="b", load=load):
        given = settings.model_copy(update={"questions": project / "questions.jsonl", "resamples": 100})
        manifest = run_bench(given, project / "corpus", project / "index", tmp_path / name, load)
        return manifest, read_table(tmp_path / name)

    return run


def ids(asked):
    return [hit.passage.id for hit in asked.hits]


def test_orders_show_the_same_passages(index, examples):
    settings = PositionBenchSettings(method="position", passages=(2, 4), sweep=0)
    found = {each.name: each for each in conditions_of(settings, examples, index)}
    assert list(found) == [f"{n} passages, {o} order" for n in (2, 4) for o in ("default", "reverse", "random")]
    default, reverse, shuffled = (found[f"4 passages, {order} order"] for order in settings.orders)
    for one, other, third in zip(default.asked, reverse.asked, shuffled.asked, strict=True):
        assert ids(one) == ids(other)[::-1]
        assert sorted(ids(one)) == sorted(ids(third))
        assert [hit.rank for hit in other.hits] == list(range(1, len(other.hits) + 1))
    assert any(ids(one) != ids(third) for one, third in zip(default.asked, shuffled.asked, strict=True))
    assert default.against == {"passages": 2, "order": "default"}
    assert reverse.against == {"passages": 4, "order": "default"}
    assert found["2 passages, default order"].against is None


def test_the_sweep_puts_the_gold_passage_into_every_place(index, examples):
    settings = PositionBenchSettings(method="position", passages=(2,), orders=("default",), sweep=3)
    sweep = [each for each in conditions_of(settings, examples, index) if "slot" in each.values]
    assert [each.name for each in sweep] == [f"3 passages, gold in place {slot}" for slot in (1, 2, 3)]
    for slot, condition in enumerate(sweep):
        for example, asked in zip(condition.examples, condition.asked, strict=True):
            assert len(asked.hits) == 3
            assert [n for n, id_ in enumerate(ids(asked)) if id_ in example.gold] == [slot]
    assert {tuple(sorted(ids(each))) for each in sweep[0].asked} == {
        tuple(sorted(ids(each))) for each in sweep[2].asked
    }


def test_more_distractors_are_those_before_and_others(index, examples):
    settings = DistractorsBenchSettings(method="distractors", counts=(0, 1, 3))
    conditions = conditions_of(settings, examples, index)
    assert [each.name for each in conditions] == ["no distractors", "1 random", "1 hard", "3 random", "3 hard"]
    by_name = {each.name: each for each in conditions}
    assert all(example.behavior == "answer" for example in conditions[0].examples)
    for kind in ("random", "hard"):
        few, more = by_name[f"1 {kind}"], by_name[f"3 {kind}"]
        for example, one, other in zip(few.examples, few.asked, more.asked, strict=True):
            assert set(example.gold) < set(ids(one)) < set(ids(other))
            assert len(ids(one)) == len(example.gold) + 1
    assert conditions_of(settings, examples, index) == conditions


def test_evidence_is_the_fewest_passages_that_hold_the_quotes(examples):
    example = examples[0]
    again = example.passages[0].model_copy(update={"id": "copy"})
    twice = example.model_copy(update={"passages": (*example.passages, again), "gold": (*example.gold, "copy")})
    assert [each.id for each in evidence(twice)] == list(example.gold)


@pytest.mark.parametrize(
    "settings",
    [
        RagBenchSettings(ask=AskSettings(top_k=2)),
        PositionBenchSettings(method="position", passages=(1, 2), orders=("default", "reverse"), sweep=2),
        DistractorsBenchSettings(method="distractors", counts=(0, 2)),
    ],
)
def test_the_plan_counts_what_is_asked(settings, index, examples):
    shown = passages_shown(settings)
    conditions = conditions_of(settings, examples, index)
    assert len(shown) == len(conditions)
    assert max(shown) == max(len(asked.hits) for each in conditions for asked in each.asked)


def test_conditions_are_rows_compared_within_their_model(run):
    settings = PositionBenchSettings(
        method="position",
        models={"right": "fake:right", "wrong": "fake:wrong"},
        passages=(1, 2),
        orders=("default",),
        sweep=2,
    )
    _, table = run(settings)
    assert [row.name for row in table.rows][:2] == [
        "right: 1 passages, default order",
        "right: 2 passages, default order",
    ]
    row = table.row("wrong: 2 passages, gold in place 2")
    assert (row.model, row.condition) == ("wrong", {"passages": 2, "slot": 2})
    assert row.against == "wrong: 2 passages, gold in place 1"
    assert row.differences["key_facts"].mean == 0.0
    assert table.row("right: 2 passages, gold in place 2").metrics["key_facts"].mean == 1.0


def test_no_prompt_is_answered_twice_by_whichever_benchmark(run, load):
    asked = []

    def counting(spec, settings):
        model = load(spec, settings)
        generate = model.generate
        model.generate = lambda chats, on=None: (asked.extend(c[-1].content for c in chats), generate(chats, on))[1]
        return model

    settings = DistractorsBenchSettings(method="distractors", models=MODELS, counts=(0, 1, 2))
    run(settings, "one", counting)
    assert len(asked) == len(set(asked))
    count = len(asked)
    run(settings, "two", counting)
    run(settings.model_copy(update={"counts": (0, 1)}), "three", counting)
    assert len(asked) == count


def test_retrievers_are_measured_on_questions_with_evidence(run, capsys, tmp_path):
    manifest, table = run(RetrieverBenchSettings(method="retriever"))
    assert [row.name for row in table.rows] == ["hybrid", "words"]
    assert "retriever meaning is left out: it does not know en" in capsys.readouterr().err
    assert manifest.dropped == {"questions without gold passages": 1}
    assert table.row("words").metrics["recall_10"].mean == 1.0
    assert table.row("words").metrics["recall_1"].mean <= table.row("words").metrics["recall_3"].mean
    rows = list(read_records(tmp_path / "b" / "answers.jsonl", FoundRow))
    assert all(set(row.gold) <= set(row.found) for row in rows)


@pytest.fixture
def closed(project, tmp_path):
    """The fee's question with options, one of which names the fee."""
    options = tuple(Option(text=text, right="12" in text) for text in ("7 EUR", "12 EUR a day", "nothing", "a song"))
    [fee] = [each for each in make_ferry_examples() if each.id == "fee"]
    two = (*options, Option(text="12 EUR each day", right=True))
    asked = [fee.model_copy(update={"options": options}), fee.model_copy(update={"id": "fee-2", "options": two})]
    write_json_lines(tmp_path / "closed.jsonl", [*asked, *make_ferry_examples()[1:]])
    return asked, tmp_path / "closed.jsonl"


@pytest.mark.parametrize(
    ("by", "manner", "score"), [("auto", "right", 1.0), ("auto", "wrong", 0.0), ("letters", "right", 0.0)]
)
def test_closed_questions_need_exactly_the_right_options(project, load, tmp_path, closed, by, manner, score):
    settings = ClosedBenchSettings(
        method="closed", questions=closed[1], models={"m": f"fake:{manner}"}, by=by, resamples=100
    )  # fmt: skip
    manifest = run_bench(settings, project / "corpus", project / "index", tmp_path / "b", load)
    assert read_table(tmp_path / "b").rows[0].metrics["chosen"].mean == score
    assert manifest.counts == {"questions": 2, "rows": 2, "answers without a choice": 2 if by == "letters" else 0}
    rows = list(read_records(tmp_path / "b" / "answers.jsonl", ChoiceRow))
    assert [row.scores["by_chance"] for row in rows] == [1 / 4, 1 / 10]
    assert score == 0.0 or [row.chosen for row in rows] == [(1,), (1, 4)]


def test_extractive_chooses_too(project, tmp_path, closed):
    settings = ClosedBenchSettings(method="closed", questions=closed[1], resamples=100)
    run_bench(settings, project / "corpus", project / "index", tmp_path / "b")
    assert read_table(tmp_path / "b").rows[0].metrics["chosen"].mean == 1.0


def test_a_closed_prompt_lists_the_options_and_says_how_many_are_right(closed, index):
    from opora.answer.answerer import retrieve

    [one, two] = closed[0]
    [asked] = retrieve([one.question], index, 2)
    system, user = closed_chat(two, asked)
    assert "letters" in system.content
    assert re.search(r"\[1\] .*Question: What is the fee\?\nA\) 7 EUR\nB\) 12 EUR a day\n", user.content, re.DOTALL)
    assert "Exactly 2 options are right." in user.content
    assert "Exactly one option is right." in closed_chat(one, asked)[1].content
    russian = closed_chat(two, asked._replace(language="ru"))[1].content
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
def test_letters(text, letters, chosen):
    assert parse_letters(text, letters) == chosen


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (ClosedBenchSettings(method="closed"), "holds no question of split 'test' with options"),
        (PositionBenchSettings(method="position", passages=(1,), sweep=99), "fewer than 99 passages"),
        (RetrieverBenchSettings(method="retriever", retrievers=("meaning",)), "retriever meaning: it does not know en"),
        (RetrieverBenchSettings(method="retriever", baseline="word"), "did you mean words?"),
    ],
)  # fmt: skip
def test_wrong_settings_are_one_line(run, settings, message):
    with pytest.raises(InputError) as error:
        run(settings)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_names_of_conditions():
    assert condition_name({"passages": 5, "order": "reverse"}) == "5 passages, reverse order"
    assert condition_name({"passages": 5, "slot": 2}) == "5 passages, gold in place 2"
    assert condition_name({"distractors": "hard", "count": 8}) == "8 hard"
    assert condition_name({"distractors": "none", "count": 0}) == "no distractors"
