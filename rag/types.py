"""The values that flow from the notes to the answer.

Frozen dataclasses without behaviour beyond what follows from their own fields. Offsets are in characters (code points) of
`Document.source`, from 0, half open. Lines count from 1. Scores: higher is better. Ranks start at 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypedDict

Span = tuple[int, int]
"""A stretch `[start, end)` of a document's source, in characters."""

Metadata = Mapping[str, object]
"""Front matter and what is derived from it: JSON values only."""

Segment = tuple[int, int, int, int]
"""`(text_start, text_end, source_start, source_end)`; equal lengths mean character by character."""

Alignment = tuple[Segment, ...]
"""From each character of a cleaned text to the source; ordered by `text_start`. Text in no segment was inserted by us."""

Support = Literal["supported", "unsupported", "contradicted", "unchecked"]


class Message(TypedDict):
    """One turn of a conversation, as chat models take it."""

    role: Literal["system", "user", "assistant"]
    content: str


_NAME_WIDTH, _LINE_WIDTH = 100, 300  # of heading lines


@dataclass(frozen=True, slots=True)
class Notice:
    """Something an editor should know about one place of the corpus.

    Attributes:
        path: file, relative to the corpus, with `/`.
        line: from 1; 0 where the whole file is meant.
        kind: short, stable, with hyphens, such as `unbalanced-fence` or `broken-link`.
        message: one sentence.
    """

    path: str
    line: int
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Document:
    """One file of the corpus, decoded.

    Attributes:
        id: hash of `path`.
        path: relative to the corpus, with `/`.
        title: what a reader would call the page; never empty.
        metadata: front matter, as JSON values.
        source: the decoded text, exactly; a byte order mark is not part of it.
        sha256: of the file's bytes, hexadecimal.
    """

    id: str
    path: str
    title: str
    metadata: Metadata
    source: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """The unit that is embedded and indexed.

    Attributes:
        id: hash of path, heading path, text and the ordinal among equals.
        document_id: `Document.id`.
        path: `Document.path`.
        title: `Document.title`.
        ordinal: position in the document, from 0.
        text: the cleaned form of the spans: what is shown and sent to the LLM.
        spans: the stretches of source that the chunk shows, in order, not overlapping.
        alignment: from each character of `text` to the source.
        heading_path: the headings above, outermost first, tab labels and admonition titles included.
        kind: kind of its blocks, `mixed` where they differ.
        line: of the first character, from 1.
        lead: how many characters of `text` are the headings that it starts with; the heading path says them again.
        repeated: those spans that other chunks show on purpose too, such as a table's header.
        code: the stretches of `text` that are blocks of code, without their fences.
        metadata: fields for filtering.
    """

    id: str
    document_id: str
    path: str
    title: str
    ordinal: int
    text: str
    spans: tuple[Span, ...]
    alignment: Alignment
    heading_path: tuple[str, ...] = ()
    kind: str = "paragraph"
    line: int = 1
    lead: int = 0
    repeated: tuple[Span, ...] = ()
    code: tuple[Span, ...] = ()
    metadata: Metadata = field(default_factory=dict)

    @property
    def start(self) -> int:
        """First character of the hull of `spans`."""
        return self.spans[0][0]

    @property
    def end(self) -> int:
        """End of the hull of `spans`, exclusive."""
        return self.spans[-1][1]

    @property
    def heading_line(self) -> str:
        """Title and heading path on one line, each name once."""
        return heading_line(self.title, self.heading_path)

    @property
    def embed_text(self) -> str:
        """What the embedder sees: the heading line, then the text without the headings that it starts with."""
        return f"{self.heading_line}\n{self.text[self.lead :]}"


def heading_line(title: str, heading_path: Sequence[str]) -> str:
    """Join title and headings with ` > `, leaving out a first heading that repeats the title.

    Somebody may have made a paragraph a heading; since the line stands over every chunk, long names are cut, and in a line that is
    long all the same the middle is left out.

    >>> heading_line("LoRA", ["LoRA", "Rank"])
    'LoRA > Rank'
    >>> len(heading_line("LoRA", ["All that was ever said of it " * 20]))
    107
    """
    names = list(heading_path)
    if not names or names[0].casefold() != title.casefold():
        names.insert(0, title)
    names = [_shortened(name) for name in names]
    if sum(map(_width, names)) > _LINE_WIDTH:
        names = [names[0], "…", *names[-2:]]
    return " > ".join(names)


def _width(text: str) -> int:
    """Letters of a text, where one that is not ASCII counts for three: about as many tokens as three others."""
    return len(text) + 2 * sum(not sign.isascii() for sign in text)


