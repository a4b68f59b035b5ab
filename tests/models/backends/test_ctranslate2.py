"""CTranslate2 gives the results of transformers for every supported architecture."""

import shutil

import pytest
import torch
from transformers import AutoTokenizer, MistralConfig, Qwen2Config, Qwen3Config

from opora.models.backends.ctranslate2 import CTranslateModel, supports
from opora.models.chat_template import encode_chat, encode_text
from opora.models.registry import load_model
from opora.models.settings import ModelSettings
from opora.models.spec import parse_spec
from opora.records import Message

SHAPE = {
    "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 4096, "bos_token_id": 1, "eos_token_id": 2,
    "pad_token_id": 2, "initializer_range": 0.15,
}  # fmt: skip
CONFIGS = {
    "mistral": lambda size: MistralConfig(vocab_size=size, **SHAPE),
    "qwen2": lambda size: Qwen2Config(vocab_size=size, tie_word_embeddings=True, **SHAPE),
    "qwen3": lambda size: Qwen3Config(vocab_size=size + 8, **SHAPE),
}


def chat(words):
    return [Message(role="user", content=" ".join(["fee"] * words))]


@pytest.fixture(scope="module", params=CONFIGS)
def folder(tiny_model, tmp_path_factory, request):
    from transformers import AutoModelForCausalLM

    folder = tmp_path_factory.mktemp(request.param)
    tokenizer = AutoTokenizer.from_pretrained(str(tiny_model))
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(CONFIGS[request.param](len(tokenizer))).save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    return folder


def test_a_supported_architecture_scores_as_in_transformers(folder):
    spec = f"hf:{folder}"
    assert supports(parse_spec(spec), torch.device("cpu"))
    # 1100 words exceed the 1024 tokens to which CTranslate2 truncates a text by default
    chats, texts = [chat(3), chat(1100), chat(20)], ["fee Monday", "north five", "quote"]
    exact = load_model(spec, ModelSettings(device="cpu", backend="transformers")).logprobs(chats, texts)
    assert CTranslateModel(spec, ModelSettings()).logprobs(chats, texts) == pytest.approx(exact, abs=1e-2)
    small = CTranslateModel(spec, ModelSettings(quantization="int8"))
    assert small.logprobs(chats, texts) == pytest.approx(exact, rel=0.1)


def test_every_end_token_of_a_checkpoint_ends_a_turn(tiny_model, tmp_path):
    settings = ModelSettings(max_new_tokens=20)
    loaded = CTranslateModel(f"hf:{tiny_model}", settings)
    prompt = loaded._tokenizer.convert_ids_to_tokens(encode_chat(loaded._tokenizer, chat(4)))
    [free] = loaded._generator(1).generate_batch(
        [prompt], max_length=20, sampling_topk=1, include_prompt_in_result=False
    )
    ids = free.sequences_ids[0]
    end = ids[6]
    folder = tmp_path / "ends"
    shutil.copytree(tiny_model, folder)
    (folder / "generation_config.json").write_text(f'{{"eos_token_id": [2, {end}]}}')
    [short] = CTranslateModel(f"hf:{folder}", settings).generate([chat(4)])
    assert short.finish_reason == "stop"
    assert short.completion_tokens == ids.index(end)  # without the end token


def test_other_architectures_run_in_transformers(tiny_model, tmp_path):
    from transformers import GPT2Config, GPT2LMHeadModel

    tokenizer = AutoTokenizer.from_pretrained(str(tiny_model))
    GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), n_embd=32, n_layer=1, n_head=2)).save_pretrained(
        str(tmp_path)
    )
    tokenizer.save_pretrained(str(tmp_path))
    loaded = load_model(f"hf:{tmp_path}", ModelSettings(device="cpu"))
    assert type(loaded).__name__ == "TransformersModel"
    assert type(load_model(f"hf:{tiny_model}", ModelSettings(device="cpu"))).__name__ == "CTranslateModel"


def test_torch_keeps_its_threads(tiny_model):
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        for _ in range(2):
            loaded = CTranslateModel(f"hf:{tiny_model}", ModelSettings(max_new_tokens=2))
            loaded.generate([chat(2), chat(3)])
            assert (torch.get_num_threads(), loaded._opened.num_generators) == (2, 2)
    finally:
        torch.set_num_threads(threads)


def test_the_converted_weights_are_kept(tiny_model, capsys):
    spec = f"hf:{tiny_model}"
    load_model(spec, ModelSettings(device="cpu"))
    capsys.readouterr()
    load_model(spec, ModelSettings(device="cpu"))
    assert "once" not in capsys.readouterr().err


def test_a_shared_prefix_does_not_change_answers(tiny_model, monkeypatch):
    settings = ModelSettings(max_new_tokens=12)
    model = CTranslateModel(f"hf:{tiny_model}", settings)
    shared = " ".join(["fee", "Monday", "north"] * 40)
    chats = [[Message(role="user", content=f"{shared} {end}")] for end in ("five", "quote", "fee five", "")]
    chats.insert(2, chat(3))
    reads = []
    generate = model._generate
    monkeypatch.setattr(model, "_generate", lambda g, prompt, n: (reads.append(n), generate(g, prompt, n))[1])
    together = model.generate(chats)
    assert sorted(reads)[1] >= 120
    assert reads.count(0) == 1
    alone = CTranslateModel(f"hf:{tiny_model}", settings.model_copy(update={"prompt_cache_tokens": 0}))
    assert [answer.text for answer in together] == [answer.text for answer in alone.generate(chats)]
    assert [answer.prompt_tokens for answer in together] == [answer.prompt_tokens for answer in alone.generate(chats)]


def test_single_tokens_after_one_prompt_are_scored_in_one_pass(tiny_model, monkeypatch):
    model = CTranslateModel(f"hf:{tiny_model}", ModelSettings())
    single = ["fee", "a", "b"]
    assert all(len(encode_text(model._tokenizer, text)) == 1 for text in single)
    read = []
    next_token = model._next_token
    monkeypatch.setattr(model, "_next_token", lambda prompt: (read.append(prompt), next_token(prompt))[1])
    exact = load_model(f"hf:{tiny_model}", ModelSettings(device="cpu", backend="transformers"))
    chats = [chat(words) for words in (3, 9) for _ in single]
    assert model.logprobs(chats, single * 2) == pytest.approx(exact.logprobs(chats, single * 2), abs=1e-2)
    assert len(read) == 2
