"""Makers that several test modules share. Append yours under a heading comment."""

import contextlib
import random
import re
import shutil
import subprocess
import sys
import time

import numpy as np

from opora.models.base import Completion
from opora.records import Document, Example, Hit, KeyFacts, Option, Passage, Quote
from opora.retrieval.query import Query
from opora.retrieval.rerankers.base import Candidate
from opora.retrieval.rerankers.lambdamart.features import NAMES
from opora.retrieval.rerankers.lambdamart.lightgbm_trees import LambdaMartReranker
from opora.text import resources
from opora.text.search_terms import search_terms

# The ferry project: a small corpus with its index, questions about it, and models with scripted answers. Texts and
# questions contain markup, as those of a hostile document would.
FERRY_TEXTS = {
    "en/rules/fees.md": "A fee of 12 EUR is due each day. Dogs travel free of charge on every ferry.",
    "en/rules/times.md": "The ferry leaves at 7.30 from the northern pier. It never sails on Sunday.",
    "en/tech/pumps.md": "🚢 On the quay: The main pump moves 40 litres a second. <script>alert('pump')</script> is its "
    "label. </script><!--<script>document.title = 'taken'</script>\u2028",
}
FERRY_REFUSAL = "The documents do not contain an answer to this question."
FERRY_FACTS = {
    "fee": ("What is the fee?", "The fee is 12 EUR a day.", "rules/fees", "A fee of 12 EUR is due each day.", "12"),
    "dogs": ("What do dogs pay?", "Dogs travel free.", "rules/fees",
             "Dogs travel free of charge on every ferry.", "free"),
    "pier": ("Where does it leave?", "From the northern pier.", "rules/times",
             "The ferry leaves at 7.30 from the northern pier.", "northern pier"),
    "pump": ("How fast is the <b>pump</b> & its $motor_1$?", "It moves 40 litres a second.", "tech/pumps",
             "The main pump moves 40 litres a second.", "40"),
}  # fmt: skip
"""Id of a question -> question, answer, document, evidence, key fact."""
FERRY_TYPES = {"fee": "simple", "dogs": "simple", "pier": "table", "pump": "reasoning"}
FERRY_OPTIONS = (Option(text="12 EUR", right=True), Option(text="<b>7.30</b>", right=False))


def make_ferry_documents():
    return [
        Document(id=f"d{n}", source=source, title="Fee, dogs, pier, pump", text=text, language="en")
        for n, (source, text) in enumerate(FERRY_TEXTS.items())
    ]


def make_ferry_passages():
    """Two passages per document, cut behind its first sentence."""
    passages = []
    for document in make_ferry_documents():
        cut = document.text.index(". ", 10) + 1
        for number, (start, end) in enumerate([(0, cut), (cut + 1, len(document.text))]):
            passages.append(
                Passage(
                    id=f"{document.id}-{number}", document_id=document.id, text=document.text[start:end], start=start,
                    end=end, metadata={"source": document.source, "title": document.title, "language": "en"},
                )
            )  # fmt: skip
    return passages


def make_ferry_examples():
    """Four answerable questions, one unanswerable, and one of the training split."""
    answerable = [
        Example(
            id=name, question=question, answer=answer, language="en", question_type=FERRY_TYPES[name],
            domain=document.split("/")[0], split="test", quotes=(Quote(document=document, text=quote),),
            facts=KeyFacts(must=((fact,),)),
        )
        for name, (question, answer, document, quote, fact) in FERRY_FACTS.items()
    ]  # fmt: skip
    unanswerable = Example(
        id="captain", question="Who is the captain?", answer=FERRY_REFUSAL, language="en", question_type="unanswerable",
        domain="rules", split="test", behavior="refuse",
    )  # fmt: skip
    return [*answerable, unanswerable, unanswerable.model_copy(update={"id": "other", "split": "train"})]


