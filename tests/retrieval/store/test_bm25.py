"""BM25 as a dot product of sparse vectors."""

import os
import shutil

import numpy as np
import pytest

from opora.retrieval.store.bm25 import NO_TERM, TermCounts, passage_weights, query_weights, term_dimension


def test_the_dot_product_of_the_weights_is_bm25():
    counts = TermCounts()
    counts.add(["паром причал паром", "касса", "касса билет", ""])
    assert counts.update()
    row = passage_weights("паром причал паром", counts.mean)
    question = query_weights(["паром", "касса", "незнакомое"], counts)
    assert set(question) == {term_dimension("паром"), term_dimension("касса")}
    idf = np.log(1 + 2.5 / 1.5)
    frequency = 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 3 / 2))
    assert sum(question.get(number, 0) * weight for number, weight in row.items()) == pytest.approx(idf * frequency)
    assert passage_weights("", counts.mean) == {NO_TERM: 1.0}


def test_dimensions_of_terms_never_change():
    """They are part of stored rows."""
    assert [term_dimension(term) for term in ("паром", "12.1.004-91", "ferry")] == [3486645996, 3345921992, 3205307411]


def test_counts_are_added_and_removed(tmp_path):
    counts = TermCounts()
    counts.add(["паром причал", "паром касса билет"])
    counts.update()
    counts.save(tmp_path)
    counts = TermCounts.load(tmp_path)
    counts.remove(["паром причал"])
    counts.add(["насос насос"])
    counts.update()
    terms = ["паром", "причал", "касса", "насос", "нет"]
    assert [counts.frequencies[term_dimension(term)] for term in terms] == [1, 0, 1, 1, 0]
    assert (counts.passages, counts.length) == (2, 5)


def test_saving_leaves_a_hard_link_alone(tmp_path):
    """An index is copied by hard links before it is updated."""
    old, new = tmp_path / "old", tmp_path / "new"
    counts = TermCounts()
    counts.add(["паром"])
    counts.update()
    old.mkdir()
    counts.save(old)
    shutil.copytree(old, new, copy_function=os.link)
    counts.add(["касса"])
    counts.update()
    counts.save(new)
    assert (TermCounts.load(old).passages, TermCounts.load(new).passages) == (1, 2)
