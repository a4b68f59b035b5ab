"""Mixtures of datasets: shares, refusals, quality, and the list of dropped rows."""

import pytest

from opora.artifacts import read_json_lines
from opora.errors import InputError
from opora.train.llm.mixture import read_mixture
from opora.train.objectives.sft import SftSettings
from tests.factories import make_chat_row, make_dataset, train_adapter


@pytest.fixture(scope="session")
def tokenizer(tiny_model):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(tiny_model))


def rows(pattern, begin=0):
    """A letter a row: `a` an answer, `r` a refusal, `c` a chat that does not say what it is; a digit is the quality of
    the row before it, in tenths."""
    chats = []
    kinds = {"a": {"behavior": "answer"}, "r": {"behavior": "refuse"}, "c": {}}
    for letter in pattern:
        if letter in kinds:
            chats.append({**make_chat_row(begin + len(chats)), **kinds[letter]})
        else:
            chats[-1]["quality"] = int(letter) / 10
    return chats


def mix(tmp_path, tokenizer, pattern, second="", **changes):
    make_dataset(tmp_path / "raft", rows(pattern), rows("ar1", 90))
    dataset = {"raft": 1.0}
    if second:
        make_dataset(tmp_path / "chats", rows(second, 50))
        dataset["chats"] = 1.0
    return read_mixture(SftSettings(dataset=dataset, **changes), tmp_path, tokenizer, 512)


def count_kinds(mixture):
    return "".join({True: "r", False: "a", None: "c"}[example.is_refusal] for example in mixture.train)


@pytest.mark.parametrize(
    ("pattern", "share", "kept", "reasons"),
    [
        ("aaaarrrr", 0.2, "aaaar", {"too many refusals"}),
        ("aaaarrrr", 0.5, "aaaarrrr", set()),
        ("aaaarrrr", 0.8, "arrrr", {"too many answers"}),
        ("aaaarr", 0.0, "aaaa", {"too many refusals"}),
        ("aaaarr", 1.0, "rr", {"too many answers"}),
        ("caraarc", 0.25, "caaarc", {"too many refusals"}),
        ("aaaaaaaaar", 0.5, "ar", {"too many answers"}),
        ("aaaa", 0.0, "aaaa", set()),
    ],
)
def test_refusal_share(tmp_path, tokenizer, pattern, share, kept, reasons):
    mixture = mix(tmp_path, tokenizer, pattern, refusal_share=share)
    assert sorted(count_kinds(mixture)) == sorted(kept)
    assert {row["reason"] for row in mixture.dropped} == reasons
    assert len(mixture.train) + len(mixture.dropped) == len(pattern)
    assert len(mixture.valid) == 2, "validation sets are kept whole"


def test_refusal_share_over_several_datasets(tmp_path, tokenizer):
    mixture, same, other_seed = (
        mix(tmp_path / str(n), tokenizer, "a" * 9, "r" * 9 + "c", refusal_share=0.1, seed=seed)
        for n, seed in enumerate((0, 0, 1))
    )
    assert count_kinds(mixture) == "a" * 9 + "rc"
    assert {row["dataset"] for row in mixture.dropped} == {"chats"}
    assert mixture.dropped[0].keys() == {"dataset", "id", "row", "reason"}
    assert mixture == same
    assert mixture.train != other_seed.train


@pytest.mark.parametrize(
    ("pattern", "share", "message"),
    [
        ("aaa", 0.2, "refusal_share is 0.2, but by their behavior 0 of the rows are refusals and 3 are answers"),
        ("rr", 0.2, "2 of the rows are refusals and 0 are answers"),
        ("cc", 0.0, "0 of the rows are refusals and 0 are answers; add the missing kind, or remove refusal_share"),
    ],
)
def test_impossible_refusal_share(tmp_path, tokenizer, pattern, share, message):
    with pytest.raises(InputError, match=message):
        mix(tmp_path, tokenizer, pattern, refusal_share=share)


def test_min_quality(tmp_path, tokenizer):
    mixture = mix(tmp_path, tokenizer, "a4a5a6c", "c0c9", min_quality=0.5)
    assert [example.quality for example in mixture.train] == [0.5, 0.6, None, 0.9]
    assert mixture.dropped == [
        {"dataset": "raft", "id": "r0", "row": "train.jsonl:1", "reason": "low quality", "quality": 0.4},
        {"dataset": "chats", "id": "r50", "row": "train.jsonl:1", "reason": "low quality", "quality": 0.0},
    ]
    assert len(mixture.valid) == 2, "validation sets are kept whole"


@pytest.mark.parametrize(
    ("pattern", "least", "message"),
    [
        ("aac", 0.5, "min_quality is 0.5, but no row has a quality"),
        ("a1a2", 0.5, "train.jsonl: no row has a quality of 0.5 or more; lower min_quality"),
    ],
)
def test_min_quality_without_effect_or_rows(tmp_path, tokenizer, pattern, least, message):
    with pytest.raises(InputError, match=message):
        mix(tmp_path, tokenizer, pattern, min_quality=least)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"quality": "good"}, r"train.jsonl:2: quality is 'good'; expected a number"),
        ({"quality": True}, r"train.jsonl:2: quality is True"),
        ({"quality": float("nan")}, r"train.jsonl:2: quality is nan"),
        ({"behavior": "refusal"}, r"train.jsonl:2: behavior is 'refusal'; did you mean refuse\?"),
    ],
)
def test_wrong_quality_or_behavior(tmp_path, tokenizer, more, message):
    make_dataset(tmp_path / "raft", [make_chat_row(0), {**make_chat_row(1), **more}])
    with pytest.raises(InputError, match=message):
        read_mixture(SftSettings(), tmp_path, tokenizer, 512)


def test_dropped_rows_are_counted_and_listed(tiny_model, tmp_path):
    examples = rows("a9a9a1r9r9cc")
    manifest = train_adapter(tiny_model, tmp_path, rows=examples, epochs=1, refusal_share=1 / 3, min_quality=0.5)
    assert manifest.counts == {"examples": 5, "held_out": 4, "steps": 2, "refusals": 1, "unrated": 2}
    assert manifest.dropped == {"low quality": 1, "too many refusals": 1}
    listed = [row["reason"] for _, row in read_json_lines(tmp_path / "out" / "dropped.jsonl")]
    assert sorted(listed) == sorted(manifest.dropped)


def test_own_dataset_needs_no_manifest(tiny_model, tmp_path):
    from opora.artifacts import write_json_lines

    own = tmp_path / "dataset" / "own"
    with pytest.raises(InputError, match=r"dataset/own: no dataset here; .* write your own rows to train.jsonl"):
        train_adapter(tiny_model, tmp_path, "none", rows=rows("aa"), dataset="own", max_steps=1)
    own.mkdir()
    write_json_lines(own / "train.jsonl", rows("aaaa"))
    first = train_adapter(tiny_model, tmp_path, "first", dataset="own", max_steps=1)
    assert first.counts["examples"] == 4
    assert train_adapter(tiny_model, tmp_path, "first", dataset="own", max_steps=1).created == first.created
    for name in ("valid", "train"):
        write_json_lines(own / f"{name}.jsonl", rows("aaa"))
        again = train_adapter(tiny_model, tmp_path, name, dataset="own", max_steps=1)
        assert again.inputs["dataset own"] != first.inputs["dataset own"]
