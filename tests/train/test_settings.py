"""Settings of training: names of the last release, words that YAML reads as booleans, saved checkpoints in specs."""

from pathlib import Path

import pytest
import yaml

from opora.artifacts.stage import Project
from opora.errors import InputError, RenamedSettingWarning
from opora.train.embedder.settings import EmbedderTrainSettings
from opora.train.objectives.sft import SftSettings
from opora.train.reranker.settings import RerankerTrainSettings
from opora.train.settings import check_saved_checkpoints

RENAMED = [
    (SftSettings, {"negatives": 0.2}, {"refusal_share": 0.2}),
    (SftSettings, {"general": "chats.jsonl", "max_fall": 0.1},
     {"regression_set": Path("chats.jsonl"), "max_general_loss_increase": 0.1}),
    (SftSettings, {"keep": [0.6]}, {"save_at": (0.6,)}),
    (SftSettings, {"engine": "shared"}, {"prefix_sharing": "on"}),
    (SftSettings, {"engine": "plain"}, {"prefix_sharing": "off"}),
    (SftSettings, {"clip": 0.5, "warmup": 0.2}, {"max_grad_norm": 0.5, "warmup_ratio": 0.2}),
    (EmbedderTrainSettings, {"components": 4, "warmup": 0.2}, {"sif_components": 4, "warmup_ratio": 0.2}),
    (RerankerTrainSettings, {"made": 10, "depth": 20}, {"synthetic_queries": 10, "candidates": 20}),
    (RerankerTrainSettings, {"labels": "gold"}, {"relevance": "gold"}),
    (RerankerTrainSettings, {"labels": "reward:smollm2", "questions": "q.jsonl"}, {"relevance": "llm:smollm2"}),
    (RerankerTrainSettings, {"base": "forest"}, {"base": "lambdamart"}),
]  # fmt: skip


@pytest.mark.parametrize(("model", "old", "current"), RENAMED)
def test_old_names_are_accepted_with_a_warning(model, old, current):
    with pytest.warns(RenamedSettingWarning):
        settings = model(**old)
    assert {name: getattr(settings, name) for name in current} == current


@pytest.mark.parametrize("word", ["on", "off", "auto"])
def test_prefix_sharing_in_yaml(word):
    assert SftSettings(**yaml.safe_load(f"prefix_sharing: {word}")).prefix_sharing == word


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            "smollm2+train/a/checkpoint-50",
            "train/a saves checkpoint-60, not checkpoint-50; add it to train.a.save_at",
        ),
        ("smollm2+train/a/at-60", "m: train/a/at-60 is now train/a/checkpoint-60"),
        ("smollm2+train/b/checkpoint-60", "m: train/b saves no checkpoints, not checkpoint-60"),
    ],
)
def test_checkpoint_that_is_not_saved(spec, message):
    project = Project(Path(), {"train.a": SftSettings(save_at=(0.6,)), "train.b": SftSettings()})
    check_saved_checkpoints(project, "m", ["smollm2+train/a/checkpoint-60", "smollm2+train/a", "smollm2"])
    with pytest.raises(InputError, match=message):
        check_saved_checkpoints(project, "m", [spec])
