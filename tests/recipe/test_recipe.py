"""One file describes the run; a fault in it is one clear line."""

import warnings

import pytest

from opora.errors import InputError, RenamedSettingWarning
from opora.recipe.recipe import load_recipe

TEXT = """
ingest: {folders: [docs]}
index:
train:
  a: {dataset: x, lr: 1e-3}
  b: {dataset: y}
"""


def load(tmp_path, text=TEXT, *overrides, options=None):
    path = tmp_path / "opora.yaml"
    path.write_text(text)
    return load_recipe(path, overrides, options).sections


def test_values_defaults_and_their_origins(tmp_path):
    sections = load(tmp_path, TEXT, "train.a.lr=2e-3", "ingest.chunk.size=500")
    assert (sections["ingest"].folders, sections["ingest"].chunk.size) == (("docs",), 500)
    assert (sections["train.a"].lr, sections["train.b"].lr) == (2e-3, 4e-4)
    assert sections["train.a"].origins == {"dataset": str(tmp_path / "opora.yaml"), "lr": "--set"}
    assert sections["ingest"].origins["chunk.size"] == "--set"


def test_an_override_without_a_name_applies_to_all_entries(tmp_path):
    sections = load(tmp_path, TEXT, "train.lr=5e-4")
    assert {sections[f"train.{name}"].lr for name in "ab"} == {5e-4}


def test_an_override_without_a_name_applies_to_entries_that_have_the_setting(tmp_path):
    text = "bench: {a: {}, b: {method: judge, benchmark: a, model: scripted}}"
    assert load(tmp_path, text, "bench.limit=5")["bench.a"].limit == 5


def test_without_a_file_everything_has_its_default(tmp_path):
    options = {"train.raft.method": "sft"}
    sections = load_recipe(tmp_path / "none.yaml", ["train.raft.epochs=3"], options).sections
    assert (sections["train.raft"].epochs, sections["ask"].model) == (3.0, "extractive")
    assert "epochs" in sections["train.raft"].origins


def test_options_of_a_command_come_before_overrides(tmp_path):
    sections = load(tmp_path, "ask: {top_k: 3}", "ask.top_k=5", options={"ask.top_k": 4, "ask.model": "smollm2"})
    assert (sections["ask"].top_k, sections["ask"].model) == (5, "smollm2")
    assert sections["ask"].origins == {"top_k": "--set", "model": "command line"}


@pytest.mark.parametrize(
    ("text", "override", "section", "setting", "value"),
    [
        ("train: {a: {warmup: 0.2}}", None, "train.a", "warmup_ratio", 0.2),
        ("train: {a: {engine: plain}}", None, "train.a", "prefix_sharing", "off"),
        ("ingest: {chunk: {unit: tokens}}", None, "ingest", "chunk.size_unit", "tokens"),
        ("train: {a: {warmup_ratio: 0.2}}", "train.a.warmup=0.3", "train.a", "warmup_ratio", 0.3),
        ("train: {a: {}}", "train.warmup=0.3", "train.a", "warmup_ratio", 0.3),
        ("", "ingest.chunk.unit=tokens", "ingest", "chunk.size_unit", "tokens"),
        ("bench: {a: {method: closed}}", None, "bench.a", "method", "multiple_choice"),
        ("bench: {a: {method: retriever, retrievers: [words]}}", None, "bench.a", "retrievers", ("bm25",)),
    ],
)
def test_old_names_are_accepted_with_a_warning(tmp_path, text, override, section, setting, value):
    with pytest.warns(RenamedSettingWarning, match="is now .*; the old name is accepted"):
        settings = load(tmp_path, text, *([override] if override else []))[section]
    for part in setting.split("."):
        settings = getattr(settings, part)
    assert settings == value


def test_origins_have_current_names(tmp_path):
    with pytest.warns(RenamedSettingWarning):
        settings = load(tmp_path, "train: {a: {warmup: 0.2}}", "train.a.clip=2")["train.a"]
    assert settings.origins == {"warmup_ratio": str(tmp_path / "opora.yaml"), "max_grad_norm": "--set"}


def test_current_names_give_no_warning(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(tmp_path, TEXT, "train.warmup_ratio=0.2")


@pytest.mark.parametrize(
    ("text", "overrides", "message"),
    [
        ("ingest: {chunk: {sise: 1}}", [], r"opora.yaml: ingest.chunk.sise is unknown; did you mean ingest.chunk.size"),
        ("train: {a: {lrr: 1}}", [], r"train.a.lrr is unknown; did you mean train.a.lr\?"),
        ("igest: {}", [], r"opora.yaml: igest is unknown; did you mean ingest\?"),
        ("train: {a: {lr: fast}}", [], r"train.a.lr is 'fast': input should be a valid number"),
        ("train: {a: {method: sfft}}", [], r"opora.yaml: train.a.method is 'sfft', which is unknown; did you mean sft"),
        ("train: {a: 5}", [], r"train.a: input should be a valid dictionary"),
        ("train: [a]", [], r"opora.yaml: train is \['a'\]: expected entries by name"),
        ("ask: {top_k: 0}", [], r"ask.top_k is 0: input should be greater than 0"),
        ("- a", [], r"expected sections"),
        ("a: [", [], r"opora.yaml: not YAML"),
        (
            "ask: {top_k: 3}\nindex: {}\nask: {top_k: 4}",
            [],
            r"opora.yaml:3: ask is given twice, first on line 1",
        ),
        ("ingest:\n  access:\n    a/*: [x]\n    'a/*': [y]", [], r"opora.yaml:4: a/\* is given twice, first on line 3"),
        (
            "train: {a: {warmup: 0.1, warmup_ratio: 0.2}}",
            [],
            r"a.warmup is unknown; did you mean train.a.warmup_",
        ),
        ("", ["ask.topk=3"], r"--set ask.topk=3: ask.topk is unknown; did you mean ask.top_k\?"),
        ("", ["ask"], r"--set ask: expected section.key=value"),
        ("", ["aks.top_k=3"], r"aks is unknown; did you mean ask\?"),
        ("", ["train.lr=3"], r"train has no entry or key 'lr'"),
        ("ask: {top_k: 3}", ["ask.top_k.x=3"], r"ask.top_k is a value, not a section"),
    ],
)
def test_a_fault_is_one_line(tmp_path, text, overrides, message):
    with pytest.raises(InputError, match=message):
        load(tmp_path, text, *overrides)
