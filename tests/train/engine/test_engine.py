"""Each token once gives what each row alone gives: scores and every gradient, whatever the tree and the model."""

import random

import pytest
import torch
import transformers
from peft import LoraConfig, get_peft_model

from opora.errors import InputError
from opora.train.engine.engine import Engine, Row
from opora.train.engine.tree_attention import TreeState

VOCABULARY = 97
SHAPE = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 4,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 256,
    "initializer_range": 0.3, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
FAMILIES = {
    "llama": ("LlamaConfig", {}),
    "llama, tied": ("LlamaConfig", {"tie_word_embeddings": True}),
    "qwen2": ("Qwen2Config", {}),
    "qwen2, window": ("Qwen2Config", {"use_sliding_window": True, "sliding_window": 5, "max_window_layers": 2}),
    "qwen3": ("Qwen3Config", {}),
    "mistral, window": ("MistralConfig", {"sliding_window": 5}),
    "gemma2": ("Gemma2Config", {"sliding_window": 5, "query_pre_attn_scalar": 8, "final_logit_softcapping": 3.0,
                                "attn_logit_softcapping": 2.0}),
    "gemma3": ("Gemma3TextConfig", {"sliding_window": 5, "query_pre_attn_scalar": 8}),
    "cohere": ("CohereConfig", {"logit_scale": 0.5}),
    "granite": ("GraniteConfig", {"logits_scaling": 4.0}),
}  # fmt: skip


def make(family, **more):
    name, special = FAMILIES[family]
    torch.manual_seed(0)
    config = getattr(transformers, name)(**{**SHAPE, **special, **more})
    return transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager")


def adapt(model):
    model = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM"))
    torch.manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    return model


def draw(kind, seed=0):
    rng = random.Random(f"{kind} {seed}")

    def some(low, high):
        return [rng.randint(3, VOCABULARY - 1) for _ in range(rng.randint(low, high))]

    shared = some(20, 30)
    return {
        "unrelated": [Row(some(1, 20), some(1, 8)) for _ in range(4)],
        "pair": [Row(shared, some(1, 8)) for _ in range(2)],
        "group": [Row(shared, some(1, 8)) for _ in range(6)],
        "nested": [Row(shared + tail, some(1, 8)) for tail in (some(4, 6), some(5, 9)) for _ in range(2)]
        + [Row(shared[:9], some(1, 3)), Row(some(3, 9), some(2, 3))],
        "one token": [Row(shared[:1], some(1, 1)), Row(shared[:2], some(1, 1)), Row(some(1, 1), some(1, 1))],
        "equal": [Row(shared, [5, 6, 2]), Row(shared, [5, 6, 2]), Row(shared, [5, 6])],
        "prompt in answer": [Row(shared[:5], shared[5:]), Row(shared[:9], shared[9:]), Row(shared[:9], [4, 2])],
    }[kind]


KINDS = ("unrelated", "pair", "group", "nested", "one token", "equal", "prompt in answer")


def plain(model, rows):
    """Log-probabilities of each row alone, by the forward pass of the model as it is."""
    found = []
    for row in rows:
        logits = model(input_ids=torch.tensor([[*row.prompt, *row.answer]]), use_cache=False).logits[0]
        scores = logits.float().log_softmax(-1)[len(row.prompt) - 1 : -1]
        found.append(scores.gather(1, torch.tensor(row.answer)[:, None])[:, 0])
    return found


def gradients(model, logprobs):
    """Of a loss that weighs every token differently."""
    weights = torch.linspace(-1, 2, sum(map(len, logprobs)))
    model.zero_grad()
    (torch.cat(list(logprobs)) * weights).sum().backward()
    return {name: each.grad.clone() for name, each in model.named_parameters() if each.grad is not None}


