"""Places in which an offset of a passage lies, and the label of its clause in a citation.

clause_at(passage, 120)                     # 'п. 4.1'
lies_in(passage, 120, ("clause 4.1",))      # True
"""

from __future__ import annotations

from collections.abc import Sequence

from opora.corpus.sections.places import CLAUSE_LINE, CLAUSES, names_appendix, text_lines
from opora.records import Passage
from opora.text.entities.place_names import place_labels, place_number


def clause_label(tokens: Sequence[str], language: str) -> str:
    """Return the label of the only clause or part of an article, such as `п. 4.1`, or of the one that the others belong
    to; empty for several."""
    clauses = [token.split(" ", 1) for token in tokens]
    if not clauses:
        return ""
    kind, number = clauses[0]
    # `2.1` in a law is inserted behind `2`, `3.2.1` in a contract belongs to `3.2`
    has_inner = kind == "clause" and "." in number
    if any(not (has_inner and following.startswith(f"{number}.")) for _, following in clauses[1:]):
        return ""
    label = place_labels(language).get(kind, "")
    return f"{label} {number}" if label else ""


def clause_at(passage: Passage, start: int) -> str:
    """Return the label of the clause in which the offset `start` of the text of a passage lies; empty if there is
    none."""
    token = _clause_token(passage, start)
    return clause_label([token], str(passage.metadata.get("language", ""))) if token else ""


def lies_in(passage: Passage, start: int, place: Sequence[str]) -> bool:
    """Return True if the offset `start` of the text of a passage lies in one of the places that fit `place`."""
    own = set(place) & set(passage.places)
    clauses = {token for token in own if token.split(" ", 1)[0] in CLAUSES}
    inner = {token for token in own if token.startswith("subclause ")}
    if own - clauses - inner or any(f"section {token.split(' ', 1)[1]}" in passage.places for token in clauses):
        return True
    clause = _clause_token(passage, start)
    in_clause = any(clause == token or clause.startswith(f"{token}.") for token in clauses)
    return in_clause or _subclause_token(passage, start) in inner


def _subclause_token(passage: Passage, start: int) -> str:
    """Return the subclause in which the offset `start` of the text of a passage lies, such as `subclause б`."""
    token = ""
    for offset, line in text_lines(passage.text):
        match = CLAUSE_LINE.match(line)
        if offset > start:
            break
        if match:
            token = f"subclause {place_number(match['inner'])}" if match["inner"] else ""
    return token


def _clause_token(passage: Passage, start: int) -> str:
    """Return the clause in which the offset `start` of the text of a passage lies, such as `clause 4.1`."""
    numbers = {token.split(" ", 1)[1]: token for token in passage.places if token.split(" ", 1)[0] in CLAUSES}
    own: dict[str, int] = {}
    for offset, line in text_lines(passage.text):
        match = CLAUSE_LINE.match(line)
        number = place_number(match["dotted"] or match["number"] or "") if match else ""
        if number in numbers:
            own[number] = offset
        elif offset <= start and names_appendix(line):
            own[""] = offset
    above = {offset: number for number, offset in own.items() if offset <= start}
    if above:
        return numbers.get(above[max(above)], "")
    headed = {token.split(" ", 1)[1] for token in passage.places if token.startswith("section ")}
    return next((token for number, token in numbers.items() if number not in own and number not in headed), "")
