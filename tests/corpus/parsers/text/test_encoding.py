import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("设备每月检修一次，检修记录由值班人员填写并保存三年。仓库钥匙由管理员保管。", "gb2312"),
        ("倉庫鑰匙由管理員保管，任何人未經許可不得進入；記錄保存三年。", "big5"),
        ("設備は毎月一回点検し、記録は三年間保存する。鍵は管理人が保管します。", "cp932"),
        ("설비는 매월 한 번 점검하며 열쇠는 관리인이 보관합니다.", "cp949"),
    ],
)
@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("before", ["", "a", "<b>7</b> "])
def test_characters_that_are_cut_at_the_end_of_a_sample_do_not_count(text, encoding, declared, before):
    page = before + text * 9
    assert decode(page.encode(encoding), encoding if declared else None) == page


@given(st.binary(max_size=300), st.binary(max_size=40))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_text_or_refused(data, more):
    for damaged in (data, LONGER.encode("cp1251") + data, data + more + SENTENCE.encode("koi8-r")):
        with contextlib.suppress(ParseError):
            assert isinstance(decode(damaged), str)