class FerryModel:
    """A model that answers as its spec says: `right` with the evidence, `wrong` with a false remark, `refuse` always.

    Each completion takes `pause_s` seconds, for tests that kill a run.
    """

    context_tokens = None

    def __init__(self, spec, pause_s=0.0):
        self.spec = self.revision = spec
        self._manner, self._pause_s = spec.partition(":")[2], pause_s

    def generate(self, chats, on_completion=None):
        completions = []
        for number, chat in enumerate(chats):
            time.sleep(self._pause_s)
            text = self._write(chat[-1].content)
            seconds = 0.25 if self._manner == "right" else 0.5
            completions.append(Completion(text=text, prompt_tokens=99, completion_tokens=7, seconds=seconds))
            if on_completion:
                on_completion(number, completions[-1])
        return completions

    def logprobs(self, chats, continuations):
        """`right` prefers the letters of the right options, which the prompt lists after the passages."""
        values = []
        for chat, letter in zip(chats, continuations, strict=True):
            [option] = [line for line in chat[-1].content.splitlines() if line.startswith(f"{letter}) ")]
            values.append(-1.0 if ("12 EUR" in option) == (self._manner == "right") else -2.0)
        return values

    def _write(self, prompt):
        passages, _, question = prompt.rpartition("Question: ")
        answers = {question: (answer, quote) for question, answer, _, quote, _ in FERRY_FACTS.values()}
        answer, quote = answers.get(question, (FERRY_REFUSAL, ""))
        if self._manner == "refuse" or (self._manner == "right" and not quote):
            return FERRY_REFUSAL
        numbered = re.findall(r"\[(\d+)\] ([^[]*)", passages)
        gold = next((number for number, text in numbered if quote and quote in text), "1")
        wrong = next((number for number, _ in reversed(numbered) if number != gold), "9")
        if self._manner == "right":
            return f'Quote: "{quote}" [{gold}]\nAnswer: {answer} [{gold}]'
        return f"It is the <i>7.5</i> one. [{wrong}]"


def load_ferry_model(spec, settings):
    """Open a scripted model in place of the one that `spec` names."""
    return FerryModel(spec)


FERRY_MODELS = {"wrong": "scripted:wrong", "right": "scripted:right", "refuse": "scripted:refuse"}


def write_ferry_project(folder):
    """Write `corpus/`, `index/` and `questions.jsonl` into `folder`."""
    from opora.artifacts import Build, write_json_lines, write_parquet
    from opora.retrieval.index.stage import IndexStage
    from opora.retrieval.settings import IndexSettings
    from opora.validation import Settings

    with Build(folder / "corpus", "ingest", Settings(), inputs={}) as build:
        write_parquet(build.path / "documents.parquet", make_ferry_documents())
        write_parquet(build.path / "passages.parquet", make_ferry_passages())
        build.publish()
    IndexStage(IndexSettings(), folder / "corpus", folder / "index").run()
    write_json_lines(folder / "questions.jsonl", make_ferry_examples())


def make_ferry_bench(folder, **changes):
    """Settings of a benchmark of three models over the project in `folder`."""
    from opora.bench.tasks.rag import RagTask

    return RagTask(questions=folder / "questions.jsonl", models=FERRY_MODELS, resamples=200, **changes)


# An index of a small corpus in two languages, and a corpus of numbered documents that change.
INDEX_ROWS = [
    ("ru", "fees.pdf", 1, "Оплата", "Штраф за хранение составляет 10 000 рублей, срок хранения — 5 дней.", ()),
    ("ru", "fees.pdf", 2, "Скидки", "Студенты платят половину цены билета по будням.", ()),
    ("ru", "ferry.md", None, "Расписание", "Паром отходит от северного причала в 7.30 каждое утро.", ()),
    ("ru", "rules.docx", None, "Пожарная безопасность", "Насос проверяют по ГОСТ 12.1.004-91 раз в год.", ()),
    ("ru", "board.docx", None, "Премии", "Премия директора составляет 900 000 рублей в год.", ("board", "audit")),
    ("en", "fees.pdf", 1, "Payment", "The storage fine is 10,000 roubles and goods are stored for 5 days.", ()),
    ("en", "ferry.md", None, "Timetable", "The ferry leaves the northern pier at 7.30 every morning.", ()),
    ("en", "board.docx", None, "Bonuses", "The director's bonus is 900,000 roubles a year.", ("board",)),
    ("en", "pump.html", None, "Pump RTX-4090", "It moves forty litres a second and weighs 12.5 kg.", ()),
]
"""Language, file, page, heading, text, access labels of each passage."""
INDEX_WORDS = "насос паром причал билет касса рубль склад груз срок договор акт отчёт смета кран шкаф".split()


