"""Local models: a batch gives what single chats give, and nothing is cut silently."""

import pytest

from opora.errors import InputError, ModelError
from opora.models.load import load_model
from opora.models.settings import ModelSettings
from opora.records import Message


def chat(words):
    return [Message(role="user", content=" ".join(["fee"] * words))]


def model(tiny_model, **more):
    return load_model(f"hf:{tiny_model}", ModelSettings(**{"max_new_tokens": 8, "device": "cpu", **more}))


@pytest.mark.parametrize("backend", ["transformers", "ctranslate2"])
def test_a_batch_is_what_its_chats_are(tiny_model, backend):
    chats = [chat(words) for words in (3, 40, 1, 17)]
    each = [model(tiny_model, backend=backend).generate([one])[0].text for one in chats]
    seen = []
    batch = model(tiny_model, backend=backend, batch_size=3).generate(chats, lambda n, c: seen.append((n, c.text)))
    assert [completion.text for completion in batch] == each
    assert sorted(seen) == list(enumerate(each))
    assert [completion.prompt_tokens for completion in batch][1] > 40


@pytest.mark.parametrize("backend", ["transformers", "ctranslate2"])
def test_logprobs_are_of_the_continuation(tiny_model, backend):
    loaded = model(tiny_model, backend=backend)
    one, longer = loaded.logprobs([chat(3), chat(3)], ["fee", "fee fee fee"])
    assert longer < one < 0


def test_both_backends_tell_about_the_same(tiny_model):
    texts = ["fee", "Monday it is", "north"]
    exact, quick = (
        model(tiny_model, backend=b).logprobs([chat(3)] * 3, texts) for b in ("transformers", "ctranslate2")
    )
    assert exact == pytest.approx(quick, rel=0.1)


@pytest.mark.parametrize("backend", ["transformers", "ctranslate2"])
def test_a_prompt_that_does_not_fit_is_refused(tiny_model, backend):
    with pytest.raises(InputError, match=r"a prompt of \d+ tokens and 8 new ones do not fit into its context of 512"):
        model(tiny_model, backend=backend).generate([chat(900)])


def test_the_seed_decides_what_is_sampled(tiny_model):
    def sample(seed):
        loaded = model(tiny_model, backend="transformers", temperature=2.0, seed=seed, max_new_tokens=20)
        return loaded.generate([chat(5)])[0].text

    assert sample(1) == sample(1)
    assert len({sample(seed) for seed in range(4)}) > 1


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("hf:/nowhere/model", ModelError, "does not load"),
        ("hf:{tiny}+/nowhere/adapter", InputError, "holds no adapter_model.safetensors"),
    ],
)
def test_what_is_not_there(tiny_model, spec, error, message):
    with pytest.raises(error, match=message):
        load_model(spec.format(tiny=tiny_model), ModelSettings(device="cpu"))


def test_a_damaged_cache_is_written_anew(tmp_path, monkeypatch, capsys):
    from opora.models import cache

    monkeypatch.setenv("OPORA_CACHE", str(tmp_path))

    def write(folder):
        (folder / "weights").write_text("good")

    folder = cache.cached.__wrapped__("entry", write)
    (folder / "weights").write_text("bad")
    assert (cache.cached.__wrapped__("entry", write) / "weights").read_text() == "good"
    assert "is damaged; it is written anew" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["transformers", "ctranslate2"])
def test_smollm2_knows_the_capital_of_france(real_cache, backend):
    loaded = load_model("smollm2", ModelSettings(backend=backend, max_new_tokens=16))
    [completion] = loaded.generate([[Message(role="user", content="What is the capital of France?")]])
    assert "Paris" in completion.text
    assert completion.finish_reason == "stop"


@pytest.fixture
def real_cache(monkeypatch):
    monkeypatch.delenv("OPORA_CACHE", raising=False)
