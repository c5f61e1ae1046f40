"""What a reader may want to ask next, from the headings that retrieval brought up. Pure; no model is asked."""

from __future__ import annotations

from collections.abc import Iterator

from rag.types import Answer
from rag.ui.chat.examples import stands_alone
from rag.words import content_words

_LONGEST_CHARS = 60


def follow_ups(question: str, answer: Answer, count: int = 3) -> list[str]:
    """Think of questions that the notes are likely to answer, none of them about what was just said.

    Sections that were found and not cited come first, in the order of their passages. A heading that is a question is asked as it
    stands.

    Args:
        question: that was asked.
        answer: with its passages and citations.
        count: most questions.

    Returns:
        Up to `count` questions, the likeliest first; none where all that was found was cited.
    """
    asked = set(content_words(question))
    cited = {(citation.path, citation.heading_path) for citation in answer.citations}
    chosen: list[str] = []
    for title, heading, said in _sections(answer, cited):
        words = set(content_words(heading))
        if said or not words or words <= asked or len(heading) > _LONGEST_CHARS:
            continue
        wording = heading if stands_alone(heading) else f"What do the notes say about {heading} in {title}?"
        if heading.casefold() == title.casefold():
            wording = f"What do the notes say about {title}?"
        if wording not in chosen:
            chosen.append(wording)
    return chosen[:count]


def _sections(answer: Answer, cited: set[tuple[str, tuple[str, ...]]]) -> Iterator[tuple[str, str, bool]]:
    """Title, innermost heading, and whether the answer cites that section."""
    for passage in answer.passages:
        chunk = passage.chunk
        heading = (chunk.heading_path or (chunk.title,))[-1].strip()
        yield chunk.title, heading, (chunk.path, chunk.heading_path) in cited
