"""Rerankers by spec, from a project and from an index."""

import math

import pytest

from opora.artifacts import Build
from opora.errors import InputError, ModelError
from opora.models.backends.scripted import ScriptedModel
from opora.models.registry import load_model
from opora.models.settings import ModelSettings
from opora.retrieval.rerankers.cross_encoder import CrossEncoderReranker, reranker_text
from opora.retrieval.rerankers.lambdamart.lightgbm_trees import MODEL_FILE, LambdaMartReranker
from opora.retrieval.rerankers.llm import LlmReranker, answer_probabilities
from opora.retrieval.rerankers.registry import open_reranker, parse_reranker, save_reranker
from opora.validation import RenamedSettingWarning, Settings
from tests.factories import make_candidate, make_lambdamart, make_query

FERRY = make_candidate("Six boats leave the northern pier.", id="a", title="Ferry", heading=("Ferry", "Timetable"))
PUMP = make_candidate("The pump is checked once a year.", id="b")


@pytest.mark.parametrize(
    ("spec", "kind"),
    [("none", "none"), ("train/mine", "train"), ("hf:some/model", "hf"), ("hf:some/model@main", "hf"),
     ("llm:smollm2", "llm"), ("llm:hf:some/model+train/raft", "llm")],
)  # fmt: skip
def test_valid_specs(spec, kind):
    assert parse_reranker(spec).kind == kind


def test_the_old_name_of_llm_is_accepted_with_a_warning():
    with pytest.warns(RenamedSettingWarning, match="reward:smollm2 is now llm:smollm2"):
        assert parse_reranker("reward:smollm2") == parse_reranker("llm:smollm2")


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("", "is unknown; forms"), ("nome", r"did you mean none\?"), ("train", "does not have the form train/NAME"),
        ("trian/x", r"did you mean train/x\?"), ("lm:smollm2", r"did you mean llm:smollm2\?"), ("hf:", "the form hf:"),
        ("llm:", "does not have the form llm:MODEL"), ("llm:gpt", "model 'gpt' is unknown"),
        ("llm:extractive", "extractive is not a language model"), ("hf:a/b+train/x", "hf:NAME-OR-PATH"),
        ("hf:a/b@", "REVISION"), ("monot5", "is unknown; forms"),
    ],
)  # fmt: skip
def test_wrong_specs(spec, fault, tmp_path):
    with pytest.raises(InputError, match=fault) as raised:
        open_reranker(spec, tmp_path)
    assert "\n" not in str(raised.value)


def test_none_opens_nothing(tmp_path):
    assert open_reranker("none", tmp_path) is None


@pytest.fixture
def trained(tmp_path):
    """Project in which `train/mine` is a LambdaMART reranker."""
    with Build(tmp_path / "train" / "mine", "train reranker", Settings(), {}) as build:
        make_lambdamart().save(build.path / "model")
        build.publish()
    return tmp_path


def test_an_index_contains_the_trained_reranker(trained):
    kept = trained / "index" / "reranker"
    save_reranker("train/mine", kept, trained)
    original = open_reranker("train/mine", kept, trained)
    (trained / "train" / "mine" / "model" / MODEL_FILE).unlink()
    assert open_reranker("train/mine", kept).identity() == original.identity()
    question = make_query("northern pier")
    assert open_reranker("train/mine", kept).score(question, [FERRY, PUMP]) == original.score(question, [FERRY, PUMP])


@pytest.mark.parametrize("spec", ["none", "hf:some/model", "llm:smollm2"])
def test_other_kinds_are_not_copied(trained, spec):
    kept = trained / "index" / "reranker"
    save_reranker("train/mine", kept, trained)
    save_reranker(spec, kept, trained)
    assert not kept.exists()


def test_a_missing_or_wrong_training_is_one_line(trained):
    with pytest.raises(InputError, match=r"train/other does not exist yet"):
        save_reranker("train/other", trained / "kept", trained)
    with Build(trained / "train" / "raft", "train sft", Settings(), {}) as build:
        build.publish()
    with pytest.raises(InputError, match=r"train/raft is not a trained reranker; `train sft` made it"):
        save_reranker("train/raft", trained / "kept", trained)
    with pytest.raises(InputError, match=r"holds no reranker; set index\.reranker"):
        open_reranker("train/mine", trained / "kept")


def test_the_path_of_a_folder_may_contain_separators(tmp_path):
    folder = tmp_path / "a@b"
    folder.mkdir()
    opened = open_reranker(f"hf:{folder}", tmp_path)
    assert isinstance(opened, CrossEncoderReranker)
    assert (opened.name, opened.revision) == (str(folder), "")