def make_index_passage(number, row):
    """Passage `p{number}` of a row like those of INDEX_ROWS."""
    language, name, page, heading, text, access = row
    metadata = {"source": f"{language}/{name}", "title": name.split(".")[0], "language": language}
    metadata |= {"is_table": "|" in text} | ({"page": page} if page else {})
    return Passage(
        id=f"p{number}", document_id=f"d{number}", text=text, start=0, end=len(text), heading=(heading,),
        metadata=metadata, access=access,
    )  # fmt: skip


def make_index_passages():
    return [make_index_passage(number, row) for number, row in enumerate(INDEX_ROWS)]


def make_numbered_document(number, edition=1, parts=3):
    """Passages `d{number}-{edition}-{part}` of a document; each names the number, the edition and the part."""
    rng = random.Random(f"{number} {edition}")
    passages = []
    for part in range(parts):
        text = f"Документ номер{number} часть {part} издание{edition} {' '.join(rng.choices(INDEX_WORDS, k=12))}."
        passage = make_index_passage(0, ("ru", f"doc-{number}.md", None, "Глава", text, ()))
        start = 500 * part
        changes = {"id": f"d{number}-{edition}-{part}", "document_id": f"d{number}", "start": start}
        passages.append(passage.model_copy(update={**changes, "end": start + len(text)}))
    return passages


def write_passages(folder, passages):
    """Write a corpus of passages in the place of the one in `folder`."""
    from opora.artifacts import Build, write_parquet
    from opora.validation import Settings

    shutil.rmtree(folder, ignore_errors=True)
    inputs = {"passages": str(hash(tuple(passage.text for passage in passages)))}
    with Build(folder, "ingest", Settings(), inputs=inputs) as build:
        write_parquet(build.path / "passages.parquet", passages)
        build.publish(counts={"passages": len(passages)})
    return folder


def write_documents(folder, documents):
    """Write a corpus of documents, each a list of passages."""
    return write_passages(folder, [passage for document in documents for passage in document])


# Training of a language model: rows of datasets, settings, whole runs.
TRAINING_WORDS = "fee day Monday EUR passage answer question north five ferry".split()


def make_chat_row(number, answer=None):
    """Return an example; its answer begins with the first word of the question."""
    words = [TRAINING_WORDS[(number * 7 + n) % len(TRAINING_WORDS)] for n in range(3 + number % 11)]
    messages = [
        {"role": "system", "content": "Answer."},
        {"role": "user", "content": " ".join(words)},
        {"role": "assistant", "content": words[0] + " it is. [1]" if answer is None else answer},
    ]
    return {"id": f"r{number}", "messages": messages}


def make_pair_row(number, chosen="it is five. [1]", rejected="north north"):
    words = " ".join(TRAINING_WORDS[(number + n) % len(TRAINING_WORDS)] for n in range(4))
    return {
        "id": f"p{number}",
        "prompt": [{"role": "system", "content": "Answer."}, {"role": "user", "content": words}],
        "chosen": [{"role": "assistant", "content": chosen}],
        "rejected": [{"role": "assistant", "content": rejected}],
    }


def make_dataset(folder, rows, valid=()):
    """Publish a dataset."""
    from opora.artifacts import Build, write_json_lines
    from opora.validation import Settings

    with Build(folder, "dataset raft", Settings(), {}, seed=0) as build:
        write_json_lines(build.path / "train.jsonl", rows)
        write_json_lines(build.path / "valid.jsonl", valid)
        build.publish()
    return folder


