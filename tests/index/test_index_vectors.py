import numpy as np
import pytest

from opora.errors import InputError
from opora.index import word_vectors as module
from opora.index.vectors import Encoder, fit_encoder, lemmas
from opora.index.word_vectors import find_word_vectors, word_vectors


def test_vectors_are_those_of_navec():
    from navec import Navec

    navec = Navec.load(find_word_vectors())
    words = ["срок", "штраф", "паром", "и", "<unk>"]
    assert np.array_equal(word_vectors().rows(words), np.stack([navec[word] for word in words]))


@pytest.mark.parametrize(("word", "known"), [("срок", True), ("паром", True), ("Срок", False), ("ыыъъ", False)])
def test_known_words(word, known):
    assert (word in word_vectors()) is known


@pytest.mark.parametrize(
    ("text", "close", "far"),
    [
        ("штраф", "взыскание", "причал"),
        ("паром", "теплоход", "премия"),
        ("врач осмотрел больного", "доктор лечит пациента", "насос качает воду"),
    ],
)
def test_similar_texts_are_near(text, close, far):
    plain = Encoder({}, 1, np.zeros((0, 300), dtype=np.float32))
    a, b, c = plain.encode([lemmas(each) for each in (text, close, far)])
    assert a @ b > a @ c


def test_vectors_have_length_one_or_zero():
    encoder = fit_encoder([["срок", "хранение"], ["плата"]] * 10, components=1)
    vectors = encoder.encode([["срок"], ["ыыъъ"], [], ["плата", "срок", "ыыъъ"]])
    assert vectors.shape == (4, 300)
    assert np.allclose(np.linalg.norm(vectors, axis=1), [1, 0, 0, 1], atol=1e-5)


@pytest.mark.parametrize(("texts", "wanted", "expected"), [(5, 8, 0), (20, 8, 2), (200, 8, 8), (200, 0, 0), (0, 8, 0)])
def test_common_directions_are_at_most_one_for_ten_texts(texts, wanted, expected):
    words = ["срок", "плата", "паром", "насос", "вода", "дом", "лес", "река", "поле", "город", "море"]
    encoder = fit_encoder([[words[n % 11], words[n % 7]] for n in range(texts)], wanted)
    assert encoder.components.shape == (expected, 300)


def test_rare_words_count_most():
    encoder = fit_encoder([["срок", "паром"], ["срок", "насос"], ["срок", "вода"]], components=0)
    [both, rare, common] = encoder.encode([["срок", "паром"], ["паром"], ["срок"]])
    assert both @ rare > both @ common


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


def test_lemmas_leave_numbers_out():
    assert lemmas("Штрафы за 10 000 дней: ещё 5 %") == ["штраф", "за", "день", "еще"]
