"""Training of a reranker: synthetic queries, document split, labels, artefact."""

import json
import random

import pytest

from opora.artifacts import Build, read_manifest, write_json_lines, write_parquet
from opora.errors import InputError
from opora.models.backends.scripted import ScriptedModel
from opora.records import Document, Passage
from opora.retrieval.rerankers.registry import open_reranker
from opora.retrieval.settings import IndexSettings
from opora.text.search_terms import search_terms
from opora.train.document_split import RERANKER_FROM, DocumentSplit, split_position
from opora.train.reranker.evaluate import describe_gain, evaluate_reranker
from opora.train.reranker.groups import RankingGroup, group_labelled, group_synthetic
from opora.train.reranker.queries import LabelledQuery, SyntheticQuery, make_queries, read_labelled_queries
from opora.train.reranker.settings import RerankerTrainSettings
from opora.train.reranker.stage import RerankerStage, label_with_model
from opora.validation import Settings
from tests.factories import make_candidate, make_lambdamart, make_query

THINGS = "pump valve boat pier garden lamp bridge ticket locker crane wagon museum hall library tunnel meter".split()
DEEDS = "checked painted moved counted cleaned opened closed measured weighed repaired washed tested".split()
TIMES = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday spring summer autumn winter January March May".split()


def sentence(rng):
    first, second = rng.sample(THINGS, 2)
    return (
        f"The {first} near the {second} is {rng.choice(DEEDS)} every {rng.choice(TIMES)} by crew {rng.randrange(90)}."
    )


def make_documents(count=30, passages=3):
    documents, cut = [], []
    for number in range(count):
        rng = random.Random(number)
        texts = [" ".join(sentence(rng) for _ in range(3)) for _ in range(passages)]
        whole = "\n".join(texts)
        documents.append(
            Document(id=f"d{number}", source=f"en/d{number}.md", title=f"Report {number}", text=whole, language="en")
        )
        for place, text in enumerate(texts):
            start = whole.index(text)
            metadata = {"source": f"en/d{number}.md", "title": f"Report {number}", "language": "en"}
            heading = (f"Part {rng.choice(THINGS)} {rng.choice(DEEDS)}",)
            cut.append(
                Passage(
                    id=f"d{number}-{place}", document_id=f"d{number}", text=text, start=start, end=start + len(text),
                    heading=heading, metadata=metadata,
                )
            )  # fmt: skip
    return documents, cut


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reranker") / "corpus"
    documents, passages = make_documents()
    with Build(folder, "ingest", Settings(), inputs={}) as build:
        write_parquet(build.path / "documents.parquet", documents)
        write_parquet(build.path / "passages.parquet", passages)
        build.publish(counts={"documents": len(documents), "passages": len(passages)})
    return folder


def write_questions(path, passages, **changes):
    rows = []
    for number, passage in enumerate(passages):
        quote = passage.text.split(".")[0]
        row = {"id": f"q{number}", "question": f"Is it so that {quote.lower()}?", "answer": "Yes.", "language": "en",
               "quotes": [{"document": passage.document_id, "text": quote}]}  # fmt: skip
        rows.append({**row, **changes})
    write_json_lines(path, rows)
    return path


SMALL = {"synthetic_queries": 60, "trees": 5, "leaves": 4, "candidates": 10}
INDEX = IndexSettings(embedder="none")


def train_reranker(settings, index_settings, corpus, out):
    return RerankerStage(settings, index_settings, corpus, out).run()


@pytest.fixture(scope="module")
def trained(corpus):
    out = corpus.parent / "train" / "mine"
    return out, train_reranker(RerankerTrainSettings(**SMALL), INDEX, corpus, out)