def make_train_settings(model_folder, method="sft", **changes):
    """Return settings of a short run on a CPU."""
    from importlib import import_module

    from opora.train.objectives.registry import OBJECTIVES
    from opora.train.settings import LoraSettings

    defaults = {
        "model": f"hf:{model_folder}", "device": "cpu", "precision": "fp32", "batch_size": 4, "lr": 1e-2, "epochs": 3,
        "checkpoint_every": 2, "eval_every": 5, "lora": LoraSettings(r=4, alpha=8),
    }  # fmt: skip
    module, _, name = OBJECTIVES[method].settings.partition(":")
    return getattr(import_module(module), name)(**{**defaults, **changes})


def train_adapter(model_folder, tmp_path, name="out", rows=None, **changes):
    """Train an adapter of a tiny model on `rows` (by default sixteen), made once per project; return its manifest."""
    from opora.train.llm.stage import AdapterStage

    datasets = tmp_path / "dataset"
    if not datasets.exists():
        rows = rows or [make_chat_row(n) for n in range(16)]
        make_dataset(datasets / "raft", rows, [make_chat_row(n) for n in range(20, 24)])
    return AdapterStage(make_train_settings(model_folder, **changes), datasets, tmp_path / name).run()


def train_on_pairs(model_folder, tmp_path, rows, **changes):
    """Train an adapter of a tiny model on preference rows, and return its manifest."""
    from opora.train.llm.stage import AdapterStage

    make_dataset(tmp_path / "dataset" / "raft", rows, [make_pair_row(20)])
    settings = make_train_settings(model_folder, **{"epochs": 4, "eval_every": 3, "checkpoint_every": 10, **changes})
    return AdapterStage(settings, tmp_path / "dataset", tmp_path / "out").run()


def read_evaluations(folder):
    """Return the rows of the log of a run that hold an evaluation."""
    from opora.artifacts import read_json_lines

    return [row for _, row in read_json_lines(folder / "log.jsonl") if "eval_loss" in row]


def compute_held_out_loss(spec, path):
    """Return the loss on a file of a model loaded as for answering."""
    import torch

    from opora.models.backends.loading import load_causal_lm
    from opora.models.spec import parse_spec
    from opora.train.engine.verify import PlainScorer
    from opora.train.llm.encoding import encode_examples
    from opora.train.objectives.sft import Sft

    model, tokenizer = load_causal_lm(parse_spec(spec), torch.float32, torch.device("cpu"))
    with torch.inference_mode():
        examples, _ = encode_examples(path, tokenizer, 512)
        output = Sft().loss(PlainScorer(model), examples)
    return float(output.loss) / sum(map(Sft().weight, examples))


def interrupt_at_step(last):
    """Return a replacement for `learning_rate` that interrupts training at a step."""
    from opora.train.llm.trainer import learning_rate

    def rate(step, steps, settings):
        if step == last:
            raise KeyboardInterrupt
        return learning_rate(step, steps, settings)

    return rate


def launch_training(project, name, processes):
    """Train an entry of a recipe in several processes, and return their standard error."""
    options = [f"--num_processes={processes}", "--num_machines=1", "--cpu"]
    launcher = [sys.executable, "-m", *(["accelerate.commands.launch", *options, "-m"] if processes > 1 else [])]
    command = [*launcher, "opora", "train", "sft", "--name", name]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


# Causal models with random weights, one per architecture, and rows of random tokens for them.
VOCABULARY = 97
MODEL_SHAPE = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 4,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 256,
    "initializer_range": 0.3, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
MODEL_FAMILIES = {
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
ROW_KINDS = ("unrelated", "pair", "group", "nested", "one token", "equal", "prompt in answer")
INVOCATION = (1, 2)
"""Tokens at which the activated adapters of tests start."""


def make_causal_model(family, **changes):
    import torch
    import transformers

    name, special = MODEL_FAMILIES[family]
    torch.manual_seed(0)
    config = getattr(transformers, name)(**{**MODEL_SHAPE, **special, **changes})
    return transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager")


def add_random_adapter(model, invocation=None, **changes):
    """Add a LoRA adapter with nonzero weights; with `invocation`, an activated one."""
    import torch
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM",
        alora_invocation_tokens=list(invocation) if invocation else None, **changes,
    )  # fmt: skip
    model = get_peft_model(model, config)
    torch.manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    return model


