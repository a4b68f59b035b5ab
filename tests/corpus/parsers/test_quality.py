import pytest

from opora.corpus.parsers.quality import find_suspicions, measure_quality

TEXT = "Ключ от склада хранится у завхоза, который выдаёт его под расписку дежурному мастеру смены. " * 5


def suspicions(text, source=None, format_name="pdf"):
    return [suspicion.detail for suspicion in find_suspicions(measure_quality(text, source), format_name)]


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "L’élève déjà absent paie dix euros à l’école. " * 10,
        "GPS-трекер и 3D-модель отдела IT, файл config.yaml. " * 10,
        "Größere Mengen ÄÖÜ liegen täglich in der Straße. " * 10,
    ],
)
def test_good_text_is_not_accused(text):
    assert suspicions(text, text) == []


DAMAGED = [
    ("РџСЂРёРєР°Р· Рѕ СЃРєР»Р°РґРµ " * 10, "wrong encoding"),
    ("Ïðèêàç î õðàíåíèè çàïàñîâ " * 10, "wrong encoding"),
    ("М(cid:12)слo " * 20, "have no meaning"),
    (TEXT.replace("о", "\ufffd"), "could not be decoded"),
    (TEXT.replace("о", "o").replace("а", "a"), "mix Latin and Cyrillic"),
    ("".join(2 * char for char in TEXT), "every letter twice"),
    (TEXT.swapcase().replace("К", "к") + " хРАНЕНИЕ зАПАСОВ дНЕЙ" * 20, "capitals inside"),
]


@pytest.mark.parametrize(("text", "detail"), DAMAGED)
def test_damage_is_named(text, detail):
    assert any(detail in line for line in suspicions(text))


def test_coverage_is_the_share_of_the_source_that_is_kept():
    assert measure_quality(TEXT[: len(TEXT) // 2], TEXT)["coverage"] == pytest.approx(0.5, abs=0.02)
    assert suspicions(TEXT[: len(TEXT) // 2], TEXT) == ["50% of the text of the file is kept"]
    assert suspicions(TEXT[: len(TEXT) // 2], TEXT, "html") == []


def test_coverage_does_not_depend_on_the_borders_of_words():
    assert measure_quality(TEXT.replace(" склада", "склада"), TEXT.replace("завхоза", "зав-\nхоза"))["coverage"] == 1
