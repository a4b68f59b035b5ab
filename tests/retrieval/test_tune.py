"""Grid search over the settings of the search, cross-validated by document."""

import pytest

from opora.artifacts import Build
from opora.errors import InputError
from opora.records import Example
from opora.retrieval.index.stage import IndexStage
from opora.retrieval.search.searcher import open_index
from opora.retrieval.settings import IndexSettings
from opora.retrieval.tune import SearchPoint, TuningGrid, _clusters, _folds, format_tuning, tune
from opora.validation import Settings
from tests.factories import make_lambdamart

GRID = TuningGrid(dense_weight=(0.0, 0.25, 0.9), candidates=(20, 30), rerank_candidates=(0, 3, 30))


def example(passage, question, number):
    return Example(id=f"q{number}", question=question, answer="!", passages=(passage,), gold=(passage.id,))


@pytest.fixture(scope="module")
def examples(passages):
    questions = [(0, "штраф за хранение"), (1, "скидка студентам"), (2, "когда отходит паром"), (3, "проверка насоса"),
             (5, "storage fine"), (6, "northern pier"), (8, "weight of the pump")]  # fmt: skip
    return [example(passages[place], question, number) for number, (place, question) in enumerate(questions)]


@pytest.fixture(scope="module")
def ranked(corpus):
    """An index with a reranker."""
    with Build(corpus.parent / "train" / "mine", "train reranker", Settings(), {}) as build:
        make_lambdamart().save(build.path / "model")
        build.publish()
    IndexStage(IndexSettings(reranker="train/mine"), corpus, corpus.parent / "ranked").run()
    return open_index(corpus.parent / "ranked")


def settings_of(index):
    return IndexSettings.model_validate(index.manifest.settings)


def test_every_point_scores_as_a_search_with_its_settings(ranked, examples):
    tuning = tune(ranked, examples, GRID, settings_of(ranked))
    assert len(tuning.rows) == 3 * 2 * 3
    for row in tuning.rows:
        settings = settings_of(ranked).model_copy(
            update={**row.point.model_dump(), "rerank_candidates": row.point.rerank_candidates or 1}
        )
        by = "reranked" if row.point.rerank_candidates else "hybrid"
        index = ranked.with_settings(settings)
        rankings = [[hit.passage.id for hit in index.search(question.question, 10, by=by)] for question in examples]
        reciprocal = [
            1 / (1 + ids.index(question.gold[0])) if question.gold[0] in ids else 0
            for question, ids in zip(examples, rankings, strict=True)
        ]
        assert row.scores["mrr"].mean == pytest.approx(sum(reciprocal) / len(reciprocal)), row.point
        first = [ids[:1] == [question.gold[0]] for question, ids in zip(examples, rankings, strict=True)]
        assert row.scores["recall_1"].mean == pytest.approx(sum(first) / len(first))


def test_the_best_point_comes_first_and_the_current_one_wins_ties(index, examples):
    tuning = tune(index, examples, GRID, settings_of(index))
    means = [row.scores["mrr"].mean for row in tuning.rows]
    assert means == sorted(means, reverse=True)
    assert tuning.chosen == tuning.rows[0].point
    assert tuning.current.point == SearchPoint(dense_weight=0.25, candidates=30, rerank_candidates=0, mmr_lambda=1.0)
    if tuning.current.scores["mrr"].mean == means[0]:
        assert tuning.chosen == tuning.current.point
    assert all(not row.point.rerank_candidates for row in tuning.rows)
    assert (tuning.questions, tuning.documents) == (7, 7)


def test_dense_search_is_tried_if_it_is_off(index, passages, examples):
    questions = [*examples, example(passages[2], "теплоход", 9)]
    tuning = tune(index, questions, GRID, settings_of(index).model_copy(update={"dense_weight": 0.0}))
    scores = {row.point.dense_weight: row.scores["mrr"].mean for row in tuning.rows if row.point.candidates == 30}
    assert scores[0.9] > scores[0.0]


def test_printed_lines_fit_the_recipe(ranked, examples):
    text = format_tuning(tune(ranked, examples, GRID, settings_of(ranked)), max_rows=2)
    table, lines = text.split("\nindex:\n")
    assert "dense_weight" in table.splitlines()[0]
    assert any(line.startswith("*") for line in table.splitlines())
    assert any(line.split()[0] in ("=", "*=") for line in table.splitlines()[1:] if line)
    assert "7 questions on 7 documents" in table
    assert "  dense_weight: " in lines
    assert "  candidates: " in lines


@pytest.mark.parametrize("places", [[], [0], [0, 0]])
def test_too_few_documents(index, examples, places):
    with pytest.raises(InputError, match="at least two are needed"):
        tune(index, [examples[place] for place in places], GRID, settings_of(index))


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        (["a", "b", "a"], ["a", "b", "a"]),
        (["ab", "c", "b"], ["a", "c", "a"]),
        (["ab", "bc", "cd", "e"], ["a", "a", "a", "e"]),
        (["a", "c", "abc"], ["a", "a", "a"]),
    ],
)
def test_questions_that_share_a_document_stay_together(documents, expected):
    assert _clusters([frozenset(names) for names in documents]) == expected


def test_folds_consist_of_whole_clusters():
    clusters = [f"d{number % 23}" for number in range(100)]
    folds = _folds(clusters)
    assert set(folds) == set(range(5))
    assert len({(cluster, fold) for cluster, fold in zip(clusters, folds, strict=True)}) == 23
    assert _folds(["a", "b", "a"]) in ([0, 1, 0], [1, 0, 1])