def draw_token_rows(kind, seed=0):
    """Return rows of random tokens that share prefixes as `kind` says."""
    from opora.train.scorer import TokenizedRow as Row

    rng = random.Random(f"{kind} {seed}")

    def draw(low, high):
        return [rng.randint(3, VOCABULARY - 1) for _ in range(rng.randint(low, high))]

    shared = draw(20, 30)
    return {
        "unrelated": [Row(draw(1, 20), draw(1, 8)) for _ in range(4)],
        "pair": [Row(shared, draw(1, 8)) for _ in range(2)],
        "group": [Row(shared, draw(1, 8)) for _ in range(6)],
        "nested": [Row(shared + tail, draw(1, 8)) for tail in (draw(4, 6), draw(5, 9)) for _ in range(2)]
        + [Row(shared[:9], draw(1, 3)), Row(draw(3, 9), draw(2, 3))],
        "one token": [Row(shared[:1], draw(1, 1)), Row(shared[:2], draw(1, 1)), Row(draw(1, 1), draw(1, 1))],
        "equal": [Row(shared, [5, 6, 2]), Row(shared, [5, 6, 2]), Row(shared, [5, 6])],
        "prompt in answer": [Row(shared[:5], shared[5:]), Row(shared[:9], shared[9:]), Row(shared[:9], [4, 2])],
    }[kind]


def draw_invoked_rows(kind):
    """Return rows whose prompts end with the invocation tokens."""
    return [row._replace(prompt=[*row.prompt, *INVOCATION]) for row in draw_token_rows(kind)]


def compute_logprobs(model, rows):
    """Return the log-probabilities of each answer by the unmodified forward pass of the model."""
    import torch

    logprobs = []
    for row in rows:
        logits = model(input_ids=torch.tensor([[*row.prompt, *row.answer]]), use_cache=False).logits[0]
        scores = logits.float().log_softmax(-1)[len(row.prompt) - 1 : -1]
        logprobs.append(scores.gather(1, torch.tensor(row.answer)[:, None])[:, 0])
    return logprobs


def compute_gradients(model, logprobs):
    """Return the gradients of a loss that weighs every token differently."""
    import torch

    weights = torch.linspace(-1, 2, sum(map(len, logprobs)))
    model.zero_grad()
    (torch.cat(list(logprobs)) * weights).sum().backward()
    return {name: tensor.grad.clone() for name, tensor in model.named_parameters() if tensor.grad is not None}


def assert_engine_agrees(model, rows, min_shared=2, tolerance=2e-4):
    """Compare scores and gradients of the engine with those of separate forward passes."""
    import torch

    from opora.train.engine.engine import Engine

    expected = compute_logprobs(model, rows)
    expected_gradients = compute_gradients(model, expected)
    scores = Engine(model).score(rows, min_shared)
    for score, logprobs in zip(scores, expected, strict=True):
        torch.testing.assert_close(score.logprobs, logprobs, atol=2e-5, rtol=1e-5)
    gradients = compute_gradients(model, [score.logprobs for score in scores])
    assert gradients.keys() == expected_gradients.keys()
    scale = max(gradient.norm() for gradient in expected_gradients.values())
    for name, gradient in expected_gradients.items():
        assert (gradients[name] - gradient).norm() <= tolerance * (gradient.norm() + 0.01 * scale), name


# Queries, candidates and rerankers


def make_query(text, language="en", idf=None, vector=None):
    terms = {term: (idf or {}).get(term, 1.0) for term in search_terms(text, language)}
    return Query(text, language, terms, vector)


