"""Table of word vectors from which training starts: SIF in the format of sentence-transformers.

A tokenizer maps every form of a word to the row of the word. The mean of the rows of a text is its SIF vector, up to
its length.

    tokenizer, rows = make_table(texts, components=8, size=60_000)
    StaticEmbedding(tokenizer, embedding_weights=rows)

Tokenizers cannot map two strings to one id, so a plain vocabulary would need one row per word form. Here WordPiece
splits a form into a stem shared by all forms of the word, which has the row, and an ending, which has a row of zeros.
Forms with too little in common get rows of their own, initially equal. A form that is not in the corpus is split into
the longest known stem and known endings.
"""

from __future__ import annotations

import os
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
MIN_STEM = 3
"""Minimum letters of a stem."""
MORE_WORDS = 20_000
"""Number of the most frequent words of Navec that are added, for questions with words that the corpus lacks."""
MAX_LETTERS = 60
"""Maximum letters of a word."""
MARKS = "[\u0300-\u036f\u00ad\u200b-\u200d\u2060]"
WORD = r"[\p{L}]+(?:'[\p{L}]+)*"
"""Words as in `opora.text.words`, without numbers; in the syntax of Oniguruma."""


def make_table(texts: Sequence[Text], components: int, size: int) -> tuple[Tokenizer, Vectors]:
    """Return a tokenizer, and rows of shape (tokens, 300). The `size` words in most texts get a row."""
    counts: Counter[str] = Counter()
    forms_by_key: dict[str, set[str]] = defaultdict(set)
    keys: dict[str, str] = {}
    for text in texts:
        forms = {fold(form) for form in word_texts(text.text)}
        for form in forms:
            if form in keys:
                continue
            keys[form] = "" if len(form) > MAX_LETTERS else word_key(form, text.language)
            forms_by_key[keys[form]].add(form)
        counts.update({keys[form] for form in forms} - {""})
    kept = [key for key, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:size]]
    words = {key: sorted(forms_by_key[key]) for key in kept}
    for form in word_vectors().frequent(MORE_WORDS):
        if form not in keys and form.isalpha() and (key := word_key(form, "ru")):
            words.setdefault(key, []).append(form)
    sif = SifEmbedder(counts, len(texts), fit_sif(texts, components).components)
    return _build(choose_stems(words), words, sif)


def choose_stems(words: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return stem -> word, such that the longest stem of each form is a stem of its word. `words`: word -> forms."""
    stems: dict[str, str] = {}
    for key, forms in words.items():
        common = os.path.commonprefix(list(forms))  # noqa: RUF071 prefixes of words, not of paths
        if len(common) >= max(MIN_STEM, max(map(len, forms)) // 2) and common not in stems:
            stems[common] = key
    word_by_form = {form: key for key, forms in words.items() for form in forms}
    # by length, because a form that becomes a stem affects longer forms only
    for form in sorted(word_by_form, key=lambda form: (len(form), form)):
        if stems.get(longest_stem(form, stems)) != word_by_form[form]:
            stems[form] = word_by_form[form]
    return stems


def longest_stem(form: str, stems: Mapping[str, str]) -> str:
    """Return the longest stem with which a form begins, empty if there is none."""
    return next((form[:end] for end in range(len(form), 0, -1) if form[:end] in stems), "")


def _build(stems: Mapping[str, str], words: Mapping[str, Sequence[str]], sif: SifEmbedder) -> tuple[Tokenizer, Vectors]:
    endings = {form[len(longest_stem(form, stems)) :] for forms in words.values() for form in forms} - {""}
    order = sorted(stems)
    tokens = [UNKNOWN, *order, *(ENDING + ending for ending in sorted(endings))]
    keys = [stems[stem] for stem in order]
    vectors = sif.weighted_vectors(keys) if keys else np.zeros((0, DIMENSIONS), dtype=np.float32)
    norm = float(np.linalg.norm(vectors, axis=1).mean()) if len(vectors) else 1.0
    rows = np.zeros((len(tokens), DIMENSIONS), dtype=np.float32)
    # a mean norm of one makes the learning rate independent of the corpus
    rows[1 : 1 + len(order)] = vectors / max(1e-6, norm)
    return _tokenizer(tokens), rows


def _tokenizer(tokens: Iterable[str]) -> Tokenizer:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    vocabulary = {token: number for number, token in enumerate(tokens)}
    model = models.WordPiece(vocabulary, unk_token=UNKNOWN, max_input_chars_per_word=MAX_LETTERS)
    model.continuing_subword_prefix = ENDING
    tokenizer = Tokenizer(model)
    replacements: list[tuple[str | Regex, str]] = [(Regex(MARKS), ""), ("ё", "е"), (Regex("[’ʼ]"), "'")]
    steps = [normalizers.Replace(pattern, content) for pattern, content in replacements]
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.NFC(), *steps])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(WORD), "removed", invert=True)
    return tokenizer
