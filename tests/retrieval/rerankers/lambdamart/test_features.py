"""Features of candidates, with values computed by hand."""

import time

import numpy as np
import pytest

from opora.retrieval.rerankers.lambdamart.features import NAMES, compute_features
from opora.retrieval.rerankers.lambdamart.question_types import TYPES, question_type
from tests.factories import make_candidate, make_query


def values(name, question, *candidates):
    return [round(float(value), 3) for value in compute_features(question, candidates)[:, NAMES.index(name)]]


FERRY = "How many boats leave the northern pier?"
SIX = "Six boats leave the northern pier every morning."
FAR = "Boats are painted in spring. " + "The harbour office sells tickets and maps. " * 6 + "The pier is northern."


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bm25", [1.0, 0.5, 0.0]),
        ("bm25_rank", [1.0, 0.5, 0.0]),
        ("bm25_gap", [0.5, -0.5, -1.0]),
        ("cosine", [0.2, 0.8, 0.4]),
        ("cosine_share", [0.25, 1.0, 0.5]),
        ("cosine_rank", [0.333, 1.0, 0.5]),
        ("cosine_gap", [-0.75, 0.5, -0.5]),
        ("both", [0.625, 0.75, 0.25]),
    ],
)
def test_scores_relative_to_the_best(name, expected):
    candidates = [
        make_candidate(SIX, bm25=8, cosine=0.2),
        make_candidate(SIX, bm25=4, cosine=0.8),
        make_candidate(SIX, bm25=0, cosine=0.4),
    ]
    assert values(name, make_query(FERRY), *candidates) == expected


def test_features_do_not_depend_on_the_scale_of_scores():
    small = [make_candidate(SIX, bm25=2, cosine=0.2), make_candidate(FAR, bm25=1, cosine=0.1)]
    large = [make_candidate(SIX, bm25=20, cosine=0.2), make_candidate(FAR, bm25=10, cosine=0.1)]
    assert np.array_equal(compute_features(make_query(FERRY), small), compute_features(make_query(FERRY), large))


def test_the_cosine_of_a_bm25_hit_comes_from_its_vector():
    question = make_query(FERRY, vector=np.array([0.6, 0.8], dtype=np.float32))
    candidates = [make_candidate(SIX, vector=[1, 0]), make_candidate(SIX, vector=[-1, 0])]
    assert values("cosine", question, *candidates) == [0.6, 0.0]


@pytest.mark.parametrize(
    ("name", "question", "text", "expected"),
    [
        ("passage_share", "storage fee", "The fee is high.", 0.25),
        ("passage_share", "storage fee", "Nothing of it.", 0.0),
        ("rarest", "storage fee", "The fee is high.", 0.0),
        ("rarest", "storage fee", "The storage is full.", 1.0),
        ("missing", "storage fee", "The storage is full.", 0.25),
        ("missing", "storage fee", "The storage fee.", 0.0),
        ("saturated", "fee", "A fee, a fee.", 0.625),
        ("density", "storage fee", "storage fee rises today", 0.5),
        ("ordered", "storage fee", "the storage fee rises", 1.0),
        ("ordered", "storage fee", "a fee of storage rises", 0.0),
        ("unordered", "storage fee", "a fee of storage rises", 1.0),
        ("unordered", "storage fee", "fee one two three four five storage", 0.0),
        ("window_share", "storage fee", "storage fee", 1.0),
        ("window_share", "storage fee", "storage " + "pier " * 40 + "fee", 0.75),
        ("window_density", "storage fee", "storage fee rises", 1.0),
        ("window_density", "storage fee", "storage rises again fee", 1.0),
        ("rare_distance", "storage fee", "storage rises again fee", 0.333),
        ("rare_distance", "storage fee", "storage rises", 0.0),
        ("first", "storage fee", "pier harbour storage fee", 0.5),
        ("first", "storage fee", "pier harbour", 0.0),
        ("question_numbers", "fee of 12 euro", "The fee.", 1.0),
        ("question_numbers", "the fee", "The fee.", 0.0),
        ("numbers_share", "fee of 12 euro", "12 euro", 1.0),
        ("numbers_share", "fee of 12 euro", "13 euro", 0.0),
        ("numbers_density", "fee", "12 and 13 euro fee", 0.5),
        ("question_names", "Where does Marta Lind live?", "Marta Lind", 1.0),
        ("question_names", "Where does she live?", "Marta Lind", 0.0),
        ("names_share", "Where does Marta Lind live?", "Marta lives here.", 0.5),
        ("names_share", "Where does Marta Lind live?", "She lives here.", 0.0),
        ("table", "fee", "| fee | 12 |\n|---|---|", 1.0),
        ("table", "fee", "the fee | 12", 0.0),
        ("dates", "fee", "In 1998, 1999 and 2004.", 1.0),
        ("dates", "fee", "In 1998.", 0.333),
        ("evidence", "When did it open?", "In 1998.", 0.333),
        ("evidence", "Who opened it?", "In 1998.", 0.0),
        ("evidence", "Who opened it?", "it was Marta", 1.0),
        ("evidence", "How many boats?", "12 boats", 0.5),
        ("question_terms", "storage fee", "fee", 2.0),
        ("question_terms", " ".join(f"word{n}" for n in range(40)), "fee", 20.0),
    ],
)  # fmt: skip
def test_features_of_one_passage(name, question, text, expected):
    idf = {"storag": 3.0}
    assert values(name, make_query(question, idf=idf), make_candidate(text)) == [pytest.approx(expected, abs=1e-3)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("heading_share", 0.5), ("heading_precision", 0.333), ("title_share", 0.5), ("any_share", 0.5)],
)
def test_features_of_headings(name, expected):
    candidate = make_candidate("Nothing of it.", title="Fee", heading=("Harbour rules",))
    assert values(name, make_query("storage fee"), candidate) == [expected]