def make_candidate(text, id="p", bm25=1.0, cosine=0.0, heading=(), title="", language="en", vector=None, document="d"):
    passage = Passage(
        id=id, document_id=document, text=text, start=0, end=len(text), heading=heading,
        metadata={"source": "a.md", "title": title, "language": language},
    )  # fmt: skip
    headings = search_terms(" ".join(dict.fromkeys([title, *heading])), language)
    vector = None if vector is None else np.asarray(vector, dtype=np.float32)
    return Candidate(language, passage.model_dump_json(), search_terms(text, language), headings, bm25, cosine, vector)


def make_lambdamart():
    """Return a reranker with one split: passages with more than half of the question's weight come first."""
    text = LAMBDAMART.format(names=" ".join(NAMES), feature=NAMES.index("any_share"))
    return LambdaMartReranker(text, "the test")


LAMBDAMART = """tree
version=v4
feature_names={names}

Tree=0
num_leaves=2
num_cat=0
split_feature={feature}
threshold=0.5
decision_type=0
left_child=-1
right_child=-2
leaf_value=-1 1


end of trees
"""


# LaTeX
def check_latex(text):
    """Assert that braces, environments and math are closed, and that no special character is left."""
    bare = re.sub(r"(?m)^%.*$", "", text)
    environments, depth = [], 0
    for command, name, brace in re.findall(r"\\(begin|end)\{(\w+\*?)\}|(?<!\\)([{}])", bare):
        if command == "begin":
            environments.append(name)
        elif command == "end":
            assert environments.pop() == name
        else:
            depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert not environments
    assert depth == 0
    assert len(re.findall(r"(?<!\\)\$", bare)) % 2 == 0
    assert not re.search(r"(?<!\\)[#%_^]", re.sub(r"\\providecommand.*|\\label\{.*?\}", "", bare))


# The daily fee: gold, a passage that overlaps it, one that also answers, distractors, and a stub of an index of them.
def make_fee_passage(number, text, document="d0", language="en", start=0):
    return Passage(
        id=f"{document}-{number}", document_id=document, text=text, start=start, end=start + len(text),
        metadata={"source": f"en/{document}.md", "title": "", "language": language},
    )  # fmt: skip


FEE_GOLD = make_fee_passage(0, "The fee is 12 EUR a day. It is due on Monday.")
FEE_TWIN = make_fee_passage(1, "It is due on Monday. Dogs pay nothing.", start=25)
FEE_DISTRACTORS = [make_fee_passage(0, f"Ship number {n} sails north.", document=f"d{n}") for n in range(1, 20)]
FEE_RUSSIAN = make_fee_passage(0, "Паром идёт на север.", document="r1", language="ru")
FEE_ANSWER = make_fee_passage(0, "Old guests pay 12 EUR too.", document="d30")
"""A passage outside the gold that holds the answer."""

FEE_EXAMPLE = Example(
    id="q1", question="What is the daily fee?", answer="It is 12 EUR.", language="en", documents=("d0",),
    quotes=(Quote(document="d0", text="The fee is 12 EUR a day."),), facts=KeyFacts(must=(("12",),)),
    passages=(FEE_GOLD, FEE_TWIN), gold=("d0-0",),
)  # fmt: skip


class FeeIndex:
    """Stub of an index whose search returns all passages in order."""

    def passages(self):
        return [FEE_GOLD, FEE_TWIN, FEE_ANSWER, FEE_RUSSIAN, *FEE_DISTRACTORS]

    def search(self, question, top_k, filters=None, access=None):
        return [Hit(passage=passage, rank=n) for n, passage in enumerate(self.passages()[:top_k], 1)]


# Languages of another folder.
@contextlib.contextmanager
def languages_at(folder):
    """Read all languages from `folder` within a `with` block."""
    before, resources.LANGUAGES = resources.LANGUAGES, folder
    _clear_caches()
    try:
        yield
    finally:
        resources.LANGUAGES = before
        _clear_caches()


def _clear_caches():
    """Empty the caches of all functions: most depend on the files of languages."""
    for name in [name for name in sys.modules if name.startswith("opora.")]:
        for function in vars(sys.modules[name]).values():
            if hasattr(function, "cache_clear"):
                function.cache_clear()
