"""Static tables read without torch, neural embedders, and specs of embedders."""

import json
import subprocess
import sys

import numpy as np
import pytest

from opora.artifacts import Build
from opora.errors import InputError, ModelError
from opora.models.spec import Spec
from opora.retrieval.embedders.base import Text
from opora.retrieval.embedders.registry import EMBEDDERS, fit_or_load, open_embedder
from opora.retrieval.embedders.sentence_transformer import E5_INSTRUCT, TransformerEmbedder, select_prompt
from opora.retrieval.embedders.settings import EmbeddingSettings
from opora.retrieval.embedders.static import StaticEmbedder
from opora.validation import Settings

WORDS = ["срок", "плата", "паром", "насос", "вода", "storage", "fee", "##и", "##у"]
TEXTS = ["Срок, плата", "паромы и насосу", "", "...", "storage fee срок срок", "незнакомое", "вода " * 400]


def tokenizer():
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    wordpiece = Tokenizer(
        models.WordPiece({"[UNK]": 0, **{word: n for n, word in enumerate(WORDS, 1)}}, unk_token="[UNK]")
    )
    wordpiece.normalizer = normalizers.Lowercase()
    wordpiece.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return wordpiece


def make_static(folder, *layers):
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    torch.manual_seed(0)
    model = SentenceTransformer(modules=[StaticEmbedding(tokenizer(), embedding_dim=16), *layers], device="cpu")
    model.save(str(folder), create_model_card=False)
    return model


def make_layers(names):
    import torch
    from sentence_transformers.base.modules import Dense, Normalize

    makers = {
        "normalize": Normalize,
        "dense": lambda: Dense(16, 16, activation_function=torch.nn.Identity()),
        "narrow": lambda: Dense(16, 4, bias=False, activation_function=torch.nn.Identity()),
    }
    return [makers[name]() for name in names]


@pytest.mark.parametrize("names", [[], ["normalize"], ["dense", "normalize"], ["dense", "narrow"]])
def test_vectors_are_those_of_sentence_transformers(tmp_path, names):
    model = make_static(tmp_path, *make_layers(names))
    embedder = StaticEmbedder(tmp_path)
    vectors = embedder.embed([Text(text, "ru") for text in TEXTS], "passage")
    expected = model.encode(TEXTS, normalize_embeddings=True)
    assert vectors.shape == (len(TEXTS), embedder.dimensions)
    assert np.allclose(vectors, expected, atol=1e-5)


def test_model2vec_tables_are_read(tmp_path):
    from safetensors.numpy import save_file

    make_static(tmp_path)
    rows = np.random.default_rng(0).standard_normal((3, 16)).astype(np.float16)
    mapping, weights = np.arange(10) % 3, np.linspace(0.1, 1, 10, dtype=np.float32)
    save_file({"embeddings": rows, "mapping": mapping, "weights": weights}, str(tmp_path / "model.safetensors"))
    from sentence_transformers import SentenceTransformer

    expected = SentenceTransformer(str(tmp_path), device="cpu").encode(TEXTS[:2], normalize_embeddings=True)
    assert np.allclose(StaticEmbedder(tmp_path).embed([Text(text, "ru") for text in TEXTS[:2]]), expected, atol=1e-3)


def test_no_torch_is_loaded(tmp_path):
    make_static(tmp_path)
    code = (
        "import sys; from pathlib import Path; from opora.retrieval.embedders.registry import open_embedder\n"
        "from opora.retrieval.embedders.base import Text\n"
        "open_embedder(f'hf:{sys.argv[1]}', None).embed([Text('срок', 'ru')], 'passage')\n"
        "assert 'torch' not in sys.modules and 'transformers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


def test_the_error_names_an_unsupported_module(tmp_path):
    import torch
    from sentence_transformers.base.modules import Dense

    make_static(tmp_path / "tanh", Dense(16, 4))
    with pytest.raises(InputError, match="a Dense layer with the activation Tanh is not supported"):
        StaticEmbedder(tmp_path / "tanh")
    make_static(tmp_path / "residual", Dense(16, 16, activation_function=torch.nn.Identity(), use_residual=True))
    with pytest.raises(InputError, match="a Dense layer with a residual connection is not supported"):
        StaticEmbedder(tmp_path / "residual")
    make_static(tmp_path / "other")
    path = tmp_path / "other" / "modules.json"
    modules = [*json.loads(path.read_text()), {"idx": 1, "name": "1", "path": "", "type": "x.LSTM"}]
    path.write_text(json.dumps(modules))
    with pytest.raises(InputError, match="module LSTM after a table is not supported; Dense and Normalize are"):
        StaticEmbedder(tmp_path / "other")


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "modules.json"])
def test_damage_is_one_line(tmp_path, name):
    make_static(tmp_path)
    (tmp_path / name).write_bytes(b"damage")
    with pytest.raises(InputError, match="damaged") as caught:
        open_embedder(f"hf:{tmp_path}", None)
    assert "\n" not in str(caught.value)


def publish(folder, stage="train embedder"):
    with Build(folder, stage, Settings(), {}, seed=0) as build:
        make_static(build.path / "model")
        (build.path / "model" / "languages.json").write_text('["ru"]')
        build.publish()


def test_an_index_holds_the_trained_embedder(tmp_path):
    publish(tmp_path / "train" / "dense")
    embedder = fit_or_load("train/dense", [], 8, root=tmp_path)
    embedder.save(tmp_path / "index" / "embedder")
    weights = list(embedder.identity().values())
    (tmp_path / "train" / "dense").rename(tmp_path / "elsewhere")
    again = open_embedder("train/dense", tmp_path / "index")
    text = [Text("срок", "ru")]
    assert np.array_equal(again.embed(text, "question"), embedder.embed(text, "passage"))
    assert list(again.identity().values()) == weights
    assert (again.covers("ru"), again.covers("en")) == (True, False)