def test_trained_reranker_artifact(trained):
    out, manifest = trained
    assert sorted(path.name for path in out.iterdir()) == ["manifest.json", "model"]
    assert manifest.stage == "train reranker"
    figures = manifest.results["held_out"]["synthetic"]
    assert figures["questions"] == manifest.counts["questions, held out"] > 3
    assert 0 < figures["before"]["recall_10"] <= 1
    assert set(figures["after"]) == {"recall_1", "recall_5", "recall_10", "mrr"}
    reranker = open_reranker("train/mine", out, out.parents[1])
    assert manifest.models == reranker.identity()
    scores = reranker.score(
        make_query("pump near the pier"), [make_candidate("A garden."), make_candidate("The pump near the pier.")]
    )
    assert scores[1] > scores[0]


def test_trees_depend_on_the_seed(trained, corpus, tmp_path):
    def forest(seed, name):
        return train_reranker(
            RerankerTrainSettings(**SMALL, seed=seed), INDEX, corpus, tmp_path / "train" / name
        ).fingerprint

    assert forest(0, "again") == trained[1].fingerprint != forest(1, "other")


def test_up_to_date(trained, corpus):
    out, manifest = trained
    assert train_reranker(RerankerTrainSettings(**SMALL), INDEX, corpus, out) == manifest
    assert RerankerStage(RerankerTrainSettings(**SMALL), INDEX, corpus, out).build().finished == manifest
    changed = INDEX.model_copy(update={"dense_weight": 0.5})
    assert RerankerStage(RerankerTrainSettings(**SMALL), changed, corpus, out).build().finished is None
    shown = INDEX.model_copy(update={"neighbor_passages": 2, "reranker": "train/mine"})
    assert RerankerStage(RerankerTrainSettings(**SMALL), shown, corpus, out).build().finished == manifest


def test_training_on_labelled_questions(corpus, tmp_path):
    _, passages = make_documents()
    path = write_questions(tmp_path / "questions.jsonl", passages[:45])
    settings = RerankerTrainSettings(**{**SMALL, "synthetic_queries": 0}, questions=path)
    manifest = train_reranker(settings, INDEX, corpus, tmp_path / "train" / "labelled")
    assert manifest.counts["questions, train"] + manifest.counts["questions, held out"] == 45
    assert set(manifest.results["held_out"]) == {"labelled"}
    assert manifest.inputs["questions"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"base": "tree"}, "base 'tree' is unknown; use lambdamart or hf:"),
        ({"base": "hf:"}, "base 'hf:' is unknown"),
        ({"relevance": "best"}, "relevance 'best' is unknown; use gold or llm:MODEL"),
        ({"relevance": "llm:smollm2"}, "set questions to a file"),
        ({"synthetic_queries": 0}, "nothing to train on"),
    ],
)
def test_inconsistent_settings(values, message):
    with pytest.raises(ValueError, match=message):
        RerankerTrainSettings(**values)


def test_missing_file_and_missing_passage(corpus, tmp_path):
    settings = RerankerTrainSettings(questions=tmp_path / "no.jsonl")
    with pytest.raises(InputError, match=r"no\.jsonl: no such file"):
        train_reranker(settings, INDEX, corpus, tmp_path / "out")
    path = write_questions(tmp_path / "q.jsonl", make_documents()[1][:1], quotes=[])
    with pytest.raises(InputError, match="no question has a relevant candidate"):
        train_reranker(RerankerTrainSettings(synthetic_queries=0, questions=path), INDEX, corpus, tmp_path / "out")


def test_read_labelled_queries(corpus, tmp_path):
    _, passages = make_documents()
    path = write_questions(tmp_path / "q.jsonl", passages[:2])
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows += [
        {**rows[0], "id": "t", "split": "test"},
        {"id": "n", "question": "Who?", "answer": "?", "behavior": "refuse"},
    ]
    write_json_lines(path, rows)
    queries = read_labelled_queries(path, corpus)
    assert [(query.example.id, sorted(query.gold), query.documents) for query in queries] == [
        ("q0", ["d0-0"], ("d0",)), ("q1", ["d0-1"], ("d0",)), ("n", [], ("question n",)),
    ]  # fmt: skip


