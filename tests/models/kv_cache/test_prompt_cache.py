"""Models with one base share a cache, and each gives the same answers as alone."""

import gc

import pytest
import torch
import transformers

from opora.errors import InputError, ModelError
from opora.models.kv_cache.prompt_cache import PromptCache, can_cache, pad_left
from opora.models.registry import load_model
from opora.models.settings import ModelSettings
from opora.records import Message
from tests.factories import MODEL_FAMILIES, draw_token_rows, make_causal_model

CONTEXT = "The fee is 12 EUR a day. It is due on Monday. " * 6


def chat(question, context=CONTEXT):
    return [Message(role="system", content=context), Message(role="user", content=question)]


CHATS = [chat("fee"), chat("Monday north"), chat("quote", "Monday"), chat("fee day five")]


def opened(tiny_model, adapter="", **more):
    spec = f"hf:{tiny_model}" + (f"+{adapter}" if adapter else "")
    settings = {"max_new_tokens": 8, "device": "cpu", "backend": "transformers"}
    return load_model(spec, ModelSettings(**{**settings, **more}))


@pytest.fixture(scope="module")
def adapters(tiny_model, tmp_path_factory):
    """Two activated adapters, and a plain one."""
    from peft import LoraConfig, get_peft_model

    from opora.models.backends.loading import load_tokenizer
    from opora.models.chat_template import invocation_ids
    from opora.models.spec import parse_spec

    invocation = invocation_ids(load_tokenizer(parse_spec(f"hf:{tiny_model}")))
    folders = []
    for number, tokens in enumerate([invocation, invocation, None]):
        torch.manual_seed(number + 5)
        lora = LoraConfig(
            r=4, lora_alpha=40, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM",
            alora_invocation_tokens=tokens,
        )  # fmt: skip
        folders.append(tmp_path_factory.mktemp("adapters") / str(number))
        network = transformers.AutoModelForCausalLM.from_pretrained(str(tiny_model))
        get_peft_model(network, lora).save_pretrained(str(folders[-1]))
    return folders


def texts(model, chats=CHATS):
    return [completion.text for completion in model.generate(chats)]


@pytest.mark.parametrize("which", [None, 0, 2])
def test_the_cache_does_not_change_answers(tiny_model, adapters, which):
    adapter = "" if which is None else adapters[which]
    plain = opened(tiny_model, adapter, prompt_cache_tokens=0)
    cached = opened(tiny_model, adapter, batch_size=3)
    assert texts(cached) == texts(plain) == texts(cached)
    assert cached.logprobs(CHATS, ["fee Monday"] * 4) == pytest.approx(
        plain.logprobs(CHATS, ["fee Monday"] * 4), abs=1e-3
    )


def test_an_activated_adapter_answers_as_in_peft(tiny_model, adapters):
    from peft import PeftModel

    from opora.models.chat_template import encode_chat

    model = opened(tiny_model, adapters[0])
    network = transformers.AutoModelForCausalLM.from_pretrained(str(tiny_model)).eval()
    adapted = PeftModel.from_pretrained(network, str(adapters[0]))
    ids = encode_chat(model._tokenizer, CHATS[0])
    out = adapted.generate(
        input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids)), max_new_tokens=8, do_sample=False
    )
    expected = model._tokenizer.decode(out[0, len(ids) :], skip_special_tokens=True).strip()
    assert texts(model, CHATS[:1]) == [expected]
    assert expected != texts(opened(tiny_model), CHATS[:1])[0]


def test_one_cache_serves_the_model_and_its_adapters(tiny_model, adapters):
    alone = [texts(opened(tiny_model, adapter)) for adapter in ("", adapters[0], adapters[1])]
    gc.collect()
    models = [opened(tiny_model, adapter) for adapter in ("", adapters[0], adapters[1])]
    assert len({id(model._network.base) for model in models}) == 1
    prompts = models[0]._network.base.prompts
    answers = [texts(models[0])]
    read = prompts.read_tokens
    answers += [texts(model) for model in models[1:]]
    assert prompts.read_tokens == read, "adapters must not read the prompt again"
    assert answers == alone
    assert len(set(map(str, answers))) == 3
    assert texts(models[0]) == alone[0], "adapters must not change the base model"


