"""Training of a cross-encoder from groups. Loading sentence-transformers alone takes seconds."""

import pytest

from opora.errors import InputError
from opora.retrieval.rerankers.registry import open_reranker
from opora.train.reranker.cross_encoder import NEGATIVES, PassagePair, make_pairs, train_cross_encoder
from opora.train.reranker.groups import RankingGroup
from opora.train.reranker.settings import RerankerTrainSettings
from tests.factories import make_candidate, make_query

WORDS = "pump pier boat crane garden lamp".split()


def group(question):
    """Return a group in which the passage about the lamp is relevant for any question: random weights learn it fast."""
    passages = [make_candidate(f"the {word} is old", id=word) for word in WORDS]
    relevance = [float(word == "lamp") for word in WORDS]
    return RankingGroup(make_query(question), passages, relevance, ("d",), synthetic=True)


def test_pairs_are_relevant_passages_and_hard_negatives():
    pairs = list(make_pairs(group("lamp")))
    assert [pair.relevance for pair in pairs] == [0.0] * NEGATIVES + [1.0]
    assert pairs[-1] == PassagePair("lamp", "the lamp is old", 1.0)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Folder of a tiny BERT without a head."""
    pytest.importorskip("sentence_transformers")
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("bert")
    (folder / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "is", "old", *WORDS])
    )
    tokenizer = BertTokenizerFast(vocab=str(folder / "vocab.txt"))
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(
        BertConfig(vocab_size=len(tokenizer), max_position_embeddings=32, initializer_range=0.2, **sizes)
    ).save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    return folder


@pytest.mark.slow
def test_train_cross_encoder(base, tmp_path):
    groups = [group(word) for word in WORDS[1:]] * 4
    settings = RerankerTrainSettings(base=f"hf:{base}", epochs=12, lr=3e-3, batch_size=10)
    trained = train_cross_encoder(groups, settings, tmp_path / "model", tmp_path / "work")
    again = train_cross_encoder(groups, settings, tmp_path / "again", tmp_path / "work")
    assert trained.identity() == again.identity()
    scores = open_reranker("train/x", tmp_path / "model").score(make_query(WORDS[0]), group(WORDS[0]).candidates)
    assert scores.index(max(scores)) == WORDS.index("lamp")
    assert scores[-1] > 2 * max(scores[:-1])


def test_no_groups(tmp_path):
    with pytest.raises(InputError, match="no question has a relevant candidate"):
        train_cross_encoder([], RerankerTrainSettings(base="hf:some/model"), tmp_path, tmp_path)