def test_an_artefact_that_is_not_an_embedder(tmp_path):
    publish(tmp_path / "train" / "raft", "train sft")
    with pytest.raises(InputError, match="is not a trained embedder; `train sft` made it"):
        open_embedder("train/raft", None, root=tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        open_embedder("train/none", None, root=tmp_path)


@pytest.mark.parametrize(
    ("spec", "parsed"),
    [
        ("sif", Spec("sif")),
        ("none", Spec("none")),
        ("train/dense", Spec("train", "dense")),
        ("hf:a/b", Spec("hf", "a/b")),
        ("hf:a/b@main", Spec("hf", "a/b", "main")),
        ("openai:bge-m3@http://localhost:1/v1", Spec("openai", "bge-m3", url="http://localhost:1/v1")),
    ],
)
def test_specs(spec, parsed):
    assert EMBEDDERS.parse(spec) == parsed


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("siff", r"embedder 'siff' is unknown; did you mean sif\?"),
        ("non", r"did you mean none\?"),
        ("xyz", "forms: sif, none, train/NAME, hf:NAME-OR-PATH"),
        ("intfloat/multilingual-e5-base", r"did you mean hf:intfloat/multilingual-e5-base\?"),
        ("trian/dense", r"did you mean train/dense\?"),
        ("http://localhost:1/v1", r"did you mean openai:MODEL@http://localhost:1/v1\?"),
        ("openai:m", "does not have the form openai:MODEL@URL, for example openai:bge-m3@"),
        ("hf:a/b+train/raft", r"does not have the form hf:NAME-OR-PATH\[@REVISION\], for example hf:"),
        ("", "forms: "),
    ],
)
def test_wrong_specs_are_one_line(spec, message):
    with pytest.raises(InputError, match=message):
        EMBEDDERS.parse(spec)


def test_none_is_none_and_sif_is_fitted():
    assert open_embedder("none", None) is None
    with pytest.raises(InputError, match="fitted to passages"):
        open_embedder("sif", None)


@pytest.mark.parametrize(
    ("name", "prompts", "question", "passage"),
    [
        ("intfloat/multilingual-e5-large", {}, "query: ", "passage: "),
        ("intfloat/multilingual-e5-large", {"query": "", "document": ""}, "query: ", "passage: "),
        ("models/e5-small", {}, "query: ", "passage: "),
        ("intfloat/multilingual-e5-large-instruct", {}, E5_INSTRUCT["question"], ""),
        ("ai-forever/FRIDA", {"query": "q: ", "passage": "p: "}, "q: ", "p: "),
        ("intfloat/e5-base", {"query": "q: ", "document": "d: "}, "q: ", "d: "),
        ("some/model5-e", {}, "", ""),
        ("some/model", {"query": "q: "}, "q: ", ""),
    ],
)
def test_prompts(name, prompts, question, passage):
    assert (select_prompt(name, prompts, "question"), select_prompt(name, prompts, "passage")) == (question, passage)


@pytest.fixture(scope="module")
def tiny_bert(tmp_path_factory):
    """A model of sentence-transformers with two layers, random weights, and prompts."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("bert")
    torch.manual_seed(0)
    names = {"unk_token": "[UNK]", "pad_token": "[UNK]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer(), **names).save_pretrained(str(folder / "bert"))
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=16, max_position_embeddings=64, **sizes)).save_pretrained(str(folder / "bert"))
    transformer = Transformer(str(folder / "bert"))
    prompts = {"query": "плата ", "passage": "насос "}
    model = SentenceTransformer(modules=[transformer, Pooling(16)], device="cpu", prompts=prompts)
    model.save(str(folder / "model"), create_model_card=False)
    return folder / "model"


def test_transformers_by_folder(tiny_bert, tmp_path):
    from sentence_transformers import SentenceTransformer

    embedder = open_embedder(f"hf:{tiny_bert}", None, EmbeddingSettings(batch_size=2, device="cpu"))
    texts = ["срок", "паром вода " * 9, "fee"]
    model = SentenceTransformer(str(tiny_bert), device="cpu")
    for role, prompt in (("question", "плата "), ("passage", "насос ")):
        expected = model.encode([prompt + text for text in texts], normalize_embeddings=True)
        vectors = embedder.embed([Text(text, "ru") for text in texts], role)
        assert np.allclose(vectors, expected, atol=1e-5)
        assert vectors.dtype == np.float32
    assert embedder.dimensions == 16
    assert embedder.embed([], "passage").shape == (0, 16)
    embedder.save(tmp_path / "embedder")
    assert not (tmp_path / "embedder").exists()


def test_a_copied_transformer_is_complete(tiny_bert, tmp_path):
    embedder = TransformerEmbedder(str(tiny_bert), "", EmbeddingSettings(device="cpu"), copied=True)
    embedder.save(tmp_path / "embedder")
    again = open_embedder("train/x", tmp_path, EmbeddingSettings(device="cpu"))
    text = [Text("срок", "ru")]
    assert np.allclose(again.embed(text, "question"), embedder.embed(text, "question"), atol=1e-6)
    assert list(again.identity().values()) == list(embedder.identity().values())


def test_a_model_that_does_not_load_is_one_line(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match="does not load") as caught:
        open_embedder(f"hf:{tmp_path}", None).embed([Text("срок", "ru")], "passage")
    assert "\n" not in str(caught.value)
