"""Training of an embedder: pairs, artefact, resuming after a kill."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from opora.artifacts import Build, write_json_lines, write_parquet
from opora.errors import InputError
from opora.records import Document, Passage
from opora.retrieval.embedders.base import Text
from opora.retrieval.embedders.registry import open_embedder
from opora.retrieval.embedders.sif import fit_sif
from opora.train.document_split import EMBEDDER_UNTIL, split_position
from opora.train.embedder.pairs import (
    arrange_batches,
    corpus_pairs,
    find_related_passages,
    question_pairs,
    read_embedder_data,
)
from opora.train.embedder.settings import EmbedderTrainSettings
from opora.train.embedder.stage import EmbedderStage
from opora.train.embedder.static_table import choose_stems, longest_stem, make_table
from opora.validation import Settings

THINGS = ["паром", "насос", "склад", "причал", "архив", "сервер", "трактор", "музей", "котёл", "вагон"]
DEEDS = ["ремонтируют весной", "проверяют осенью", "закрывают зимой", "красят летом", "осматривают утром"]


def passage_of(number):
    thing, deed = THINGS[number % 10], DEEDS[number // 10 % 5]
    text = (
        f"Этот {thing} номер {number} {deed} по приказу. "
        f"Бригада мастера Зорина {number} принимает {thing} под роспись. "
        f"Журнал осмотра хранит {DEEDS[(number + 1) % 5]} отдельный сотрудник."
    )
    id_ = f"d{number}"
    metadata = {"source": f"{id_}.md", "title": "", "language": "ru"}
    heading = ("Правила", f"{thing} {number}")
    return Passage(
        id=f"{id_}-0", document_id=id_, text=text, start=0, end=len(text), heading=heading, metadata=metadata
    )


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("embedder") / "corpus"
    passages = [passage_of(number) for number in range(60)]
    documents = [
        Document(id=passage.document_id, source=f"{passage.document_id}.md", title="", text=passage.text, language="ru")
        for passage in passages
    ]
    with Build(folder, "ingest", Settings(), {}) as build:
        write_parquet(build.path / "passages.parquet", passages)
        write_parquet(build.path / "documents.parquet", documents)
        build.publish(counts={"passages": len(passages)})
    return folder


def settings(**changes):
    return EmbedderTrainSettings(**{"epochs": 1, "batch_size": 8, "vocabulary": 500, "device": "cpu", **changes})


@pytest.fixture(autouse=True)
def few_words(monkeypatch):
    monkeypatch.setattr("opora.train.embedder.static_table.MORE_WORDS", 50)


def train_embedder(settings, corpus, out):
    return EmbedderStage(settings, corpus, out).run()


def rows_below(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_trained_embedder_artifact(corpus, tmp_path):
    from sentence_transformers import SentenceTransformer

    out = tmp_path / "train" / "dense"
    manifest = train_embedder(settings(), corpus, out)
    names = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    assert not [name for name in names if "checkpoint" in name or name.endswith((".bin", ".pt", ".pth"))]
    assert {"README.md", "log.jsonl", "manifest.json", "model/README.md", "model/model.safetensors"} <= set(names)
    log = rows_below(out / "log.jsonl")
    assert (log[0]["step"], log[-1]["step"]) == (0, manifest.counts["steps"])
    assert log[0]["recall@1"] == manifest.results["before"]["recall@1"]
    assert manifest.results["after"]["mrr"] == log[-1]["mrr"]
    assert [row["loss"] for row in log[1:-1]]
    embedder = open_embedder("train/dense", None, root=tmp_path)
    texts = ["Этот паром ремонтируют", "журналы осмотров", "неслыханное", ""]
    expected = SentenceTransformer(str(out / "model"), device="cpu").encode(texts)
    assert np.allclose(embedder.embed([Text(text, "ru") for text in texts]), expected, atol=1e-5)
    assert (embedder.covers("ru"), embedder.covers("en")) == (True, False)
    assert train_embedder(settings(), corpus, out) == manifest


def test_training_improves_retrieval(corpus, tmp_path):
    manifest = train_embedder(settings(epochs=6), corpus, tmp_path / "more")
    losses = [row["loss"] for row in rows_below(tmp_path / "more" / "log.jsonl") if "loss" in row]
    assert losses[-1] < losses[0] - 0.2
    assert manifest.results["after"]["mrr"] > manifest.results["before"]["mrr"]


@pytest.mark.parametrize("changes", [{}, {"loss": "contrastive"}, {"loss": "triplet"}, {"hard_negatives": 2}])
def test_same_seed_gives_same_weights(corpus, tmp_path, changes):
    first, second = (train_embedder(settings(**changes), corpus, tmp_path / name) for name in ("a", "b"))
    assert first.fingerprint == second.fingerprint
    third = train_embedder(settings(**changes, seed=1), corpus, tmp_path / "c")
    assert third.files["model/model.safetensors"] != first.files["model/model.safetensors"]


def test_no_training_on_documents_of_the_reranker(corpus):
    data = read_embedder_data(settings(), corpus)
    train = {data.passages[pair.passage].document_id for pair in data.train}
    valid = {data.passages[pair.passage].document_id for pair in data.valid}
    assert all(split_position(document_id, 0) < EMBEDDER_UNTIL for document_id in train)
    assert all(split_position(document_id, 0) >= EMBEDDER_UNTIL for document_id in valid)
    assert len(train) + len(valid) == 60


def test_pair_is_a_sentence_and_the_rest_of_its_passage():
    [passage] = [passage_of(3)]
    pairs = corpus_pairs([passage], find_related_passages([passage]), per_passage=2, seed=0)
    assert len(pairs) == 3
    for pair in pairs[:2]:
        assert pair.anchor in passage.text
        assert pair.anchor not in pair.positive
        assert pair.positive.startswith("Правила причал 3 ")
    assert (pairs[2].anchor, pairs[2].positive) == ("Правила причал 3", passage.text)


def test_copies_and_overlaps_are_related():
    base = passage_of(0)
    copy = passage_of(0).model_copy(update={"id": "copy-0", "document_id": "copy", "text": base.text + " Ещё слово."})
    beside = base.model_copy(update={"id": "d0-1", "start": 100, "end": 300, "text": passage_of(7).text})
    after = base.model_copy(update={"id": "d0-2", "start": 900, "end": 999, "text": passage_of(18).text})
    assert find_related_passages([base, copy, beside, after]) == [
        frozenset({0, 1, 2}), frozenset({0, 1}), frozenset({0, 2}), frozenset({3}),
    ]  # fmt: skip


def test_batches_have_no_false_negatives():
    passages = [passage_of(number % 20).model_copy(update={"id": f"p{number}"}) for number in range(60)]
    pairs = corpus_pairs(passages, find_related_passages(passages), per_passage=2, seed=0)
    batches = arrange_batches(pairs, 8, seed=0)
    placed = [number for batch in batches for number in batch]
    assert len(placed) == len(set(placed))
    assert len(placed) > 0.9 * len(pairs)
    for batch in batches:
        for number in batch:
            other_passages = {pairs[other].passage for other in batch if other != number}
            assert other_passages.isdisjoint(pairs[number].related)
        assert len({pairs[number].anchor for number in batch}) == len(batch)
    assert arrange_batches(pairs, 8, seed=0) == batches != arrange_batches(pairs, 8, seed=1)


def write_question(path, **changes):
    quote = {"document": "d3", "text": "Бригада мастера Зорина 3 принимает причал под роспись."}
    row = {"id": "q1", "question": "Кто принимает причал?", "answer": "Бригада.", "quotes": [quote], **changes}
    write_json_lines(path, [row])
    return path


def test_training_on_questions(corpus, tmp_path):
    data = read_embedder_data(settings(), corpus)
    numbers = [n for n, passage in enumerate(data.passages) if split_position(passage.document_id, 0) < EMBEDDER_UNTIL]
    number = int(data.passages[numbers[0]].document_id[1:])
    thing = THINGS[number % 10]
    quote = {"document": f"d{number}", "text": f"Бригада мастера Зорина {number} принимает {thing} под роспись."}
    path = write_question(tmp_path / "q.jsonl", quotes=[quote])
    manifest = train_embedder(settings(questions=path, hard_negatives=1), corpus, tmp_path / "out")
    assert manifest.counts["questions"] == 1
    assert "questions" in manifest.inputs


@pytest.mark.parametrize("changes", [{"split": "test"}, {"quotes": []}])
def test_file_without_questions_to_train_on(corpus, tmp_path, changes):
    path = write_question(tmp_path / "q.jsonl", **changes)
    with pytest.raises(InputError, match="no question to train on"):
        question_pairs(path, [], [passage_of(3)], [frozenset({0})])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"base": "openai:m@http://localhost/v1"}, "base .* cannot be fine-tuned; use sif or hf:NAME-OR-PATH"),
        ({"base": "siff"}, "cannot be fine-tuned"),
        ({"mlm_epochs": 1}, "mlm_epochs needs an hf: base"),
        ({"loss": "triplet", "hard_negatives": 0}, "needs a hard negative"),
    ],
)
def test_wrong_settings(values, message):
    with pytest.raises(ValueError, match=message):
        EmbedderTrainSettings(**values)


def test_too_small_a_corpus(tmp_path):
    with Build(tmp_path / "corpus", "ingest", Settings(), {}) as build:
        write_parquet(build.path / "passages.parquet", [passage_of(0).model_copy(update={"text": "Два слова."})])
        build.publish()
    with pytest.raises(InputError, match="only 0 of"):
        train_embedder(settings(), tmp_path / "corpus", tmp_path / "out")


def test_static_table_gives_sif_vectors(corpus):
    texts = [Text(f"{' '.join(p.heading)} {p.text}", "ru") for p in map(passage_of, range(60))]
    texts += [Text("Люди идут, человек шёл; вы́ставочный зал — 12 м² и Docker’s API, e-mail", "ru")]
    sif = fit_sif(texts, 4)
    tokenizer, rows = make_table(texts, 4, 500)
    for text, expected in zip(texts, sif.embed(texts), strict=True):
        ids = tokenizer.encode(text.text).ids
        vector = rows[ids].sum(axis=0)
        assert vector / np.linalg.norm(vector) @ expected == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    "words",
    [
        {"срок": ["срок", "срока", "сроки"], "сорок": ["сорок", "сорока"], "сорока": ["сороки", "сороке"]},
        {"человек": ["человек", "человеку", "люди", "людям"], "людный": ["людный", "людная"]},
        {"идти": ["шла", "иду"], "и": ["и"], "идол": ["идол", "идола"], "a": ["a"]},
        {"дом": ["дом", "дома"], "домашний": ["домашний", "домашних"], "дома": ["домой"]},
    ],
)
def test_each_form_is_mapped_to_its_word(words):
    stems = choose_stems(words)
    for key, forms in words.items():
        assert {stems[longest_stem(form, stems)] for form in forms} == {key}


def make_bert(folder):
    """A model of sentence-transformers with one layer, random weights, words of the corpus."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertForMaskedLM, PreTrainedTokenizerFast

    words = sorted({word for number in range(60) for word in passage_of(number).text.replace(".", " ").split()})
    tokenizer = Tokenizer(models.WordLevel({w: n for n, w in enumerate(["[PAD]", "[UNK]", "[MASK]", *words])}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    names = {"unk_token": "[UNK]", "pad_token": "[PAD]", "mask_token": "[MASK]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(str(folder / "bert"))
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = BertConfig(vocab_size=len(words) + 3, max_position_embeddings=64, **sizes)
    BertForMaskedLM(config).save_pretrained(str(folder / "bert"))
    model = SentenceTransformer(modules=[Transformer(str(folder / "bert")), Pooling(16)], device="cpu")
    model.save(str(folder / "model"), create_model_card=False)
    return folder / "model"


def test_transformer_after_masked_pretraining(corpus, tmp_path):
    from safetensors.numpy import load_file

    base = make_bert(tmp_path)
    options = {"base": f"hf:{base}", "lr": 1e-3, "max_tokens": 32}
    plain = train_embedder(settings(**options), corpus, tmp_path / "plain")
    read = train_embedder(settings(**options, mlm_epochs=2), corpus, tmp_path / "read")
    weights = [
        load_file(str(folder / "model.safetensors"))
        for folder in (base, tmp_path / "plain/model", tmp_path / "read/model")
    ]
    name = "encoder.layer.0.attention.self.query.weight"
    assert len({tensors[name].tobytes() for tensors in weights}) == 3
    assert not list((tmp_path / "read").glob("*masked*"))
    assert plain.models[f"hf:{base}"] == read.inputs["base"]
    (tmp_path / "train").mkdir()
    (tmp_path / "read").rename(tmp_path / "train" / "read")
    vectors = open_embedder("train/read", None, root=tmp_path).embed([Text("паром осматривают", "ru")], "question")
    assert np.linalg.norm(vectors) == pytest.approx(1, abs=1e-4)


KILLED = """
import sys
from pathlib import Path
import opora.train.embedder.static_table as table
from opora.train.embedder.stage import EmbedderStage
from opora.train.embedder.settings import EmbedderTrainSettings
table.MORE_WORDS = 50
settings = EmbedderTrainSettings(epochs=12, batch_size=8, vocabulary=500, device="cpu", checkpoint_every=5)
print(EmbedderStage(settings, Path(sys.argv[1]), Path(sys.argv[2])).run().fingerprint)
"""


@pytest.mark.slow
def test_killed_run_resumes_with_the_same_weights(corpus, tmp_path):
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(corpus), str(tmp_path / "one")], env=os.environ)
    checkpoints = tmp_path / ".one.partial" / "checkpoints"
    while process.poll() is None and not list(checkpoints.glob("checkpoint-*/trainer_state.json")):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert list(checkpoints.glob("checkpoint-*"))
    assert not (tmp_path / "one").exists()
    runs = [
        subprocess.run(
            [sys.executable, "-c", KILLED, str(corpus), str(tmp_path / name)], capture_output=True, text=True
        )
        for name in ("one", "two")
    ]
    assert len(runs[0].stdout) == 65, runs[0].stderr
    assert runs[0].stdout == runs[1].stdout
