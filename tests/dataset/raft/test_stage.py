"""RAFT datasets from documents and questions, complete or absent."""

import json
import signal
import subprocess
import sys
import time

import pytest

from opora.artifacts import read_json_lines, read_manifest
from opora.corpus.settings import IngestSettings
from opora.corpus.stage import IngestStage
from opora.dataset.raft.settings import RaftSettings
from opora.dataset.raft.stage import RaftStage
from opora.errors import InputError
from opora.retrieval.index.stage import IndexStage
from opora.retrieval.settings import IndexSettings

NAMES = ["Aurora", "Boreas", "Celeste", "Dione", "Elektra", "Fortuna", "Gloria", "Hestia"]


def document(number, name):
    return (
        f"# Ship {name}\n\n## Size\n\nThe {name} has {number + 40} cabins. She is {number + 100} metres long.\n\n"
        f"## History\n\nThe {name} was built in {1990 + number}. Her captain is called {name[::-1].title()}.\n"
    )


def question(number, name):
    quote = f"The {name} has {number + 40} cabins."
    return {
        "id": name, "question": f"How many cabins are on board of {name}?", "answer": f"There are {number + 40}.",
        "quotes": [{"document": name.lower(), "text": quote}], "facts": {"must": [[str(number + 40)]]},
    }  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ships")
    (folder / "documents").mkdir()
    for number, name in enumerate(NAMES):
        (folder / "documents" / f"{name.lower()}.md").write_text(document(number, name))
    rows = [json.dumps(question(number, name)) + "\n" for number, name in enumerate(NAMES)]
    (folder / "questions.jsonl").write_text("".join(rows))
    IngestStage(IngestSettings(), folder, folder / "corpus").run()
    IndexStage(IndexSettings(), folder / "corpus", folder / "index").run()
    return folder


def make(project, out, **more):
    settings = RaftSettings(
        **{"questions": project / "questions.jsonl", "valid_share": 0.2, "test_share": 0.25, **more}
    )
    return RaftStage(settings, project / "corpus", project / "index", out).run()


def rows(folder, split):
    return [row for _, row in read_json_lines(folder / f"{split}.jsonl")]


def test_training_rows_have_no_passages_of_test_documents(project, tmp_path):
    manifest = make(project, tmp_path / "raft", refusal_share=0.0)
    assert manifest.counts == {"train": 4, "valid": 2, "test": 2}
    trained = rows(tmp_path / "raft", "train")
    sources = {passage["metadata"]["source"] for row in trained for passage in row["passages"]}
    names = {row["quotes"][0]["document"] for split in ("valid", "test") for row in rows(tmp_path / "raft", split)}
    assert sources.isdisjoint({f"{name}.md" for name in names})
    for row in trained:
        assert row["messages"][-1]["content"].startswith('Quote: "')
        assert set(row["gold"]) <= {passage["id"] for passage in row["passages"]}


def test_only_training_questions_share_contexts(project, tmp_path):
    alone, shared = (make(project, tmp_path / str(n), refusal_share=0.5, questions_per_context=n) for n in (1, 4))
    assert alone.counts == shared.counts
    assert shared.results["contexts"]["train"] < alone.results["contexts"]["train"] == 4
    for split in ("valid", "test"):
        assert rows(tmp_path / "1", split) == rows(tmp_path / "4", split)
    sources = {passage["metadata"]["source"] for row in rows(tmp_path / "4", "train") for passage in row["passages"]}
    names = {row["quotes"][0]["document"] for row in rows(tmp_path / "1", "test") if row["quotes"]}
    assert sources.isdisjoint({f"{name}.md" for name in names})


def test_datasets_depend_on_the_seed_and_are_reused(project, tmp_path):
    first = make(project, tmp_path / "a")
    assert make(project, tmp_path / "b").fingerprint == first.fingerprint
    assert make(project, tmp_path / "c", seed=1).fingerprint != first.fingerprint
    assert make(project, tmp_path / "a") == first


def test_hugging_face_datasets_loads_it(project, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    make(project, tmp_path / "raft")
    loaded = datasets.load_dataset(str(tmp_path / "raft"), cache_dir=str(tmp_path / "cache"))
    assert {name: len(split) for name, split in loaded.items()} == {"train": 4, "valid": 2, "test": 2}
    assert loaded["train"][0]["messages"][-1]["role"] == "assistant"


def test_webglm_questions_use_their_own_references(project, tmp_path):
    path = tmp_path / "web.jsonl"
    lines = [
        {"question": f"Why is the {name} so fast?", "answer": f"The {name} has a new engine.[2]",
         "references": [f"The {name} is painted white.", f"The {name} got a new engine in spring."]}
        for name in NAMES
    ]  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    make(project, tmp_path / "web", questions=path, refusal_share=0.0)
    for row in rows(tmp_path / "web", "train"):
        mark = int(row["messages"][-1]["content"].split("[")[-1].rstrip("]"))
        assert "engine" in row["passages"][mark - 1]["text"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"quotes": [{"document": "aurora", "text": "She sank."}]},
            r"'Aurora': the quote 'She sank.' is not in aurora.md",
        ),
        ({"quotes": [{"document": "zeppelin", "text": "x"}]}, "the corpus has no document 'zeppelin'"),
    ],
)
def test_missing_evidence_is_an_error(project, tmp_path, change, message):
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps({**question(0, "Aurora"), **change}) + "\n")
    with pytest.raises(InputError, match=message):
        make(project, tmp_path / "raft", questions=path)


