"""Sentences with their evidence and a label: what the verifier of `rag.answer.support` is fitted on. Knows files; knows no model.

Our own sentences (`support_pairs.jsonl`) were written from pages of the notes: true ones in other words, and subtly wrong ones.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from eval.labels import read_labels
from eval.questions import Text
from rag.errors import ConfigError
from rag.read import Reading, read_page
from rag.types import Chunk, Passage, Span

PAIRS = Path(__file__).with_name("support_pairs.jsonl")
_MOST_PASSAGES = 4
_CHUNK_TOKENS = 220
_NUMBER = re.compile(r"\d[\d,.]*\d|\d")
_NAME = re.compile(r"(?:[A-Z][\w'’-]+)(?: [A-Z][\w'’-]+)*")
_ASKS = re.compile(r"\b(?:who|whose|whom|what|which|when|where|how many|how much)\b", re.IGNORECASE)


class SupportPair(BaseModel):
    """One line of the file.

    Attributes:
        id: what it is about, then the kind.
        page: of the notes.
        quotes: the evidence, exactly as it stands in the page's source.
        claim: a sentence as an answer could hold it.
        kind: `right`; or what was done to it: a `number` or unit changed, the `subject` swapped, `negated`, a `comparison` turned
            round, two facts `joined` wrongly, or something added that goes `beyond` the note.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
    page: Text
    quotes: Annotated[list[str], Field(min_length=1)]
    claim: Text
    kind: Literal["right", "number", "subject", "negated", "comparison", "joined", "beyond"]


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence to judge.

    Attributes:
        source: which set it comes from.
        id: in its set.
        group: the page or paragraph; members of a group are not independent.
        kind: what was done to it.
        claim: the sentence.
        question: that it answers; empty where it stands alone.
        good: whether the passages support all of it.
        passages: the evidence.
    """

    source: str
    id: str
    group: str
    kind: str
    claim: str
    question: str
    good: bool
    passages: tuple[Passage, ...]


def read_pairs(path: Path = PAIRS) -> list[SupportPair]:
    """Read our own labelled sentences.

    Args:
        path: one sentence a line.

    Returns:
        The sentences, in the order of the file.

    Raises:
        ConfigError: the file cannot be read, or a line is wrong; the message names the line.
    """
    pairs: list[SupportPair] = []
    number = 0
    try:
        for line in path.read_text("utf-8").split("\n"):
            number += 1
            if line.strip():
                pairs.append(SupportPair.model_validate_json(line))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", hint="Check the path.") from error
    except ValidationError as error:
        raise ConfigError(f"{path}, line {number}: {error.errors()[0]['msg']}", hint="Mend that line.") from error
    return pairs


def pair_cases(pairs: Sequence[SupportPair], corpus: Path) -> Iterator[Case]:
    """Put our own sentences beside the chunks around their evidence.

    Args:
        pairs: the sentences.
        corpus: folder of the notes.

    Yields:
        A case for each, in order.

    Raises:
        ConfigError: a quote does not stand in its page.
    """
    for pair in pairs:
        passages = _near(corpus, pair.page, pair.quotes, pair.id)
        yield Case("pairs", pair.id, pair.page, pair.kind, pair.claim, "", pair.kind == "right", passages)


def judgement_cases(corpus: Path) -> Iterator[Case]:
    """Put the answers by which the judge is calibrated beside the chunks around their evidence.

    Args:
        corpus: folder of the notes.

    Yields:
        A case for each answer, with the question that it answers; one that is off its question counts as supported.

    Raises:
        ConfigError: a quote does not stand in its page.
    """
    for answer in read_labels():
        page = answer.contexts[0].page
        passages = _near(corpus, page, [place.quote for place in answer.contexts if place.page == page], answer.id)
        good = answer.kind in {"right", "off_question"}
        yield Case("judgements", answer.id, page, answer.kind, answer.answer, answer.question, good, passages)


def wice_cases(path: Path) -> Iterator[Case]:
    """Yield claims with a context and a label (`context`, `answer`, `faithful`); a claim that is supported in part is not good."""
    for value in _lines(path):
        kind = str(value.get("label", ""))
        yield Case("wice", str(value["id"]), str(value["id"]), kind, value["answer"], "", bool(value["faithful"]), _plain(value))


def squad_cases(path: Path) -> Iterator[Case]:
    """Yield statements made of answerable questions: one with the answer, and one with another number or name of the paragraph."""
    for value in _lines(path):
        if not value["answerable"]:
            continue
        right = min(value["answers"], key=len)
        wrong = _other_answer(value["context"], value["question"], value["answers"], right)
        for kind, answer in (("right", right), ("swapped", wrong)):
            if answer:
                claim, question = _statement(value["question"], answer), ""
                identity = f"{value['id']}-{kind}"
                yield Case("squad2", identity, value["para_id"], kind, claim, question, kind == "right", _plain(value))


def _statement(question: str, answer: str) -> str:
    asked = question.strip().rstrip("?").strip()
    stated, count = _ASKS.subn(lambda _: answer, asked, count=1)
    stated = stated if count else f"{asked}: {answer}"
    return f"{stated[:1].upper()}{stated[1:]}."


def _other_answer(context: str, question: str, answers: Sequence[str], right: str) -> str:
    """Something of the answer's kind that the paragraph says of something else; empty where there is nothing."""
    pattern = _NUMBER if any(letter.isdigit() for letter in right) else _NAME if right[:1].isupper() else None
    if pattern is None:
        return ""
    used = f"{question} {' '.join(answers)}".casefold()
    inside = [
        match.group() for match in pattern.finditer(context) if context[max(0, match.start() - 2) : match.start()] not in {"", ". "}
    ]
    if pattern is _NUMBER:
        others = [_NUMBER.sub(number, right, count=1) for number in inside if number.casefold() not in used]
    else:
        others = [name for name in inside if name.casefold() not in used and len(name) > 3]
    return others[0] if others else ""