def assert_same(model, rows, least=2, tolerance=2e-4):
    expected = plain(model, rows)
    wanted = gradients(model, expected)
    scores = Engine(model).score(rows, least)
    for score, each in zip(scores, expected, strict=True):
        torch.testing.assert_close(score.logprobs, each, atol=2e-5, rtol=1e-5)
    found = gradients(model, [score.logprobs for score in scores])
    assert found.keys() == wanted.keys()
    scale = max(gradient.norm() for gradient in wanted.values())
    for name, gradient in wanted.items():
        assert (found[name] - gradient).norm() <= tolerance * (gradient.norm() + 0.01 * scale), name


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_an_adapter_learns_what_it_would_from_rows_alone(family, kind):
    assert_same(adapt(make(family)).train(), draw(kind))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_whole_model_with_its_head_does_too(family):
    assert_same(make(family).train(), draw("nested"))


@pytest.mark.parametrize("seed", range(20))
def test_random_trees(seed):
    rng = random.Random(seed)
    rows = []
    for _ in range(rng.randint(1, 6)):
        row = [rng.randint(3, 4) for _ in range(rng.randint(2, 14))]
        cut = rng.randint(1, len(row) - 1)
        rows.append(Row(row[:cut], row[cut:]))
    assert_same(adapt(make("llama")).train(), rows, rng.randint(1, 4))


def test_gradient_checkpointing_changes_nothing():
    model = make("llama")
    model.gradient_checkpointing_enable({"use_reentrant": False})
    model.enable_input_require_grads()
    assert_same(adapt(model).train(), draw("nested"))


@pytest.mark.parametrize("family", ["llama", "gemma2", "mistral, window"])
def test_without_a_tree_the_model_is_what_it_was(family):
    model = make(family).eval()
    ids = torch.randint(3, VOCABULARY, (2, 12))
    mask = torch.tensor([[1] * 12, [0] * 4 + [1] * 8])
    before = model(input_ids=ids, attention_mask=mask).logits
    text = model.generate(ids, attention_mask=mask, max_new_tokens=5, do_sample=False)
    Engine(model)
    after = model(input_ids=ids, attention_mask=mask).logits
    torch.testing.assert_close(before[mask.bool()], after[mask.bool()], atol=1e-4, rtol=1e-4)
    assert model.generate(ids, attention_mask=mask, max_new_tokens=5, do_sample=False).tolist() == text.tolist()


def test_autocast():
    model, rows = adapt(make("llama")).train(), draw("nested")
    with torch.autocast("cpu", torch.bfloat16):
        expected = plain(model, rows)
        scores = Engine(model).score(rows, 2)
    for score, each in zip(scores, expected, strict=True):
        torch.testing.assert_close(score.logprobs, each, atol=0.3, rtol=0.05)


@pytest.mark.parametrize("wrong", ["all", "own only", "one off"])
def test_a_wrong_mask_is_noticed(wrong, monkeypatch):
    def mask(self, node, window):
        queries = node.end - node.start
        keys = queries + sum(end - start for start, end in node.ancestors)
        seen = torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries)
        if wrong == "all":
            seen[:] = True
        elif wrong == "own only":
            seen[:, : keys - queries] = False
        else:
            seen = seen.triu(-queries + 2) | torch.eye(queries, keys, dtype=torch.bool)
        return seen

    monkeypatch.setattr(TreeState, "mask", mask)
    with pytest.raises(AssertionError):
        assert_same(adapt(make("llama")).train(), draw("group"))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("MambaConfig", "layers of type linear_attention carry a state"),
        ("BloomConfig", "cannot be replaced"),
        ("GptOssConfig", "attention with s_aux"),
    ],
)
def test_what_cannot_share_is_refused(config, message):
    small = {**SHAPE, "n_head": 4, "n_layer": 1, "num_hidden_layers": 1, "num_local_experts": 2}
    model = transformers.AutoModelForCausalLM.from_config(getattr(transformers, config)(**small))
    with pytest.raises(InputError, match=message):
        Engine(model).score(draw("pair"))


def test_entropy_and_top():
    model, rows = make("llama").eval(), draw("pair")
    for score, row in zip(Engine(model).score(rows), rows, strict=True):
        logits = model(input_ids=torch.tensor([[*row.prompt, *row.answer]])).logits[0, len(row.prompt) - 1 : -1]
        distribution = torch.distributions.Categorical(logits=logits)
        torch.testing.assert_close(score.entropy, distribution.entropy(), atol=1e-4, rtol=1e-4)
        assert score.top.tolist() == (logits.argmax(-1) == torch.tensor(row.answer)).tolist()