def test_make_queries():
    _, passages = make_documents()
    queries = make_queries(passages, 50, seed=0)
    assert len(queries) == 50
    assert queries == make_queries(passages, 50, seed=0) != make_queries(passages, 50, seed=1)
    assert make_queries(passages, 10, seed=0) == queries[:10]
    by_id = {passage.id: passage for passage in passages}
    for query in queries:
        passage = by_id[query.passage_id]
        terms = set(search_terms(query.text, "en"))
        if query.sentence:
            assert query.sentence in passage.text
            assert terms <= set(search_terms(query.sentence, "en"))
            assert len(search_terms(passage.text.replace(query.sentence, ""), "en")) >= 4
        else:
            assert terms <= set(search_terms(" ".join(passage.heading), "en"))
    assert {bool(query.sentence) for query in queries} == {True, False}


@pytest.mark.parametrize("text", ["", "One.", "| a | b |\n|---|---|", "🙂 🙂", "Short one. Also short."])
def test_short_passage_gives_no_query(text):
    passage = Passage(id="p", document_id="d", text=text, start=0, end=len(text), metadata={"language": "en"})
    assert make_queries([passage], 5, seed=0) == []


HELD = "The pump near the pier is checked every Monday."
REST = "Crew nine repaired the old crane. The hall has lamps."


def search_returning(*candidates):
    return lambda text: (make_query(text, vector=[1.0]), list(candidates))


def test_every_passage_with_the_sentence_is_relevant():
    copy = make_candidate(f"{REST} {HELD}", id="copy", bm25=6.0, document="e")
    own = make_candidate(f"{HELD} {REST}", id="own", bm25=8.0)
    unrelated = make_candidate("The pump hall.", id="unrelated", bm25=2.0)
    group = group_synthetic(
        search_returning(copy, own, unrelated), SyntheticQuery("pump pier monday", "d", "own", (), HELD)
    )
    assert group.relevance == [1.0, 1.0, 0.0]
    assert group.candidates == [copy, own, unrelated]


def test_heading_query_removes_headings():
    below = [make_candidate(f"{REST} {n}", id=f"p{n}", heading=("Old cranes",), bm25=3.0) for n in range(2)]
    unrelated = make_candidate("Old boats.", id="x", heading=("Boats",), bm25=1.0, document="e")
    group = group_synthetic(
        search_returning(*below, unrelated), SyntheticQuery("Old cranes", "d", "p0", ("Old cranes",))
    )
    assert group.relevance == [1.0, 1.0, 0.0]
    assert all(not candidate.heading_terms and not candidate.data["heading"] for candidate in group.candidates)
    assert 0 < group.candidates[0].bm25 < 3.0
    assert 1.0 < group.candidates[2].bm25 < 1.2
    assert group.query.vector is None


def test_document_split():
    ids = [f"d{number}" for number in range(2000)]
    positions = [split_position(document_id, 0) for document_id in ids]
    assert 0 <= min(positions) < 0.01
    assert 0.99 < max(positions) < 1
    assert positions != [split_position(document_id, 1) for document_id in ids]
    for split, seen, held_out in ((DocumentSplit(0, 0.0), 0.0, 0.2), (DocumentSplit(0, RERANKER_FROM), 0.55, 0.09)):
        names = [split.part([document_id]) for document_id in ids]
        assert names.count("seen") / 2000 == pytest.approx(seen, abs=0.03)
        assert names.count("held out") / 2000 == pytest.approx(held_out, abs=0.03)
    split = DocumentSplit(0, 0.0)
    held, train = (
        ids[names.index("held out")],
        next(document_id for document_id in ids if split.part([document_id]) == "train"),
    )
    assert split.part([held, train]) == "mixed"