def _plain(value: dict[str, Any]) -> tuple[Passage, ...]:
    text, identity = value["context"], str(value["id"])
    chunk = Chunk(
        identity, identity, f"{identity}.md", value.get("title", ""), 0, text, ((0, len(text)),), ((0, len(text), 0, len(text)),)
    )
    return (_passage(chunk, 1),)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line.strip()]
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", hint="Check --bench.") from error
    yield from lines


def _near(corpus: Path, page: str, quotes: Sequence[str], owner: str) -> tuple[Passage, ...]:
    reading = _read(corpus / page, page)
    spans: list[Span] = []
    for quote in quotes:
        start = reading.document.source.find(quote)
        if start < 0:
            raise ConfigError(f"{owner}: {page} does not hold {quote[:60]!r}", hint="Mend that line.")
        spans.append((start, start + len(quote)))
    hit = [chunk for chunk in reading.chunks if any(chunk.start < end and chunk.end > start for start, end in spans)]
    # Neighbours too: in an answer the evidence is never alone.
    beside = [c for c in reading.chunks if c not in hit and any(abs(c.ordinal - h.ordinal) <= 1 for h in hit)]
    return tuple(_passage(chunk, rank) for rank, chunk in enumerate([*hit, *beside][: max(_MOST_PASSAGES, len(hit))], 1))


def _passage(chunk: Chunk, rank: int) -> Passage:
    return Passage(chunk, 1.0 / rank, rank, {}, 0, chunk.text, chunk.spans, chunk.alignment)


class _WordCounter:
    """About as many tokens as the embedder counts; its weights are not needed for this."""

    max_tokens = 256

    def count(self, text: str) -> int:
        return int(1.4 * len(text.split())) + 2


@functools.cache
def _read(file: Path, page: str) -> Reading:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}", hint="Check --corpus.") from error
    return read_page(page, raw, hashlib.sha256(raw).hexdigest(), counter=_WordCounter(), target_tokens=_CHUNK_TOKENS)
