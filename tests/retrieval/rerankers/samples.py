"""Questions and candidates made by hand."""

import numpy as np

from opora.records import Passage
from opora.retrieval.query import Query
from opora.retrieval.rerankers.base import Candidate
from opora.retrieval.rerankers.lambdamart.features import FEATURES
from opora.retrieval.rerankers.lambdamart.lightgbm_trees import LambdaMartReranker
from opora.text.search_terms import search_terms


def ask(text, language="en", idf=None, vector=None):
    terms = {term: (idf or {}).get(term, 1.0) for term in search_terms(text, language)}
    return Query(text, language, terms, vector)


def candidate(text, id="p", bm25=1.0, cosine=0.0, heading=(), title="", language="en", vector=None, document="d"):
    passage = Passage(
        id=id, document_id=document, text=text, start=0, end=len(text), heading=heading,
        metadata={"source": "a.md", "title": title, "language": language},
    )  # fmt: skip
    above = search_terms(" ".join(dict.fromkeys([title, *heading])), language)
    vector = None if vector is None else np.asarray(vector, dtype=np.float32)
    return Candidate(language, passage.model_dump_json(), search_terms(text, language), above, bm25, cosine, vector)


def tiny_forest():
    """One split: passages that hold more than half of the question's weight stand on top."""
    return LambdaMartReranker(TREE.format(names=" ".join(FEATURES), feature=FEATURES.index("any_share")), "the test")


TREE = """tree
version=v4
feature_names={names}

Tree=0
num_leaves=2
num_cat=0
split_feature={feature}
threshold=0.5
decision_type=0
left_child=-1
right_child=-2
leaf_value=-1 1


end of trees
"""
