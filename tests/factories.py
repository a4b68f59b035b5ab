"""Makers that several test modules share. Append yours under a heading comment."""

import re
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
FERRY_TYPES = {"fee": "simple", "dogs": "simple", "pier": "table", "pump": "logical thinking"}
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
            id=name, question=question, answer=answer, language="en", kind=FERRY_TYPES[name],
            domain=document.split("/")[0], split="test", quotes=(Quote(document=document, text=quote),),
            facts=KeyFacts(must=((fact,),)),
        )
        for name, (question, answer, document, quote, fact) in FERRY_FACTS.items()
    ]  # fmt: skip
    unanswerable = Example(
        id="captain", question="Who is the captain?", answer=FERRY_REFUSAL, language="en", kind="no info",
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


FERRY_MODELS = {"wrong": "fake:wrong", "right": "fake:right", "refuse": "fake:refuse"}


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