@pytest.fixture(scope="module")
def cross_encoder(tmp_path_factory):
    """Folder of a tiny cross-encoder with random weights."""
    pytest.importorskip("sentence_transformers")
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("cross-encoder")
    text = "six boats leave the northern pier . pump is checked once a year ferry timetable who ? >"
    words = sorted(set(text.split()))
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]))
    tokenizer = BertTokenizerFast(vocab=str(folder / "vocab.txt"))
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    config = BertConfig(
        vocab_size=len(tokenizer), max_position_embeddings=64, num_labels=1, initializer_range=0.5, **sizes
    )
    BertForSequenceClassification(config).save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    return folder


@pytest.mark.slow  # loading sentence-transformers alone takes seconds
def test_a_cross_encoder_scores_as_in_sentence_transformers(cross_encoder):
    from sentence_transformers import CrossEncoder

    reranker = open_reranker(f"hf:{cross_encoder}", cross_encoder)
    scores = reranker.score(make_query("who leaves the pier?"), [FERRY, PUMP])
    texts = ["Ferry > Timetable\nSix boats leave the northern pier.", "The pump is checked once a year."]
    expected = CrossEncoder(str(cross_encoder)).predict([("who leaves the pier?", text) for text in texts])
    assert scores == pytest.approx(expected.tolist(), abs=1e-5)
    assert scores[0] != scores[1]
    assert reranker.score(make_query("who?"), []) == []
    assert list(reranker.identity()) == ["cross-encoder"]


@pytest.mark.slow  # loading sentence-transformers alone takes seconds
def test_a_damaged_cross_encoder_is_one_line(tmp_path, tiny_model):
    pytest.importorskip("sentence_transformers")
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ModelError, match="does not load") as raised:
            CrossEncoderReranker(str(folder)).score(make_query("who?"), [PUMP])
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("passage", "expected"),
    [
        (FERRY, "Ferry > Timetable\nSix boats leave the northern pier."),
        (PUMP, "The pump is checked once a year."),
        (make_candidate("Text.", heading=("Rules",)), "Rules\nText."),
    ],
)
def test_the_text_of_a_reranker_has_each_heading_once(passage, expected):
    assert reranker_text(passage) == expected


class NorthernModel(ScriptedModel):
    """Model that prefers yes if the passage contains the word northern."""

    def logprobs(self, chats, continuations):
        self.calls_scored = [(chat[-1].content, text) for chat, text in zip(chats, continuations, strict=True)]
        return [-1.0 if ("northern" in chat[-1].content.split("Question")[0]) == (text in ("Yes", "Да")) else -3.0
                for chat, text in zip(chats, continuations, strict=True)]  # fmt: skip


@pytest.mark.parametrize(("language", "options"), [("en", {"Yes", "No"}), ("ru", {"Да", "Нет"}), ("de", {"Yes", "No"})])
def test_the_probability_of_yes_ranks(language, options):
    model = NorthernModel()
    reranker = LlmReranker("scripted", lambda spec, settings: model)
    scores = reranker.score(make_query("Who leaves?", language), [FERRY, PUMP])
    high = 1 / (1 + math.exp(-2))
    assert scores == pytest.approx([high, 1 - high])
    assert {text for _, text in model.calls_scored} == options
    assert all("Who leaves?" in prompt for prompt, _ in model.calls_scored)
    assert reranker.score(make_query("Who?"), []) == []


def test_the_probability_of_a_known_answer():
    model = ScriptedModel([("northern", "Six boats.")])
    values = answer_probabilities(model, "How many?", "en", [FERRY, PUMP], "Six boats.")
    assert values == pytest.approx([1.0, math.exp(-len("Six boats.") / 2)])


def test_a_real_model_ranks(tiny_model):
    model = load_model(f"hf:{tiny_model}", ModelSettings())
    reranker = LlmReranker(f"hf:{tiny_model}")
    scores = reranker.score(make_query("Who leaves?"), [FERRY, PUMP])
    assert all(0 < score < 1 for score in scores)
    assert scores[0] != scores[1]
    values = answer_probabilities(model, "Who leaves?", "en", [FERRY, PUMP], "Six boats.")
    assert all(0 < value < 1 for value in values)
    assert f"hf:{tiny_model}" in reranker.identity()


def test_the_identity_depends_on_the_model(trained):
    identity = open_reranker("train/mine", trained, trained).identity()
    assert identity == LambdaMartReranker(make_lambdamart().text, "x").identity()
