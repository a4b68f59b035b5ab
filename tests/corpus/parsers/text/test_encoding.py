import pytest

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.text.encoding import decode

SENTENCE = "Ключ от склада хранится у завхоза."
LONGER = "Приказ № 5. Смазку «Вега» выдают по средам — не чаще двух раз в месяц; журнал ведёт Юлия Ершова."
CASES = [
    *((SENTENCE, code) for code in ("cp1251", "koi8-r", "cp866", "mac-cyrillic", "iso8859-5")),
    *((LONGER, code) for code in ("cp1251", "mac-cyrillic", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")),
    (SENTENCE, "utf-16-le"),
    (SENTENCE, "utf-32-le"),
    ("│ Гвоздь │ 12 │\n├────────┼────┤\n│ Болт   │ 14 │", "cp866"),
    ("Договір набирає чинності з дня його підписання, її зміни є дійсними.", "cp1251"),
    ("Договорът влиза в сила от деня на подписването му.", "cp1251"),
    ("Le contrat prévoit une pénalité de dix euros où l'élève est absent.", "cp1252"),
    ("Der Schlüssel für größere Mengen liegt täglich beim Pförtner.", "cp1252"),
    ("Umowa została zawarta dnia piątego, a należność płatna jest w ciągu tygodnia.", "cp1250"),
    ("Η σύμβαση τίθεται σε ισχύ από την ημέρα υπογραφής της.", "cp1253"),
    ("本合同自双方签字之日起生效，有效期为一年。仓库钥匙由管理员保管。", "gb18030"),
    ("契約は双方が署名した日から効力を生じ、鍵は管理人が保管します。", "shift_jis"),
    ("契約は双方が署名した日から効力を生じ", "iso2022_jp"),
    ("The key is kept by the steward.", "ascii"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "encoding"), CASES)
def test_the_encoding_that_reads_best(text, encoding):
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("cp1251", "utf-8"),
        ("cp1251", "iso-8859-1"),
        ("utf-8", "windows-1251"),
        ("koi8-r", "KOI8-R"),
        ("cp1251", '"windows-1251"'),
        ("cp866", "no such encoding"),
        ("cp1251", "base64"),
        ("cp1251", "\0"),
    ],
)
def test_a_declared_encoding_is_believed_if_it_reads_well(encoding, declared):
    assert decode(SENTENCE.encode(encoding), declared) == SENTENCE


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Sözleşme imzalandığı gün yürürlüğe girer.", "cp1254"), ("החוזה נכנס לתוקף ביום חתימתו.", "cp1255")],
)
def test_a_declared_encoding_decides_where_several_are_possible(text, encoding):
    assert decode(text.encode(encoding), encoding) == text


def test_a_few_broken_bytes_do_not_change_the_encoding():
    assert decode(LONGER[:20].encode() + b"\xff" + LONGER[20:].encode()).replace("\ufffd", "") == LONGER
    assert decode(LONGER.encode()[:-1]).startswith(LONGER[:-2])


def test_a_long_file_is_decoded_whole():
    text = "The same line in English.\n" * 5000 + SENTENCE
    assert decode(text.encode("koi8-r")) == text


def test_binary_data_are_no_text():
    with pytest.raises(ParseError, match="binary data, starts with 00 01 02 03"):
        decode(bytes(range(256)) * 20)
