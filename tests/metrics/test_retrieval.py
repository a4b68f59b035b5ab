import numpy as np
import pytest

from opora.metrics.retrieval import alpha_ndcg, reciprocal_rank


@pytest.mark.parametrize(
    ("evidence", "gold", "rank", "gain"),
    [
        ([], 1, 0.0, 0.0),
        ([{0}], 1, 1.0, 1.0),
        ([set(), {0}], 1, 0.5, 1 / np.log2(3)),
        ([{0}, {1}], 2, 1.0, 1.0),
        ([{0}, {0}], 1, 1.0, 1.0),
        ([{0}, set(), {1}], 2, 1.0, (1 + 0.5) / (1 + 1 / np.log2(3))),
        ([set()] * 10 + [{0}], 1, 1 / 11, 0.0),
        ([{0}], 0, 1.0, None),
    ],
)
def test_ranks(evidence, gold, rank, gain):
    assert reciprocal_rank(evidence) == pytest.approx(rank)
    assert alpha_ndcg(evidence, gold) == (None if gain is None else pytest.approx(gain))
