"""A verdict is parsed from JSON and from anything close to it; an ambiguous reply has none."""

import pytest

from opora.bench.judge.parse import FORMS, NoVerdictError, parse_verdict

WHOLE = '{"reason": "All is said.", "score": 4, "correct": 1}'


@pytest.mark.parametrize(
    ("text", "value", "correct"),
    [
        (WHOLE, 4, True),
        (f"```json\n{WHOLE}\n```", 4, True),
        (f"Let me see.\n\n{WHOLE}\n\nI hope this helps {{you}}.", 4, True),
        (f"{WHOLE}\n{WHOLE}", 4, True),
        ('{"result": {"reason": "r", "score": 2, "correct": 0}}', 2, False),
        ('{"reason": "two\nlines", "score": 4, "correct": true,}', 4, True),
        ("{'reason': 'it is not', 'score': 2, 'correct': False}", 2, False),
        ('{"reason": "r", "score": "4/5", "correct": "yes"}', 4, True),
        ('{"reason": "r", "score": 3.0, "correct": "No."}', 3, False),
        ('{"Обоснование": "всё есть", "Оценка": "5 из 5", "Верно": "да"}', 5, True),
        ('{"reason": "r", "оценка": 5, "correct": "верно"}', 5, True),
        ('{"reason": "r", "оценка": 2, "correct": "неверно"}', 2, False),
        ("Обоснование: всё есть.\nОценка: 5/5\nВерно: да", 5, True),
        ("**Reason:** it is there\n**Score:** 4\n**Correct:** true", 4, True),
        ("«score»: 4, «correct»: «верно»", 4, True),
        ('{"reason": "cut off", "score": 2, "correct": 0', 2, False),
        ('{"score": 5, "correct": 1, "reason": "it says so in the exc', 5, True),
        ('<think>Perhaps {"score": 1, "correct": 0}?</think>' + WHOLE, 4, True),
    ],
)
def test_a_verdict_is_parsed(text, value, correct):
    verdict = parse_verdict(text, FORMS["score"])
    assert (verdict.value, verdict.correct) == (value, correct)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The answer is good.",
        '{"reason": "cut off before the end", "score": 4, "corr',
        '{"reason": "r", "score": 7, "correct": 1}',
        '{"reason": "r", "score": 4.5, "correct": 1}',
        '{"reason": "r", "score": -1, "correct": 0}',
        '{"reason": "r", "score": "8/10", "correct": 1}',
        '{"reason": "r", "score": true, "correct": 1}',
        '{"reason": "r", "score": 4, "correct": "partly"}',
        '{"score": 5, "score": 3, "correct": 1}',
        '{"score": 5, "оценка": 3, "correct": 1}',
        '{"score": 5, "correct": 1} or rather {"score": 3, "correct": 0}',
        "Score: 4\nScore: 2\nCorrect: yes",
        "Неверно: да. Оценка: 4",
        '{"reason": "r", "score": 5, "correct": 0}',
        '{"reason": "r", "score": 1, "correct": 1}',
        '{"reason": "…", "score": a number from 1 to 5, "correct": 1 or 0}',
    ],
)
def test_an_ambiguous_reply_has_no_verdict(text):
    with pytest.raises(NoVerdictError):
        parse_verdict(text, FORMS["score"])


def test_the_reason_is_kept():
    assert parse_verdict(WHOLE, FORMS["score"]).reason == "All is said."
    assert parse_verdict("Обоснование: всё есть\nОценка: 5\nВерно: да", FORMS["score"]).reason == "всё есть"
    assert parse_verdict("{'reason': 'cut', 'score': 2, 'correct': 0", FORMS["score"]).reason == "cut"


@pytest.mark.parametrize(
    ("text", "form", "value", "correct"),
    [
        ('{"reason": "r", "correct": true, "grade": 3}', "grade", 3, True),
        ('{"reason": "r", "correct": false, "grade": 0}', "grade", 0, False),
        ('{"reason": "the first", "better": 1}', "pair", 1, None),
        ("Лучше: 2", "pair", 2, None),
    ],
)
def test_other_templates(text, form, value, correct):
    verdict = parse_verdict(text, FORMS[form])
    assert (verdict.value, verdict.correct) == (value, correct)