def test_length_relative_to_the_mean():
    assert values("length", make_query("fee"), make_candidate("fee " * 10), make_candidate("fee " * 30)) == [0.5, 1.5]


def test_the_language():
    candidates = [make_candidate("fee"), make_candidate("плата", language="ru")]
    assert values("same_language", make_query("fee"), *candidates) == [1.0, 0.0]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Сколько стоит проезд?", "how_many"), ("Какой срок хранения груза?", "how_many"),
        ("How long is the pier?", "how_many"),
        ("Когда открыли причал?", "when"), ("В каком году открыли причал?", "when"),
        ("What year was it built?", "when"),
        ("Кто построил причал?", "who"), ("Whose boat is it?", "who"),
        ("Где стоит насос?", "where"), ("In which city is the office?", "where"),
        ("Почему насос остановили?", "why"), ("Why did it stop?", "why"),
        ("Как проверяют насос?", "how"), ("How is the pump checked?", "how"),
        ("Что проверяют раз в год?", "what"), ("Какие насосы проверяют?", "what"), ("Which pump is checked?", "what"),
        ("Нужно ли проверять насос?", "yes_or_no"), ("Причал открыт?", "yes_or_no"), ("Is the pier open?", "yes_or_no"),
        ("Could anyone who paid enter?", "yes_or_no"), ("проверка насоса", "statement"), ("pump check", "statement"),
        ("Приказ о какао", "statement"), ("", "statement"),
    ],
)  # fmt: skip
def test_types_of_questions(question, expected):
    assert question_type(question) == expected
    row = compute_features(make_query(question), [make_candidate("fee")])[0]
    chosen = [name for name in TYPES if row[NAMES.index(f"asks_{name}")]]
    assert chosen == [expected]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Кто такой Пётр Лунин?", 1.0), ("Что делает команда rebase?", 1.0), ("Что пишут в ГОСТ?", 1.0),
        ("ЖКХ отвечает за это?", 1.0), ("Насос проверили. Когда это было?", 0.0), ("Паром стоит?", 0.0),
        ("Pumps are checked?", 1.0), ("rebase команда", 1.0),
    ],
)  # fmt: skip
def test_names_differ_from_starts_of_sentences(question, expected):
    assert values("question_names", make_query(question, "ru"), make_candidate("насос", language="ru")) == [expected]


@pytest.mark.parametrize("text", ["", " ", "?", "!!!", "🙂", "\x00", "1", "の" * 300, "a" * 5000, "«", "| | |"])
def test_any_text_gives_finite_numbers(text):
    for question in (make_query(text), make_query("storage fee"), make_query(text, "ru")):
        rows = compute_features(
            question, [make_candidate(text), make_candidate(SIX, bm25=0), make_candidate(text, language="ru", bm25=0)]
        )
        assert rows.shape == (3, len(NAMES))
        assert np.isfinite(rows).all()


def test_no_candidates_give_no_rows():
    assert compute_features(make_query("fee"), []).shape == (0, len(NAMES))


def test_names_of_features_are_unique():
    assert len(set(NAMES)) == len(NAMES)


def test_thirty_candidates_take_little_time():
    text = f"{SIX} {'The garden committee of Anna Wolf planted 12 trees near an old library in spring. ' * 9}"
    question = make_query("How many boats leave the northern pier of Marta Lind in 1998 every morning?")
    times = []
    for _ in range(10):
        candidates = [make_candidate(f"{text} {n}", id=f"p{n}") for n in range(30)]
        began = time.process_time()
        compute_features(question, candidates)
        times.append(time.process_time() - began)
    assert min(times) < 0.015
    assert len(candidates[0].terms) > 80