def test_a_leak_stops_the_build(project, tmp_path):
    path = tmp_path / "q.jsonl"
    same = "What is the answer to the question that is asked of every single ship here?"
    lines = [{**question(n, name), "question": same} for n, name in enumerate(NAMES)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(InputError, match="leak between train and valid: same question"):
        make(project, tmp_path / "raft", questions=path)
    assert not (tmp_path / "raft").exists()


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.0, 0.4])
def test_a_killed_build_makes_the_same_dataset_when_run_again(project, tmp_path, delay):
    whole = make(project, tmp_path / "whole", variants=40)
    code = (
        "import sys\nfrom pathlib import Path\nfrom opora.dataset.raft.stage import RaftStage\n"
        "from opora.dataset.raft.settings import RaftSettings\np = Path(sys.argv[1])\n"
        "s = RaftSettings(questions=p / 'questions.jsonl', valid_share=0.2, test_share=0.25, variants=40)\n"
        "RaftStage(s, p / 'corpus', p / 'index', Path(sys.argv[2])).run()"
    )
    out = tmp_path / "killed"
    command = [sys.executable, "-c", code, str(project), str(out)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while process.poll() is None and not (tmp_path / ".killed.partial" / "key").exists():
        time.sleep(0.005)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not out.exists(), "the build ended before it was killed"
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    assert read_manifest(out).fingerprint == whole.fingerprint


def test_an_answer_is_never_taught_without_its_evidence(tmp_path):
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "oil.txt").write_text("Масло меняют каждые пятьсот часов. Масло сдают на склад.")
    (tmp_path / "documents" / "belt.txt").write_text("Ремень меняют каждые две тысячи часов. Ремень хранят сухим.")
    own = [
        {"id": "oil", "question": "Как часто меняют масло?", "answer": "Каждые пятьсот часов."},
        {"id": "belt", "question": "Как часто меняют ремень?", "answer": "Каждые две тысячи часов."},
        {"id": "year", "question": "В каком году основан завод?", "answer": "Завод основан в 1931 году."},
        {"id": "empty", "question": "Где хранят ремень?", "answer": ""},
    ]
    lines = [json.dumps({**row, "split": "train", "language": "ru"}) + "\n" for row in own]
    (tmp_path / "questions.jsonl").write_text("".join(lines))
    IngestStage(IngestSettings(), tmp_path, tmp_path / "corpus").run()
    IndexStage(IndexSettings(), tmp_path / "corpus", tmp_path / "index").run()
    make(tmp_path, tmp_path / "raft", valid_share=0.0, test_share=0.0, refusal_share=0.0, distractors=1)
    taught = rows(tmp_path / "raft", "train")
    assert {row["id"].split("/")[0]: {p["metadata"]["source"] for p in row["passages"] if p["id"] in row["gold"]}
            for row in taught} == {"oil": {"oil.txt"}, "belt": {"belt.txt"}}  # fmt: skip
    dropped = {row["id"]: row["reason"] for _, row in read_json_lines(tmp_path / "raft" / "dropped.jsonl")}
    assert dropped == {"year": "no gold passage", "empty": "no answer"}
    assert "1 (no answer), 1 (no gold passage)" in (tmp_path / "raft" / "README.md").read_text()


@pytest.mark.parametrize(
    ("answer", "gold", "taught"),
    [
        ("Ремень меняют зимой[1, 2].", 2, "Ремень меняют зимой [{0}] [{1}]."),
        ("Ремень меняют зимой[1-2].", 2, "Ремень меняют зимой [{0}] [{1}]."),
        ("Ремень меняют зимой【1】.", 1, "Ремень меняют зимой [{0}]."),
        ("Ремень меняют зимой.", 1, "Ремень меняют зимой. [{0}]"),
    ],
)
def test_marks_of_web_questions(tmp_path, project, answer, gold, taught):
    references = ["Ремень меняют зимой, пишет мастер.", "Котёл чистят в июле.", "Насос смазывают."]
    row = {"question": "Когда меняют ремень?", "answer": answer, "references": references}
    fill = [{"question": f"Что делают с {n}?", "answer": f"Сдают {n}[1].", "references": [f"Сдают {n}.", f"Моют {n}."]}
            for n in ("фильтром", "насосом", "вентилем", "паромом")]  # fmt: skip
    (tmp_path / "web.jsonl").write_text("".join(json.dumps(line) + "\n" for line in [row, *fill]))
    make(project, tmp_path / "raft", questions=tmp_path / "web.jsonl", valid_share=0.0, test_share=0.0, refusal_share=0)
    [first] = [line for line in rows(tmp_path / "raft", "train") if line["id"] == "web-1/0"]
    numbers = [number for number, p in enumerate(first["passages"], 1) if p["id"] in first["gold"]]
    assert len(numbers) == gold
    assert first["messages"][-1]["content"] in (taught.format(*numbers), taught.format(*numbers[::-1]))
