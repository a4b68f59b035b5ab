"""One file describes the run; what is wrong in it is one clear line."""

import pytest

from opora.errors import InputError
from opora.recipe.recipe import load_recipe

TEXT = """
ingest: {folders: [docs]}
index:
train:
  a: {dataset: x, lr: 1e-3}
  b: {dataset: y}
"""


def load(tmp_path, text=TEXT, *overrides, entries=None):
    path = tmp_path / "opora.yaml"
    path.write_text(text)
    return load_recipe(path, overrides, entries)


def test_values_defaults_and_where_they_come_from(tmp_path):
    recipe = load(tmp_path, TEXT, "train.a.lr=2e-3", "ingest.chunk.size=500")
    assert (recipe.ingest.folders, recipe.ingest.chunk.size) == (("docs",), 500)
    assert (recipe.train["a"].lr, recipe.train["b"].lr) == (2e-3, 4e-4)
    assert recipe.train["a"].origins == {"dataset": str(tmp_path / "opora.yaml"), "lr": "--set"}
    assert recipe.ingest.origins["chunk.size"] == "--set"


def test_an_override_without_a_name_is_for_all_entries(tmp_path):
    assert {each.lr for each in load(tmp_path, TEXT, "train.lr=5e-4").train.values()} == {5e-4}


def test_without_a_file_everything_has_its_default(tmp_path):
    recipe = load_recipe(tmp_path / "none.yaml", ["train.raft.epochs=3"], {"train": "raft"})
    assert (recipe.train["raft"].epochs, recipe.ask.model) == (3.0, "extractive")


@pytest.mark.parametrize(
    ("text", "overrides", "message"),
    [
        ("ingest: {chunk: {sise: 1}}", [], r"opora.yaml: ingest.chunk.sise is unknown; did you mean ingest.chunk.size"),
        ("train: {a: {lrr: 1}}", [], r"train.a.lrr is unknown; did you mean train.a.lr\?"),
        ("igest: {}", [], r"igest is unknown; did you mean ingest\?"),
        ("train: {a: {lr: fast}}", [], r"train.a.lr is 'fast': input should be a valid number"),
        ("ask: {top_k: 0}", [], r"ask.top_k is 0: input should be greater than 0"),
        ("- a", [], r"sections are expected"),
        ("a: [", [], r"opora.yaml: not YAML"),
        ("", ["ask.topk=3"], r"ask.topk is unknown; did you mean ask.top_k\?"),
        ("", ["ask"], r"--set ask: section.key=value is expected"),
        ("", ["aks.top_k=3"], r"aks is unknown; did you mean ask\?"),
        ("", ["train.lr=3"], r"train has no entry or key 'lr'"),
    ],
)
def test_what_is_wrong(tmp_path, text, overrides, message):
    with pytest.raises(InputError, match=message):
        load(tmp_path, text, *overrides)