def group(relevance, bm25, synthetic=True, answer=""):
    passages = [make_candidate("pump pier", id=f"p{n}", bm25=score) for n, score in enumerate(bm25)]
    passages[-1] = make_candidate("The crane.", id="last", bm25=bm25[-1])
    return RankingGroup(make_query("crane"), passages, relevance, ("d",), synthetic, answer=answer)


def test_evaluate_reranker():
    groups = [
        group([0.0, 0.0, 1.0], [3.0, 2.0, 1.0]),
        group([0.0, 1.0, 0.0], [3.0, 2.0, 1.0], synthetic=False),
        group([0.0] * 2, [2, 1]),
    ]
    metrics = evaluate_reranker(make_lambdamart(), groups, 0.2)
    assert metrics["synthetic"]["before"]["recall_1"] == 0.0
    assert metrics["synthetic"]["after"]["recall_1"] == 0.5
    assert metrics["synthetic"]["before"]["mrr"] == pytest.approx((1 / 3) / 2)
    assert metrics["labelled"]["before"]["mrr"] == 0.5
    assert metrics["labelled"]["after"]["mrr"] == pytest.approx(1 / 3)
    assert metrics["synthetic"]["gain_recall_1"]["mean"] == 0.5
    assert metrics["synthetic"]["questions"] == 2


def test_describe_gain():
    better = evaluate_reranker(make_lambdamart(), [group([0.0, 0.0, 1.0], [3.0, 2.0, 1.0])], 0.2)
    worse = evaluate_reranker(make_lambdamart(), [group([1.0, 0.0, 0.0], [3.0, 2.0, 1.0])], 0.2)
    assert "recall@1 0.000 -> 1.000" in describe_gain(better)
    assert "worse" not in describe_gain(better)
    assert "synthetic queries predict little" in describe_gain(better)
    labelled = evaluate_reranker(make_lambdamart(), [group([0.0, 0.0, 1.0], [3.0, 2.0, 1.0], synthetic=False)], 0.2)
    assert "predict little" not in describe_gain(labelled)
    assert "recall@1 1.000 -> 0.000" in describe_gain(worse)
    assert "ranking got worse: do not use it as index.reranker" in describe_gain(worse)
    assert "no documents were held out" in describe_gain({})


def test_label_with_model():
    model = ScriptedModel([("The crane", "The crane.")])
    [labelled] = label_with_model([group([1.0, 0.0, 0.0], [3.0, 2.0, 1.0], answer="The crane.")], model)
    assert labelled.relevance[2] == 1.0
    assert labelled.relevance[0] < 0.1
    [unlabelled] = label_with_model([group([1.0, 0.0, 0.0], [3.0, 2.0, 1.0])], model)
    assert unlabelled.relevance == [1.0, 0.0, 0.0]


def test_training_on_labels_of_a_model(corpus, tmp_path):
    _, passages = make_documents()
    script = tmp_path / "script.jsonl"
    write_json_lines(script, [{"match": "pump", "answer": "Yes."}])
    path = write_questions(tmp_path / "q.jsonl", passages[:20], quotes=[])
    settings = RerankerTrainSettings(
        **{**SMALL, "synthetic_queries": 0}, questions=path, relevance=f"llm:scripted:{script}"
    )
    manifest = train_reranker(settings, INDEX, corpus, tmp_path / "train" / "reward")
    assert manifest.counts["questions, train"] > 10
    assert manifest.results["held_out"] == {}
    assert read_manifest(tmp_path / "train" / "reward").files.keys() == {"model/lambdamart.txt"}


def test_group_labelled():
    example = json.loads('{"id": "q", "question": "crane", "answer": "Nine.", "language": "en"}')
    from opora.records import Example

    query = LabelledQuery(Example(**example), frozenset({"b"}), ("d",))
    group = group_labelled(
        search_returning(make_candidate("The crane.", id="a"), make_candidate("A crane.", id="b")), query
    )
    assert (group.relevance, group.answer, group.synthetic) == ([0.0, 1.0], "Nine.", False)
