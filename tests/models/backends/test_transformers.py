"""Local models: a batch gives the answers of single chats, and nothing is truncated silently."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer

from opora.errors import InputError, ModelError
from opora.models.chat_template import encode_chat, encode_text
from opora.models.registry import load_model
from opora.models.settings import ModelSettings
from opora.records import Message


def chat(words):
    return [Message(role="user", content=" ".join(["fee"] * words))]


def model(tiny_model, **more):
    return load_model(f"hf:{tiny_model}", ModelSettings(**{"max_new_tokens": 8, "device": "cpu", **more}))


@pytest.mark.parametrize("backend", ["transformers", "ctranslate2"])
def test_a_batch_gives_the_answers_of_its_chats(tiny_model, backend):
    chats = [chat(words) for words in (3, 40, 1, 17)]
    single = [model(tiny_model, backend=backend).generate([chat])[0].text for chat in chats]
    seen = []
    batch = model(tiny_model, backend=backend, batch_size=3).generate(chats, lambda n, c: seen.append((n, c.text)))
    assert [completion.text for completion in batch] == single
    assert sorted(seen) == list(enumerate(single))
    assert [completion.prompt_tokens for completion in batch][1] > 40


@pytest.mark.parametrize("backend", ["transformers", "ctranslate2"])
def test_logprobs_are_of_the_continuation(tiny_model, backend):
    loaded = model(tiny_model, backend=backend)
    short, long = loaded.logprobs([chat(3), chat(3)], ["fee", "fee fee fee"])
    assert long < short < 0


def test_backends_give_similar_logprobs(tiny_model):
    texts = ["fee", "Monday it is", "north"]
    exact, quick = (
        model(tiny_model, backend=b).logprobs([chat(3)] * 3, texts) for b in ("transformers", "ctranslate2")
    )
    assert exact == pytest.approx(quick, rel=0.1)


@pytest.mark.parametrize("backend", ["transformers", "ctranslate2"])
def test_a_prompt_that_does_not_fit_is_refused(tiny_model, backend):
    with pytest.raises(InputError, match=r"a prompt of \d+ tokens and 8 new tokens do not fit into the context of 512"):
        model(tiny_model, backend=backend).generate([chat(900)])


def test_the_seed_fixes_the_sample(tiny_model):
    def sample(seed):
        loaded = model(tiny_model, backend="transformers", temperature=2.0, seed=seed, max_new_tokens=20)
        return loaded.generate([chat(5)])[0].text

    assert sample(1) == sample(1)
    assert len({sample(seed) for seed in range(4)}) > 1


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("hf:/nowhere/model", ModelError, "does not load"),
        ("hf:{tiny}+/nowhere/adapter", InputError, "contains no adapter_model.safetensors"),
    ],
)
def test_a_missing_model(tiny_model, spec, error, message):
    with pytest.raises(error, match=message):
        load_model(spec.format(tiny=tiny_model), ModelSettings(device="cpu"))


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("gpu", "device 'gpu' is unknown"),
        ("cuda:9", "is not available on this machine"),
        ("meta", "is not available on this machine"),
    ],
)
def test_an_unavailable_device(tiny_model, device, message):
    with pytest.raises(InputError, match=message):
        model(tiny_model, device=device)


def test_a_completion_ends_at_the_limit_or_at_the_end_token(tiny_model):
    for backend in ("transformers", "ctranslate2"):
        [cut] = model(tiny_model, backend=backend, max_new_tokens=2).generate([chat(3)])
        assert (cut.finish_reason, cut.completion_tokens) == ("length", 2)


def test_logprobs_equal_those_of_the_whole_sequence(tiny_model):
    loaded = model(tiny_model, backend="transformers", batch_size=3)
    chats, texts = [chat(n) for n in (2, 30, 9, 1)], ["fee Monday", "", "north <|im_end|> five", "quote"]
    network, tokenizer = loaded._network.base.network, loaded._tokenizer
    for messages, text, score in zip(chats, texts, loaded.logprobs(chats, texts), strict=True):
        prompt = encode_chat(tokenizer, messages)
        answer = encode_text(tokenizer, text)
        with torch.no_grad():
            logits = network(torch.tensor([prompt + answer])).logits[0].log_softmax(-1)
        expected = sum(float(logits[len(prompt) + n - 1, token]) for n, token in enumerate(answer))
        assert score == pytest.approx(expected, abs=1e-4)


def test_generation_defaults_of_a_checkpoint_change_nothing(tiny_model, tmp_path):
    folder = copy(tiny_model, tmp_path)
    (folder / "generation_config.json").write_text(
        '{"repetition_penalty": 9.0, "top_k": 1, "do_sample": true, "eos_token_id": [2, 0], "no_repeat_ngram_size": 1}'
    )
    plain, set_ = (model(path, backend="transformers") for path in (tiny_model, folder))
    assert set_.generate([chat(4)])[0].text == plain.generate([chat(4)])[0].text
    hot = model(folder, backend="transformers", temperature=9.0, max_new_tokens=20, seed=1).generate([chat(4)])
    assert hot[0].text != plain.generate([chat(4)])[0].text


def test_every_end_token_of_a_checkpoint_ends_a_turn(tiny_model, tmp_path):
    backend = "transformers"
    [long] = model(tiny_model, backend=backend, max_new_tokens=20).generate([chat(4)])
    ids = model(tiny_model, backend=backend)._tokenizer(long.text, add_special_tokens=False)["input_ids"]
    folder = copy(tiny_model, tmp_path)
    (folder / "generation_config.json").write_text(f'{{"eos_token_id": [2, {ids[-1]}]}}')
    [short] = model(folder, backend=backend, max_new_tokens=20).generate([chat(4)])
    assert short.finish_reason == "stop"
    assert long.text.startswith(short.text)
    assert short.completion_tokens < long.completion_tokens


def test_a_damaged_checkpoint_is_named(tiny_model, tmp_path):
    folder = copy(tiny_model, tmp_path)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ModelError, match="does not load"):
        model(folder, backend="transformers")


def test_a_pickle_is_not_read(tiny_model, tmp_path):
    folder = copy(tiny_model, tmp_path)
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="does not load"):
        model(folder, backend="transformers")


@pytest.mark.parametrize("backend", ["transformers", "ctranslate2"])
def test_an_adapter_changes_the_model(tiny_model, tmp_path, backend):
    folder = make_adapter(tiny_model, tmp_path / "train" / "adapter")
    plain = model(tiny_model, backend=backend)
    adapted = load_model(f"hf:{tiny_model}+{folder.parent}", ModelSettings(device="cpu", backend=backend))
    direct = load_model(f"hf:{tiny_model}+{folder}", ModelSettings(device="cpu", backend=backend))
    scores = [loaded.logprobs([chat(3)], ["fee Monday"])[0] for loaded in (plain, adapted, direct)]
    assert scores[1] == scores[2] != pytest.approx(scores[0], abs=0.01)
    assert plain.revision != adapted.revision == direct.revision


def test_the_scale_of_an_adapter_is_part_of_its_revision(tiny_model, tmp_path):
    folder = make_adapter(tiny_model, tmp_path / "adapter")
    spec = f"hf:{tiny_model}+{folder}"
    before = load_model(spec, ModelSettings(device="cpu", backend="ctranslate2"))
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, "lora_alpha": 500}))
    after = load_model(spec, ModelSettings(device="cpu", backend="ctranslate2"))
    assert before.revision != after.revision
    assert before.logprobs([chat(3)], ["fee"]) != pytest.approx(after.logprobs([chat(3)], ["fee"]), abs=0.01)


def test_the_tokenizer_saved_with_an_adapter_is_used(tiny_model, tmp_path):
    folder = make_adapter(tiny_model, tmp_path / "adapter")
    tokenizer = AutoTokenizer.from_pretrained(str(tiny_model))
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
    tokenizer.save_pretrained(str(folder))
    for backend in ("transformers", "ctranslate2"):
        adapted = load_model(f"hf:{tiny_model}+{folder}", ModelSettings(device="cpu", backend=backend))
        [here], [there] = adapted.generate([chat(3)]), model(tiny_model, backend=backend).generate([chat(3)])
        assert here.prompt_tokens < there.prompt_tokens


@pytest.mark.parametrize("change", [{"num_hidden_layers": 3}, {"num_hidden_layers": 1}, {"hidden_size": 32}])
def test_an_adapter_of_another_model_is_refused(tiny_model, tmp_path, change):
    from transformers import AutoConfig, AutoModelForCausalLM

    narrow = copy(tiny_model, tmp_path)
    config = AutoConfig.from_pretrained(str(tiny_model), **change)
    AutoModelForCausalLM.from_config(config).save_pretrained(str(narrow))
    folder = make_adapter(tiny_model, tmp_path / "adapter")
    with pytest.raises(ModelError, match="does not fit its model"):
        load_model(f"hf:{narrow}+{folder}", ModelSettings(device="cpu", backend="transformers"))


def make_adapter(tiny_model, folder):
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    network = AutoModelForCausalLM.from_pretrained(str(tiny_model))
    lora = LoraConfig(r=4, lora_alpha=50, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    get_peft_model(network, lora).save_pretrained(str(folder))
    return folder


def copy(tiny_model, tmp_path):
    return Path(shutil.copytree(tiny_model, tmp_path / "copy"))
