"""The table of word vectors that training begins with: SIF in the form of sentence-transformers.

In: texts of the corpus. Out: a tokenizer that gives every spelling of a word the row of that word, and the rows, so
that the mean of a text's rows is its SIF vector, but for its length.

    tokenizer, rows = make_table(texts, components=8, size=60_000)
    StaticEmbedding(tokenizer, embedding_weights=rows)

A tokenizer of one id a spelling would need a row a spelling, for tokenizers keep no two spellings of one id. So this
is WordPiece: a word begins with what all its spellings begin with, which has the row, and ends with an ending, which
has a row of zeros. Spellings that have too little in common have rows of their own, equal at first. A spelling that the
corpus lacks is read as the longest known beginning with known endings.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from opora.retrieval.embedders.base import Text
from opora.retrieval.embedders.navec import DIMENSIONS, word_vectors
from opora.retrieval.embedders.sif import SifEmbedder, fit_sif, word_key
from opora.retrieval.vectors import Vectors
from opora.text.words import fold, word_texts

if TYPE_CHECKING:
    from tokenizers import Tokenizer

UNKNOWN, ENDING = "[UNK]", "##"
SHORTEST = 3
"""Letters that a beginning has at least."""
MORE_WORDS = 20_000
"""The most frequent words of Navec that are added, for questions put in words that the corpus lacks."""
LONGEST = 60
"""Letters of a word; longer ones are no words."""
MARKS = "[\u0300-\u036f\u00ad\u200b-\u200d\u2060]"
WORD = r"[\p{L}]+(?:'[\p{L}]+)*"
"""As opora.text.words finds them, numbers left out; in the syntax of Oniguruma."""


def make_table(texts: Sequence[Text], components: int, size: int) -> tuple[Tokenizer, Vectors]:
    """A tokenizer, and rows of shape (tokens, 300). At most `size` words, those of most texts, get one."""
    counts: Counter[str] = Counter()
    spellings: dict[str, set[str]] = defaultdict(set)
    keys: dict[str, str] = {}
    for text in texts:
        forms = {_plain(form) for form in word_texts(text.text)}
        for form in forms:
            if form in keys:
                continue
            keys[form] = "" if len(form) > LONGEST else word_key(form, text.language)
            spellings[keys[form]].add(form)
        counts.update({keys[form] for form in forms} - {""})
    kept = [key for key, _ in sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:size]]
    words = {key: sorted(spellings[key]) for key in kept}
    for form in word_vectors().frequent(MORE_WORDS):
        if form not in keys and form.isalpha() and (key := word_key(form, "ru")):
            words.setdefault(key, []).append(form)
    sif = SifEmbedder(counts, len(texts), fit_sif(texts, components).components)
    return _build(choose_beginnings(words), words, sif)


def choose_beginnings(words: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Beginning of a spelling -> word, such that the longest beginning of each spelling is one of its own word.
    `words`: word -> its spellings."""
    found: dict[str, str] = {}
    for key, forms in words.items():
        common = _common_beginning(min(forms), max(forms))
        if len(common) >= max(SHORTEST, max(map(len, forms)) // 2) and common not in found:
            found[common] = key
    of_form = {form: key for key, forms in words.items() for form in forms}
    # by length, for a spelling that gets a row of its own changes how longer ones are read, never shorter ones
    for form in sorted(of_form, key=lambda each: (len(each), each)):
        if found.get(beginning_of(form, found)) != of_form[form]:
            found[form] = of_form[form]
    return found


def beginning_of(form: str, beginnings: Mapping[str, str]) -> str:
    """The longest known beginning, empty if there is none."""
    return next((form[:end] for end in range(len(form), 0, -1) if form[:end] in beginnings), "")


def _common_beginning(one: str, other: str) -> str:
    same = (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return one[: next(same, min(len(one), len(other)))]


def _build(
    beginnings: Mapping[str, str], words: Mapping[str, Sequence[str]], sif: SifEmbedder
) -> tuple[Tokenizer, Vectors]:
    endings = {form[len(beginning_of(form, beginnings)) :] for forms in words.values() for form in forms} - {""}
    tokens = [UNKNOWN, *sorted(beginnings), *(ENDING + each for each in sorted(endings))]
    order = sorted(beginnings)
    keys = [beginnings[each] for each in order]
    known = sif.weighted_vectors(keys) if keys else np.zeros((0, DIMENSIONS), dtype=np.float32)
    rows = np.zeros((len(tokens), DIMENSIONS), dtype=np.float32)
    # rows of length one on average: the learning rate then means the same for every corpus
    rows[1 : 1 + len(order)] = known / max(1e-6, float(np.linalg.norm(known, axis=1).mean()) if len(known) else 1.0)
    return _tokenizer(tokens), rows


def _tokenizer(tokens: Iterable[str]) -> Tokenizer:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    vocabulary = {token: number for number, token in enumerate(tokens)}
    model = models.WordPiece(vocabulary, unk_token=UNKNOWN, max_input_chars_per_word=LONGEST)
    model.continuing_subword_prefix = ENDING
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Lowercase(),
            normalizers.NFC(),
            normalizers.Replace(Regex(MARKS), ""),
            normalizers.Replace("ё", "е"),
            normalizers.Replace(Regex("[’ʼ]"), "'"),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(WORD), "removed", invert=True)
    return tokenizer


def _plain(form: str) -> str:
    """A spelling as the tokenizer sees it."""
    return fold(form)
