"""Decoding of text in any encoding; the one home of decoding for all parsers.

Unicode shows itself: by its byte order mark, valid UTF-8, or the zero bytes of UTF-16 and UTF-32. Of the older
encodings the one wins whose text reads best, by letter pairs; the encoding that a document declares is one of them.
charset-normalizer decides where none reads well: Chinese, Japanese, Greek, ...

    decode("Ключ у завхоза.".encode("koi8-r"))      # 'Ключ у завхоза.'
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Sequence
from itertools import islice, pairwise

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.text.letter_pairs import pair_cost

CANDIDATES = (
    "cp1251", "koi8-u", "cp866", "mac-cyrillic", "iso8859-5", "cp1252", "cp1250", "mac-roman", "cp850",
    "cp1253", "cp1255", "cp1256", "gb18030", "big5", "cp932", "euc_jp", "cp949",
)  # fmt: skip
"""Encodings that are tried; the first of equals wins."""
EAST_ASIAN = frozenset(("gb18030", "big5", "cp932", "euc_jp", "cp949"))
"""Encodings whose texts charset-normalizer tells apart by the frequency of their characters."""
SUPERSETS = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "koi8-r": "koi8-u", "gb2312": "gb18030",
    "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "tis-620": "cp874",
}  # fmt: skip
"""Encodings that documents declare -> those that they use (WHATWG Encoding Standard, section 4.2)."""
MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
"""Byte order marks; that of UTF-32 LE begins with that of UTF-16 LE."""
READABLE = 5.5
"""Maximum cost of text that reads well, in bits a character: Russian costs 3 to 5, in a wrong encoding 7 to 12."""
DECLARED_BONUS = 1.0
"""Cost that the declared encoding may have above the best."""
MAX_BROKEN = 0.1
"""Maximum number of broken bytes in UTF-8, relative to characters of several bytes."""
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
MIN_WIDE_SHARE = 0.95
"""Minimum share of usual characters in UTF-16 and UTF-32 without a byte order mark."""
MIN_WIDE_BYTES = 8
"""Fewer bytes read as almost anything."""
MAX_ZEROS = 0.002
"""Maximum share of zero bytes in text of one byte a character."""
MIN_KANA = 0.2
HEAD_BYTES, SAMPLE_PIECES, PIECE_BYTES = 20_000, 25, 150
_PIECE = re.compile(rb"(?<![\x80-\xff])[A-Za-z]{0,20}[\x80-\xff][^\n]{0,%d}" % PIECE_BYTES)
"""A piece begins behind ASCII, so that no character is cut there."""
_MULTIBYTE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")
_ESCAPES = {b"\x1b$B": "iso2022_jp_2", b"\x1b$@": "iso2022_jp_2", b"\x1b$)C": "iso2022_kr"}
_KANA = re.compile("[\u3041-\u30ff]")
_RUN = re.compile(r"[^\W\d_]+|[^\x00-\x7f]")
_BOX = re.compile("[\u2500-\u259f]")
_USUAL_SIGNS = frozenset("«»„–—№§°•·©®±×µ\xa0、。「」，：；（）！？")
_QUOTES = frozenset("“”‘’…€†‡™")
_OPENERS, _CLOSERS = frozenset("«„‘€"), frozenset("»–—…™†‡№")
"""Signs that no letter stands before, or after."""
_RARE_LETTERS = frozenset("ЂЃѓЉЊЌЋЏђљњќћџЅѕ")
_LATIN, _CYRILLIC, _EAST_ASIAN = "LATIN", "CYRILLIC", "CJK"
_EAST_ASIAN_SCRIPTS = frozenset(("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "IDEOGRAPHIC", "FULLWIDTH"))


def decode(data: bytes, declared: str | None = None) -> str:
    """Return the text of bytes in any encoding, without a byte order mark.

    `declared` is the encoding that the document names; it is believed if the text reads well. Raises ParseError for
    binary data.
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return _without_marks(data[len(mark) :].decode(encoding, "replace"))
    if wide := wide_encoding(data):
        return _without_marks(data.decode(wide, "replace"))
    if data.count(0) > MAX_ZEROS * len(data):
        raise ParseError("unsupported format", f"binary data, starts with {data[:4].hex(' ')}")
    if (text := _decode_utf8(data)) is not None:
        return text
    sample = _sample(data)
    encoding = _best_encoding(sample, _codec(declared))
    return data.decode(encoding, "replace")


