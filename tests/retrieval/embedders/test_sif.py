import json

import numpy as np
import pytest

from opora.errors import InputError
from opora.models.spec import Spec
from opora.retrieval.embedders import navec as module
from opora.retrieval.embedders import sif
from opora.retrieval.embedders.base import Text
from opora.retrieval.embedders.hashed import hashed_vectors
from opora.retrieval.embedders.navec import find_word_vectors, word_vectors
from opora.retrieval.embedders.registry import fit_or_load, open_embedder
from opora.retrieval.embedders.settings import EmbeddingSettings
from opora.retrieval.embedders.sif import SifEmbedder, fit_sif, word_key

NONE = np.zeros((0, 300), dtype=np.float32)


def ru(*texts):
    return [Text(text, "ru") for text in texts]


def test_vectors_are_those_of_navec():
    from navec import Navec

    navec = Navec.load(find_word_vectors())
    words = ["срок", "штраф", "паром", "и", "<unk>"]
    assert np.array_equal(word_vectors().rows(words), np.stack([navec[word] for word in words]))


@pytest.mark.parametrize(("word", "expected"), [("срок", True), ("паром", True), ("Срок", False), ("ыыъъ", False)])
def test_words_of_the_vocabulary(word, expected):
    assert (word in word_vectors()) is expected


def test_the_most_frequent_words_come_first():
    first = word_vectors().frequent(50)
    assert len(first) == 50
    assert {"и", "в", "на"} <= set(first)


@pytest.mark.parametrize(
    ("text", "close", "far"),
    [
        ("штраф", "взыскание", "причал"),
        ("паромы", "теплоходу", "премия"),
        ("врач осмотрел больного", "доктора лечили пациента", "насос качает воду"),
        ("настройка kubernetes", "установить Kubernetes", "установить postgres"),
        ("плагин вебпакер", "вебпакера", "дом"),
    ],
)
def test_similar_texts_are_near(text, close, far):
    a, b, c = SifEmbedder({}, 1, NONE).embed(ru(text, close, far))
    assert a @ b > a @ c


def test_vectors_have_length_one_or_zero():
    embedder = fit_sif(ru("Срок хранения", "Плата") * 10, components=1)
    vectors = embedder.embed([*ru("срок", "ыыъъ", "", "12 345", "плата и срок"), Text("term", "en")])
    assert vectors.shape == (6, 300)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), [1, 1, 0, 0, 1, 0], atol=1e-5)


@pytest.mark.parametrize(
    ("texts", "components", "expected"), [(5, 8, 0), (20, 8, 2), (200, 8, 8), (200, 0, 0), (0, 8, 0)]
)
def test_common_directions_are_at_most_one_for_ten_texts(texts, components, expected):
    words = ["срок", "плата", "паром", "насос", "вода", "дом", "лес", "река", "поле", "город", "море"]
    embedder = fit_sif(ru(*(f"{words[n % 11]} {words[n % 7]}" for n in range(texts))), components)
    assert embedder.components.shape == (expected, 300)


def test_common_directions_are_removed():
    texts = ru(*(f"правила порта {word}" for word in ["срок", "плата", "паром", "насос", "вода"] * 8))
    near, plain = fit_sif(texts, 4), fit_sif(texts, 0)
    a, b = ru("правила порта срок", "правила порта вода")
    assert np.prod(near.embed([a, b]), axis=0).sum() < np.prod(plain.embed([a, b]), axis=0).sum() - 0.1


def test_rare_words_have_the_highest_weight():
    embedder = fit_sif(ru("срок паром", "срок насос", "срок вода"), components=0)
    both, rare, common = embedder.embed(ru("срок паром", "паром", "срок"))
    assert both @ rare > both @ common


def test_other_languages_are_left_out_of_the_fit():
    mixed = fit_sif([*ru("срок паром"), Text("срок term", "en")], 0)
    assert (mixed.size, mixed.counts) == (1, {"срок": 1, "паром": 1})
    assert (mixed.covers("ru"), mixed.covers("en")) == (True, False)


@pytest.mark.parametrize(
    ("form", "key"),
    [
        ("Сроки", "срок"),
        ("ещё", "еще"),
        ("12,5", ""),
        ("Docker", "#docker"),
        ("ыыъъ", "#ыыъъ"),
        ("вы́ставки", "выставка"),
    ],
)
def test_keys(form, key):
    assert word_key(form, "ru") == key


def test_the_cache_is_bounded_and_clearing_it_changes_nothing(monkeypatch):
    texts = ru(*(f"слово{'абвгд'[n % 5] * (n % 7 + 1)} паром {n}" for n in range(40)))
    embedder = fit_sif(texts, 0)
    whole = embedder.embed(texts)
    monkeypatch.setattr("opora.retrieval.embedders.sif.BATCH", 4)
    monkeypatch.setattr("opora.retrieval.embedders.sif.CACHED_ROWS", 6)
    small = SifEmbedder(embedder.counts, embedder.size, embedder.components)
    assert np.allclose(small.embed(texts), whole, atol=1e-6)
    assert len(small._keys) <= 6 + 8


def test_an_index_contains_the_fitted_embedder(tmp_path):
    embedder = fit_or_load("sif", ru(*["срок хранения вещей", "плата за Docker"] * 10), 2)
    embedder.save(tmp_path / "embedder")
    vectors = open_embedder("sif", tmp_path).embed(ru("срок Docker"), "question")
    assert np.array_equal(vectors, embedder.embed(ru("срок Docker")))
    assert list(embedder.identity()) == [module.NAME]


@pytest.mark.parametrize("name", ["counts.parquet", "components.npy", "sif.json"])
@pytest.mark.parametrize("content", [None, b"", b"damage"])
def test_damage_is_one_line(tmp_path, name, content):
    fit_sif(ru("срок"), 0).save(tmp_path)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match="the embedder is damaged"):
        sif.open_embedder(Spec("sif"), tmp_path, EmbeddingSettings())


def test_hashes_are_the_same_in_every_process():
    word, misspelt, unrelated = hashed_vectors(["kubernetes", "kubernets", "postgres"], 300)
    assert np.linalg.norm(word) == pytest.approx(1, abs=1e-5)
    assert word @ misspelt > 0.2 > abs(word @ unrelated)
    assert json.dumps([round(float(value), 4) for value in word[:3]]) == HASH


HASH = "[0.0293, 0.0176, -0.1049]"


@pytest.mark.parametrize("content", [None, b"", b"no tar"])
def test_missing_or_damaged_vectors_are_one_line(tmp_path, monkeypatch, content):
    path = tmp_path / "data" / "emb" / f"{module.NAME}.tar"
    path.parent.mkdir(parents=True)
    if content is not None:
        path.write_bytes(content)
    spec = type("Spec", (), {"submodule_search_locations": [str(tmp_path)]})()
    monkeypatch.setattr(module, "find_spec", lambda _: spec)
    with pytest.raises(InputError, match="pip install --force-reinstall natasha"):
        word_vectors.__wrapped__()