def _shortened(name: str) -> str:
    if _width(name) <= _NAME_WIDTH:
        return name
    return name[: _NAME_WIDTH if name.isascii() else _NAME_WIDTH // 3].rstrip() + "…"


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk, or a part of one, retrieved for one question.

    Attributes:
        chunk: where it comes from.
        score: of the last stage that ranked it; higher is better.
        rank: from 1.
        scores: by stage (`dense`, `lexical`, `fused`, ...); a stage that did not find the chunk is missing.
        tokens: as it stands in the prompt, heading line included, in the LLM's tokenizer.
        text: what is shown; `chunk.text` unless trimmed.
        spans: what it shows of the source; `chunk.spans` unless trimmed.
        alignment: from `text` to the source; `chunk.alignment` unless trimmed.
        code: the stretches of `text` that are blocks of code.
    """

    chunk: Chunk
    score: float
    rank: int
    scores: Mapping[str, float]
    tokens: int
    text: str
    spans: tuple[Span, ...]
    alignment: Alignment
    code: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk that was considered for one question, and what became of it.

    Attributes:
        id: of the chunk.
        path: of its page; empty where the chunk was cut before it was read.
        line: of the chunk, from 1; 0 where it was not read.
        ranks: by ranker (`dense`, `lexical`, `fused`, `rerank`), from 1; a ranker that did not propose it is missing.
        scores: by feature.
        fate: `passage N`, or why it was cut.
    """

    id: str
    path: str
    line: int
    ranks: Mapping[str, int]
    scores: Mapping[str, float]
    fate: str


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What retrieval found for one question.

    Attributes:
        question: as it was asked.
        query: what was searched for; differs from the question where a follow-up was completed.
        passages: by rank, within the context budget; empty where nothing was found.
        timings_s: seconds by stage.
        generation: of the index.
        dropped: ids of candidates that were cut, with the reason, best first.
        trace: every candidate, best first.
        understood: how the question was read where that is not plain, such as `"quantisaton" read as "quantis"`.
        unknown: words of the question that the notes do not know, stemmed.
    """

    question: str
    query: str
    passages: tuple[Passage, ...]
    timings_s: Mapping[str, float]
    generation: int
    dropped: tuple[tuple[str, str], ...] = ()
    trace: tuple[Candidate, ...] = ()
    understood: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer while it is being written: sentences that are done carry markers, the last piece may not be.

    Attributes:
        text: all of it so far.
        settled: how many characters of `text` will not change any more.
        sentences: those that are done.
        citations: of the sentences that are done.
    """

    text: str
    settled: int
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Citation:
    """A place in the notes that supports a sentence; `source[start:end] == quote` was checked.

    Attributes:
        marker: the number shown in the answer, from 1.
        path: file, relative to the corpus.
        start: first character in the source.
        end: end in the source, exclusive.
        line: of `start`, from 1.
        heading_path: headings above the place.
        quote: the characters of the source.
    """

    marker: int
    path: str
    start: int
    end: int
    line: int
    heading_path: tuple[str, ...]
    quote: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence (or list item) of an answer with its verdict.

    Attributes:
        text: without citation markers.
        support: the verdict.
        score: of the verdict, 0 to 1; higher means better supported.
        citations: markers of the citations that support it.
        reason: why it is not supported, one sentence for the reader; empty if it is.
    """

    text: str
    support: Support
    score: float
    citations: tuple[int, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the reader gets.

    Attributes:
        status: `answered` or `abstained`.
        reason: why it abstained, or why the text is a quotation; empty otherwise.
        text: Markdown, with markers `[1]` after what they support.
        sentences: `text` in parts, with verdicts.
        citations: ordered by marker.
        passages: what the model was given, by rank.
        timings_s: seconds by stage; `retrieve`, `first_token` and `total` are always there.
        generation: of the index that answered.
        invented_markers: how many markers the model wrote that name no passage.
        probability: that the passages hold the answer, 0 to 1; less where what was written is said of something else.
    """

    status: Literal["answered", "abstained"]
    reason: str
    text: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    timings_s: Mapping[str, float]
    generation: int
    invented_markers: int = 0
    probability: float = 0.0


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an ingest did; `as_json` of the command line prints these fields by name."""

    generation: int
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    skipped: tuple[tuple[str, str], ...]
    warnings: tuple[Notice, ...]
    documents: int
    chunks: int
    embedded: int
    reused: int
    seconds: Mapping[str, float]
    failed: tuple[str, ...] = ()


AskEvent = Retrieval | Draft | Answer
"""What asking yields: first the evidence, then drafts, last the answer."""
