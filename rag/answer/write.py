"""Writing an answer that the passages are known to hold, with what a small model needs: a second chance, whole lists, a quotation.

Knows a model, passages and the composer; knows no index.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rag.answer.compose import Composer
from rag.answer.lists import missing_items
from rag.answer.opinion import MOST, ask_opinions
from rag.answer.premise import denial
from rag.answer.prompt import messages, write_task
from rag.protocols import LLM
from rag.types import Draft, Message, Passage, Span

NOTHING: Final = Draft("", 0, (), ())
"""What is shown while there is nothing to show; a caller can stop there."""
Nearest = Callable[[Sequence[Passage]], Sequence[tuple[int, Span]]]
"""Finds the sentences of some passages that come nearest to the question, best first: the place of the passage, and the span."""


@dataclass(slots=True)
class Writing:
    """How an answer came about.

    Attributes:
        draft: what there is; without citations where nothing could be said.
        quoted: whether it is a quotation because the model had nothing to say.
        invented_markers: citations that the model wrote of passages it was not given.
        tie: how much of what was asked about stands where the notes say what it says, 0 to 1.
    """

    draft: Draft
    quoted: bool = False
    invented_markers: int = 0
    tie: float = 1.0


def one_line(llm: LLM, messages: Sequence[Message], max_tokens: int) -> Generator[Draft, None, str]:
    """Have a model write one line that is not shown; an empty draft for each piece lets a caller stop."""
    written = ""
    for piece in llm.stream(messages, max_tokens=max_tokens, stop=("\n",)):
        written += piece
        yield NOTHING
    return written


def write(
    llm: LLM,
    passages: Sequence[Passage],
    question: str,
    history: Sequence[Message],
    max_tokens: int,
    source: Callable[[str], str],
    nearest: Nearest,
    *,
    drop_unsupported: bool = False,
    least_tie: float = 0.0,
    after: int = 0,
    first: bool = True,
    last: bool = True,
    insists: bool = True,
) -> Iterator[Draft | Writing]:
    """Yield drafts while the model writes, and last the `Writing`.

    A model that declines is believed, unless the notes surely hold an answer: then it is asked again with the best passage alone,
    and where that does not help either, the sentences that come nearest to the question are quoted. So they are in the place of
    an answer that says no more than the question did and that the notes do not state, and behind one that they do. Where an
    answer has to be said of what was asked, and could be of something else, nothing is shown before a sentence is. What is
    written is shown with verdicts by its words alone; in the end the model is asked of the sentences in doubt, and they may
    change, so a draft is settled up to the first of them.

    Args:
        llm: the model.
        passages: best first.
        question: what to answer.
        history: earlier turns.
        max_tokens: of the answer.
        source: gives the source of a page.
        nearest: finds what to quote.
        drop_unsupported: leave out sentences that the passages do not support, instead of showing their verdict.
        least_tie: how much of what is asked about must stand where the notes say what the answer says, 0 to 1; with less there is
            no answer.
        after: how many markers stand before its first.
        first: whether nothing was tried before; else the best passages were.
        last: whether it has to be made an end of; else other passages will be tried.
        insists: whether the notes surely hold an answer, so that a model that declines is not believed.
    """
    invented, echoed = 0, False
    for given in (tuple(passages), tuple(passages[:1])) if first and last and insists else (tuple(passages),):
        composer = Composer(given, question, source, drop_unsupported=drop_unsupported, after=after)
        draft, tied = NOTHING, least_tie <= composer.loosest_tie
        prompt = messages(given, question, history, write_task(question))
        if denied := denial(question, composer.evidence):
            minding = messages(given, question, history, write_task(question, denied))
            prompt = minding if llm.count_prompt(minding) <= llm.context_tokens - max_tokens else prompt
        for piece in llm.stream(prompt, max_tokens=max_tokens):
            if piece:  # an empty one says that the prompt is still being read
                composer.add(piece)
                draft = composer.draft()
                tied = tied or (bool(draft.citations) and not composer.declines and composer.tie >= least_tie)
            sure = composer.certain if draft.citations and not composer.declines else 0
            # Also when nothing is new: a caller can only stop between two of these.
            yield replace(draft, settled=min(sure, draft.settled)) if tied else NOTHING
            if composer.repeats:
                composer.cut()
                break
        composer.finish()
        invented += composer.invented_markers
        if not composer.declines:
            tied = tied or composer.tie_at_last >= least_tie
            whole = composer.current()
            shown = replace(whole, settled=min(composer.certain, whole.settled)) if tied and whole.citations else NOTHING
            yield shown
            composer = yield from _weighed(llm, composer, question, shown)
        draft = composer.current()
        if draft.citations and not composer.declines:
            tie = composer.tie_at_last
            if tie < least_tie:
                yield Writing(NOTHING, invented_markers=invented, tie=tie)
                return
            if composer.echoes:
                composer.add_quotation(nearest(given))
            more = missing_items(question, draft.text, draft.citations, given)
            if more:
                composer.complete(more)
            yield Writing(composer.current(), invented_markers=invented, tie=tie)
            return
        echoed = composer.echoes and not composer.declines
        if len(passages) == 1 or echoed:  # fewer passages make no echo an answer
            break
    composer = Composer(passages, question, source, after=after)
    quoted = last and (insists or echoed) and composer.quote(nearest(passages)) and composer.tie_at_last >= least_tie
    yield Writing(composer.current() if quoted else NOTHING, quoted, invented)


def _weighed(llm: LLM, composer: Composer, question: str, shown: Draft) -> Generator[Draft, None, Composer]:
    """The same answer with verdicts that the model's opinion of its sentences is part of; `shown` stays until then."""
    opinions: dict[str, float] = {}
    # What is left of a sentence that is denied is another sentence.
    while new := {claim: found for claim, found in composer.doubtful.items() if claim not in opinions}:
        if len(opinions) >= MOST:
            break
        for claim, yes in ask_opinions(llm, new, composer.evidence, question, MOST - len(opinions)):
            opinions[claim] = yes
            yield shown
        composer = composer.again(opinions)
    return composer