def test_a_plain_adapter_has_a_network_of_its_own(tiny_model, adapters):
    base, merged = opened(tiny_model), opened(tiny_model, adapters[2])
    assert base._network.base is not merged._network.base
    assert texts(base) != texts(merged)


def test_ctranslate2_does_not_run_activated_adapters(tiny_model, adapters):
    assert type(opened(tiny_model, adapters[0], backend="auto")).__name__ == "TransformersModel"
    with pytest.raises(InputError, match="backend ctranslate2 cannot run"):
        opened(tiny_model, adapters[0], backend="ctranslate2")


def test_a_template_other_than_the_adapters_is_an_error(tiny_model, adapters, monkeypatch):
    model = opened(tiny_model, adapters[0])
    monkeypatch.setattr(model._tokenizer, "chat_template", "{% for m in messages %}{{ m['content'] }}{% endfor %}")
    with pytest.raises(ModelError, match="differs from the one that the adapter was trained with"):
        texts(model)


def test_a_shared_prefix_is_read_once(tiny_model):
    model = opened(tiny_model)
    texts(model, [chat("fee"), chat("Monday"), chat("fee day")])
    context = len(model._tokenizer(CONTEXT)["input_ids"])
    assert model._network.base.prompts.read_tokens < 2 * context


@pytest.mark.parametrize("family", MODEL_FAMILIES)
def test_cached_keys_equal_those_of_a_full_pass(family):
    network, cache = make_causal_model(family).eval(), PromptCache(1000)
    rows = [row.prompt for kind in ("nested", "equal", "unrelated") for row in draw_token_rows(kind)]
    with torch.inference_mode():
        for row in rows:
            past = cache.read(network, row)
            expected = network(input_ids=torch.tensor([row]), past_key_values=transformers.DynamicCache())
            for (key, value), layer in zip(past, expected.past_key_values.layers, strict=True):
                torch.testing.assert_close(key, layer.keys, atol=1e-4, rtol=1e-4)
                torch.testing.assert_close(value, layer.values, atol=1e-4, rtol=1e-4)
    assert cache.read_tokens < sum(map(len, rows))


def test_the_cache_keeps_to_its_limit():
    network, cache = make_causal_model("llama").eval(), PromptCache(50)
    for row in draw_token_rows("unrelated") + draw_token_rows("group") + draw_token_rows("unrelated", seed=1):
        cache.read(network, row.prompt)
        assert sum(len(ids) for ids, _ in cache._entries) <= 50
    assert len(cache._entries) > 1


def test_padding_is_on_the_left():
    short, long = ([(torch.ones(1, 2, size, 4), torch.ones(1, 2, size, 4))] for size in (2, 5))
    layer = pad_left([short, [], long]).layers[0]
    assert layer.keys.sum((1, 2, 3)).tolist() == [16, 0, 40]
    assert layer.values[0, 0, :, 0].tolist() == [0, 0, 0, 1, 1]
    assert pad_left([[], []]) is None


def test_a_state_cannot_be_cut_off_at_a_token():
    small = {"vocab_size": 97, "hidden_size": 32, "num_hidden_layers": 1, "state_size": 4}
    assert not can_cache(transformers.AutoModelForCausalLM.from_config(transformers.MambaConfig(**small)))
    assert can_cache(make_causal_model("gemma2"))


@pytest.mark.parametrize("family", MODEL_FAMILIES)
def test_a_batch_continues_from_the_cache(family):
    network, cache = make_causal_model(family).eval(), PromptCache(1000)
    rows = [row.prompt for row in draw_token_rows("nested")]
    longest = max(map(len, rows))
    ids = torch.tensor([[0] * (longest - len(row)) + row for row in rows])
    six = {"min_new_tokens": 6, "max_new_tokens": 6, "do_sample": False}
    with torch.inference_mode():
        expected = [network.generate(torch.tensor([row]), **six)[0, -6:] for row in rows]
        past = pad_left([cache.read(network, row[:-1]) for row in rows])
        generated = network.generate(ids, attention_mask=(ids > 0).long(), past_key_values=past, **six)[:, -6:]
    assert generated.tolist() == torch.stack(expected).tolist()
