"""The real SmolLM2, from its wheel: read once into the user's cache (half a minute), then seconds."""

import pytest

from opora.models.chat_template import encode_chat
from opora.models.registry import load_model
from opora.models.settings import ModelSettings
from opora.models.smollm2 import _gguf, smollm2_folder
from opora.records import Message

pytestmark = pytest.mark.slow
DEFAULT = "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
ASKED = [Message(role="user", content="What is the capital of France?")]


@pytest.fixture(autouse=True)
def real_cache(own_cache, monkeypatch):
    monkeypatch.delenv("OPORA_CACHE")


@pytest.fixture
def tokenizer(real_cache):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(smollm2_folder()))


def test_the_vocabulary_is_that_of_the_file(tokenizer):
    from gguf import GGUFReader

    fields = GGUFReader(str(_gguf())).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    kinds = fields["tokenizer.ggml.token_type"].contents()
    assert tokenizer.convert_ids_to_tokens(range(len(tokenizer))) == tokens
    control = {number for number, kind in enumerate(kinds) if kind == 3}
    assert control == set(tokenizer.added_tokens_decoder) == set(range(17))
    assert tokenizer.eos_token_id == fields["tokenizer.ggml.eos_token_id"].contents() == 2
    assert tokenizer.chat_template == fields["tokenizer.chat_template"].contents()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("\n\n1. One", "ĊĊ 1 . ĠOne"),
        ("in 2024", "in Ġ 2 0 2 4"),
        ("a  12", "a ĠĠ 1 2"),
        ("don't we?", "don 't Ġwe ?"),
    ],
)
def test_digits_stand_alone(tokenizer, text, tokens):
    assert tokenizer.tokenize(text) == tokens.split()


def test_a_chat_without_a_system_message_has_the_models_own(tokenizer):
    user = "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n"
    assert tokenizer.decode(encode_chat(tokenizer, ASKED)) == DEFAULT + user
    own = [Message(role="system", content="Be brief."), *ASKED]
    assert tokenizer.decode(encode_chat(tokenizer, own)) == "<|im_start|>system\nBe brief.<|im_end|>\n" + user


@pytest.mark.parametrize("backend", ["transformers", "ctranslate2"])
def test_it_knows_the_capital_of_france(backend):
    loaded = load_model("smollm2", ModelSettings(device="cpu", backend=backend, max_new_tokens=16))
    [completion] = loaded.generate([ASKED])
    assert "Paris" in completion.text
    assert (completion.finish_reason, completion.prompt_tokens) == ("stop", 37)
    likely, unlikely = loaded.logprobs(
        [ASKED] * 2, ["The capital of France is Paris.", "The capital of France is Peru."]
    )
    assert likely > unlikely + 3
