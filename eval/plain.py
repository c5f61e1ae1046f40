"""The plain pipeline: what a newcomer would build in an afternoon, to compare answers with.

LlamaIndex's splitter at 256 tokens with 32 of overlap on the source of a page as it is, the four nearest chunks by cosine with the
same embedder, and a usual prompt in one message to the same language model, streamed. Earlier turns are sent before it as they
were; the search sees the question alone. It cites nothing.

Whether it abstains is read from its first sentence, since a model that goes on after "I don't know" mostly explains why. What is
recognised: not to know, to be unable to say, "cannot be answered", "is not mentioned", the context (text, information, ...) that
does not contain, mention, provide or say, and short forms of it in German, French, Spanish and Italian. A refusal in other words
counts as an answer. Knows pieces, an embedder and an LLM.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Final

import numpy as np

from eval.answer_sets import Item
from eval.baselines import Embeds, Piece
from rag.protocols import LLM, Matrix
from rag.sentences import split_sentences
from rag.types import Answer, Chunk, Message, Passage, Sentence

CHUNK_TOKENS: Final = 256
OVERLAP_TOKENS: Final = 32
TOP: Final = 4
VERSION: Final = 1
"""To be raised when this code replies otherwise than before, so that replies that were kept are asked for again."""
PROMPT: Final = (
    "Answer the question using only the context. If the context does not contain the answer, say you don't know.\n\n"
    "Context:\n{context}\n\nQuestion: {question}\n\nAnswer:"
)

_WHERE = r"(?:contexts?|texts?|passages?|information|documents?|notes?|sources?|excerpts?)"
_THE = rf"(?:(?:the|this|these|any|given|provided|available)(?: \w+){{0,2}} {_WHERE}|^{_WHERE})"
_SAYS = r"(?:contain|mention|provide|specif|state|say|includ|give|giv|answer|discuss|describe|explain|address|indicat|cover|refer)"
_DECLINES: Final = re.compile(
    r"\b(?:i|we) (?:do not|don['’]?t|cannot|can['’]?t|could not|couldn['’]?t) (?:\w+ )?(?:know|say|tell|answer|find|determine)\b"
    r"|\b(?:i am|i['’]m) (?:sorry|not sure|unable)\b"
    r"|\bunknown\b[.!]?$"
    r"|\b(?:cannot|can['’]?t|could not) be (?:answered|determined|found)\b"
    rf"|\b{_THE}\b(?: \w+){{0,3}} (?:does|do|did|is|are|has|have|can|could)(?: not|not|n['’]t) (?:\w+ ){{0,4}}{_SAYS}"
    rf"|\b{_THE}\b(?: \w+){{0,3}} {_SAYS}\w* (?:no|nothing)\b(?: \w+)? ?(?:information|mention|details?|answer|data|about|$|[.!])"
    rf"|\bno {_WHERE}\b[^.]{{0,40}}\b(?:about|on|regarding|that|is|was)\b"
    rf"|\bnot (?:\w+ )?{_SAYS}\w*ed\b|\bnot (?:\w+ )?(?:given|said|found|available|known)\b"
    r"|\b(?:ich weiß (?:es )?nicht|weiß ich nicht|je ne sais pas|no (?:lo )?sé|non (?:lo )?so)\b"
    r"|\b(?:kontext|text|contexte|texte|contexto|texto|contesto|testo)\b[^.]{0,80}"
    r"\b(?:nicht|kein\w*|ne|n['’]\w+|pas|no|non)\b",
    re.IGNORECASE,
)


class PlainPipeline:
    """Answers from the nearest pieces.

    Args:
        pieces: of all pages.
        vectors: theirs, shape (len(pieces), dimension), each row of L2 norm 1.
        embedder: that made them.
        llm: writes.
        max_tokens: of an answer.
    """

    def __init__(self, pieces: Sequence[Piece], vectors: Matrix, embedder: Embeds, llm: LLM, max_tokens: int) -> None:
        self._pieces = pieces
        self._vectors = vectors
        self._embedder = embedder
        self._llm = llm
        self._max_tokens = max_tokens

    def answer(self, item: Item) -> Answer:
        """Return the answer to a question, waiting for all of it.

        Args:
            item: the question; with a page, only that page is searched.

        Returns:
            An answer in one sentence without verdict or citation, and the pieces that it was drawn from; one that abstains keeps
            what the model wrote.

        Raises:
            LLMError: the model failed, or the pieces do not fit its context.
        """
        start = time.perf_counter()
        passages = self._nearest(item.question, item.page)
        timings = {"retrieve": time.perf_counter() - start}
        written = []
        for piece in self._llm.stream(messages(passages, item.question, item.history), max_tokens=self._max_tokens):
            if piece:  # an empty one says that the prompt is still being read
                timings.setdefault("first_token", time.perf_counter() - start)
                written.append(piece)
        timings["total"] = time.perf_counter() - start
        timings.setdefault("first_token", timings["total"])
        text = "".join(written).strip()
        silent = declines(text)
        sentences = (Sentence(text, "unchecked", 0.0, ()),)
        return Answer("abstained" if silent else "answered", "", text, sentences, (), tuple(passages), timings, 1)

    def _nearest(self, question: str, page: str) -> list[Passage]:
        scores = self._vectors @ self._embedder.embed_query(question)
        order = (int(number) for number in np.argsort(-scores, kind="stable"))
        best = [number for number in order if not page or self._pieces[number].path == page][:TOP]
        return [_passage(self._pieces[number], rank, float(scores[number])) for rank, number in enumerate(best, 1)]


def messages(passages: Sequence[Passage], question: str, history: Sequence[Message]) -> list[Message]:
    """Return the conversation to send: earlier turns, then context and question in one message."""
    context = "\n\n".join(passage.text for passage in passages)
    return [*history, {"role": "user", "content": PROMPT.format(context=context, question=question)}]


def declines(text: str) -> bool:
    """Say whether a text begins by saying that it has no answer; one that says nothing at all does too.

    >>> declines("I'm sorry, but the context does not say."), declines("BLOOM covers 46 languages.")
    (True, False)
    """
    if not text.strip():
        return True
    start, end = split_sentences(text)[0]
    return _DECLINES.search(text[start:end]) is not None


def _passage(piece: Piece, rank: int, score: float) -> Passage:
    span = (piece.start, piece.end)
    chunk = Chunk(f"{piece.path}:{piece.start}", piece.path, piece.path, piece.path, 0, piece.text, (span,), ())
    return Passage(chunk, score, rank, {"dense": score}, 0, piece.text, (span,), ())
