"""Answers get the passages that state them; nothing else counts as evidence."""

import pytest

from opora.examples.support import find_gold, states_answer
from opora.records import Example, Hit, Passage

TEXTS = {
    "oil": "Масло меняют каждые пятьсот часов. Отработанное масло сдают на склад.",
    "belt": "Ремень меняют каждые две тысячи часов. Натяжение ремня проверяют раз в неделю.",
    "crane": "Кран поднимает 1 200 кг. Осмотр крана проводит мастер.",
}


def passage(name):
    text = TEXTS[name]
    metadata = {"source": f"{name}.txt", "title": "", "language": "ru"}
    return Passage(id=name, document_id=name, text=text, start=0, end=len(text), metadata=metadata)


class AllHits:
    """An index that finds every passage."""

    def search(self, question, top_k):
        return [Hit(passage=passage(name), rank=rank) for rank, name in enumerate(TEXTS, 1)]


def example(question, answer, **more):
    return Example(id="q", question=question, answer=answer, language="ru", **more)


@pytest.mark.parametrize(
    ("question", "answer", "gold"),
    [
        ("Как часто меняют масло?", "Каждые пятьсот часов.", ("oil",)),
        ("Как часто меняют ремень?", "Каждые две тысячи часов.", ("belt",)),
        ("Сколько поднимает кран?", "1200 кг.", ("crane",)),
        ("Сколько поднимает кран?", "Кран поднимает 1300 кг.", ()),
        ("В каком году основан завод?", "Завод основан в 1931 году.", ()),
        ("Меняют ли масло?", "Да.", ()),
        ("Как часто меняют масло?", "", ()),
    ],
)
def test_gold_is_the_passage_that_states_the_answer(question, answer, gold):
    assert find_gold(example(question, answer), AllHits()).gold == gold


def test_own_passages_are_looked_through_first_and_kept():
    own = example("Как часто меняют ремень?", "Каждые две тысячи часов.", passages=(passage("oil"), passage("belt")))
    resolved = find_gold(own, AllHits())
    assert (resolved.gold, len(resolved.passages)) == (("belt",), 2)


def test_refusals_need_no_gold():
    refusal = example("Кто владелец крана?", "В документах нет ответа.", behavior="refuse")
    assert find_gold(refusal, AllHits()) is refusal


def test_marks_do_not_count_as_words_of_an_answer():
    assert states_answer(passage("oil"), example("Как часто?", "Масло меняют каждые пятьсот часов [1]."))
