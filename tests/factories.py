"""Makers that several test modules share. Append yours under a heading comment."""

import random
import re
import shutil
import time

from opora.models.base import Completion
from opora.records import Document, Example, KeyFacts, Option, Passage, Quote

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
    from opora.bench.tasks.rag import RagBenchSettings

    return RagBenchSettings(questions=folder / "questions.jsonl", models=FERRY_MODELS, resamples=200, **changes)


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