def _without_marks(text: str) -> str:
    return text.removeprefix("\ufeff")


def wide_encoding(data: bytes) -> str | None:
    """Return UTF-16 or UTF-32 if the bytes hold zeros and read as it."""
    head = data[: HEAD_BYTES // 4 * 4]
    if 0 not in head or len(data) < MIN_WIDE_BYTES:
        return None
    shares = {encoding: _wide_share(head, encoding) for encoding in WIDE}
    best = max(shares, key=shares.__getitem__)
    return best if shares[best] >= MIN_WIDE_SHARE else None


def _wide_share(head: bytes, encoding: str) -> float:
    """Return the share of characters that are usual in text; half of it for scripts beyond the alphabets."""
    # a character may be cut in two, at the end
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    usual = sum(char.isprintable() or char.isspace() for char in text if char < "\u0600" or "\u2000" <= char < "\u2600")
    beyond = sum(char.isalnum() for char in text if "\u0600" <= char < "\u2000" or char >= "\u2600")
    share = (usual + beyond) / len(text) if text else 0.0
    return share if usual >= beyond else share - 0.04


def _decode_utf8(data: bytes) -> str | None:
    """Return the text of UTF-8, also with a few broken bytes, and of 7-bit encodings; None for other encodings."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        # around the first broken byte, before the whole text is tried
        near = data[max(0, error.start - HEAD_BYTES) : error.start + HEAD_BYTES]
        if not _is_broken_utf8(near) or not _is_broken_utf8(data):
            return None
        return data.decode("utf-8", "replace")
    escape = next((encoding for start, encoding in _ESCAPES.items() if start in data[:HEAD_BYTES]), "")
    return data.decode(escape, "replace") if escape and text.isascii() else text


def _is_broken_utf8(data: bytes) -> bool:
    return data.decode("utf-8", "replace").count("\ufffd") <= MAX_BROKEN * len(_MULTIBYTE.findall(data))


def _sample(data: bytes) -> list[bytes]:
    """Return pieces that hold bytes above 127, from the beginning and the end."""
    tail_start = max(0, len(data) - HEAD_BYTES)
    starts = (0, tail_start) if tail_start else (0,)
    return [match.group() for start in starts for match in islice(_PIECE.finditer(data, start), SAMPLE_PIECES)]


def _read(pieces: Sequence[bytes], encoding: str) -> str:
    """Return the text of pieces, without the character that is cut at the end of one."""
    decoder = codecs.getincrementaldecoder(encoding)
    return "\n".join(decoder("replace").decode(piece) for piece in pieces)


def _best_encoding(sample: Sequence[bytes], declared: str | None) -> str:
    names = dict.fromkeys([*CANDIDATES, *([declared] if declared else [])])
    costs = {encoding: reading_cost(_read(sample, encoding)) for encoding in names}
    best = min(costs, key=costs.__getitem__)
    if declared and costs[declared] <= min(READABLE, costs[best]) + DECLARED_BONUS:
        return declared
    if costs[best] <= READABLE and best not in EAST_ASIAN:
        return best
    if best in EAST_ASIAN and (japanese := _japanese(sample)):
        return japanese
    from charset_normalizer import from_bytes

    guess = from_bytes(_read(sample, best).encode(best, "ignore")).best()
    name = guess.encoding if guess else best
    # wide encodings were told before, and decoding UTF-16 without a byte order mark raises
    is_wide = name.startswith(("utf_16", "utf_32"))
    if is_wide or (best in EAST_ASIAN and name not in EAST_ASIAN | {"gb2312", "gbk", "euc_kr"}):
        return best
    return name if reading_cost(_read(sample, name)) <= costs[best] else best


def _japanese(sample: Sequence[bytes]) -> str | None:
    """Return the encoding in which the sample is Japanese, whose texts are full of kana."""
    for encoding in ("euc_jp", "cp932"):
        text = _read(sample, encoding)
        if text.count("\ufffd") <= 2 and len(_KANA.findall(text)) >= MIN_KANA * len(text):
            return encoding
    return None


def _codec(label: str | None) -> str | None:
    """Return Python's name of a declared encoding; None for one that it does not have, or that is no text encoding."""
    label = (label or "").strip().strip("'\"").lower().removeprefix("x-")
    try:
        name = codecs.lookup({"mac-cyrillic": "mac_cyrillic", "unicode": "utf-16"}.get(label, label)).name
        "".encode(name)
    except (LookupError, UnicodeError, ValueError):
        return None
    # bytes that are UTF-8 or UTF-16 show it; another document that claims it is wrong
    return None if name.startswith("utf") else SUPERSETS.get(name, name)


def reading_cost(text: str) -> float:
    """Return how badly text outside ASCII reads, in bits a character: at most `READABLE` if it was decoded rightly."""
    cost, characters = 0.0, 0
    previous_end = 0
    for match in _RUN.finditer(text):
        run, start = match.group(), match.start()
        outside = sum(char > "\x7f" for char in run)
        if outside:
            is_repeated = len(run) == 1 and start == previous_end and text[start - 1 : start] == run
            if not is_repeated:
                cost += outside * _run_cost(run, outside, text[start - 1 : start], text[match.end() : match.end() + 1])
                characters += outside
        previous_end = match.end()
    return cost / characters if characters else 0.0


def _run_cost(run: str, outside: int, before: str, after: str) -> float:
    """Return the cost a character of a run of letters, or of a single sign."""
    if len(run) == 1 and not run.isalpha():
        return _sign_cost(run, before, after)
    scripts = set(map(_script, run))
    if _EAST_ASIAN in scripts:
        # no blank stands between these and Latin words
        scripts.discard(_LATIN)
    if len(scripts) > 1:
        return 10.0
    script = scripts.pop()
    breaks = 3.0 * sum(first.islower() and second.isupper() for first, second in pairwise(run))
    if script == _CYRILLIC:
        rare = sum(char in _RARE_LETTERS for char in run)
        # other scripts read as Cyrillic are often capitals
        capitals = 0.7 if len(run) > 1 and run.isupper() else 0.0
        return min(12.0, pair_cost(run) + breaks + capitals + 4.0 * rare / len(run))
    if script == _LATIN:
        # words of Latin languages are mostly ASCII
        return (4.5 if outside <= max(1, 0.5 * len(run)) else 9.0) + breaks
    if script == _EAST_ASIAN:
        return 5.0
    return 6.0 if script in ("GREEK", "HEBREW", "ARABIC") else 9.0


def _sign_cost(sign: str, before: str, after: str) -> float:
    if sign == "\ufffd" or unicodedata.category(sign) in ("Cc", "Cn", "Co"):
        return 100.0
    is_inside = before.isalpha() and after.isalpha()
    # signs stand in place of capitals: `—мазка` for `Смазка`
    is_torn = is_inside or (sign in _OPENERS and before.isalpha()) or (sign in _CLOSERS and after.isalpha())
    if sign in _QUOTES or sign in _USUAL_SIGNS:
        return 14.0 if is_torn else 6.0
    return 6.0 if _BOX.match(sign) else 8.0


def _script(char: str) -> str:
    if char <= "\x7f":
        return _LATIN
    name = unicodedata.name(char, "?").split(" ", 1)[0]
    return _EAST_ASIAN if name in _EAST_ASIAN_SCRIPTS else name
