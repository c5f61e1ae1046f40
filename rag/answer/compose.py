"""The answer as it is written: pieces of model text to cited sentences.

Takes away the markers that the model wrote, and puts our own, checked ones after each sentence that is done. Knows attribution and
verdicts; knows no model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from rag.answer.attribute import Attribution, Evidence, Unit
from rag.answer.echo import is_echo
from rag.answer.fences import FENCE
from rag.answer.frame import unframed
from rag.answer.inert import inert
from rag.answer.lists import Item
from rag.answer.markers import markers_inside, numbers_in, with_markers, without_markers
from rag.answer.subject import answering, counts, loosest_tie, tie
from rag.answer.support import Verdict, verdict
from rag.lines import LineTable
from rag.sentences import split_sentences
from rag.types import Citation, Draft, Passage, Sentence, Span
from rag.words import content_words, numbers

_ORDINAL = re.compile(
    r"^(?:first|second|third|fourth|fifth|sixth|finally|lastly|also|additionally|furthermore|moreover|in addition)(?:ly)?,\s+",
    re.IGNORECASE,
)
_SENTENCE_WORDS = 5  # what is longer is not said twice; what is shorter may be a cell of a table
_QUOTED = 2  # sentences; the evidence is the nearest for 57 to 63 questions of 100, among two for 65 to 74 (docs/LOG.md)
_REPEATS = 3  # a table may say the same twice; a model in a loop says it for ever
_DECLINES = re.compile(
    r"\b(?:notes?|text|passages?|context|information|sources?)\b[^.]{0,60}\b(?:do(?:es)? not|don't|doesn't|did not|no)\b[^.]{0,40}"
    r"\b(?:state|say|mention|contain|provide|specif\w+|include|give|answer|information|details?)\b|"
    r"\bthere (?:is|are|was|were) no\b[^.]{0,80}\b(?:mentioned|specified|stated|provided|given|listed)\b[^.]{0,30}\bnotes?\b|"
    r"\b(?:is|are|was) not (?:\w+ )?(?:mentioned|specified|stated|provided|given|answered|available)\b[^.]{0,40}(?:\bnotes?\b|$)|"
    r"\b(?:notizen|notes|notas|note|appunti)\b[^.]{0,60}\b(?:nicht|ne\b[^.]{0,20}\bpas|no|non)\b[^.]{0,40}"
    r"\b(?:erwähn\w+|genannt|angegeben|mentionn\w+|precis\w+|mencion\w+|indica\w+|menzion\w+)\b",
    re.IGNORECASE,
)
# What a small model likes to add to a sentence that would have done: "which makes it useful for many tasks".
_ADDED = re.compile(
    r",\s+(?:which|who|whose|where|often|thus|thereby|as well as|making|allowing|enabling|helping|ensuring|providing|leading to|"
    r"resulting in)\b"
)
# Without a verb before it, it stands inside of a sentence: "The server, which listens on a port, needs memory".
_STATES = re.compile(
    r"\b(?:is|are|was|were|has|have|had|can|could|may|must|will|means?|stands? for|uses?|used|refers? to|contains?|includes?|"
    r"provides?|allows?|supports?|requires?|needs?|runs?|holds?|kept|made|built|trained|developed|released|published|called|known)\b"
)
_ON_CONDITION = re.compile(r"\W*(?:if|when|once|while|as|although|though|because|since|after|before|unless|until)\b", re.IGNORECASE)
_PAIRED = (("(", ")"), ("[", "]"), ("“", "”"), ("«", "»"))
_DOUBLED = ('"', "`", "**")
_LEAST_CLAUSE = 3  # content words of a clause that says something
_LEADS_IN = re.compile(r":\s*$")
_NUMBERED = re.compile(r"^\s*\d{1,3}[.)]\s")
_LIST_MARK = re.compile(r"(?:[-*+]|\d{1,3}[.)])\s*$")


class Composer:
    """Builds one answer. `add` takes what the model writes, `draft` says what can be shown, `finish` ends it.

    A sentence that was said before is left out.

    Args:
        passages: what the model was given.
        question: a short answer says little without it.
        source: gives the source of a page.
        drop_unsupported: leave out sentences that the evidence does not support, instead of showing their verdict.
        opinions: the model's probability of Yes to whether the evidence states a sentence, by sentence, where it was asked.
        after: how many markers stand before its first.

    Attributes:
        evidence: what its sentences are attributed to.
        invented_markers: citations that the model wrote of passages it was not given.
    """

    def __init__(
        self,
        passages: Sequence[Passage],
        question: str,
        source: Callable[[str], str],
        *,
        drop_unsupported: bool = False,
        opinions: Mapping[str, float] | None = None,
        after: int = 0,
    ) -> None:
        self._after = after
        self._opinions = dict(opinions or {})
        self._doubtful: dict[str, Attribution] = {}
        self._passages = passages
        self._drop = drop_unsupported
        self._said: list[str] = []  # those that were dropped too: a model in a loop is in one whether or not it is shown
        self._question = question
        self._source = source
        self.evidence = Evidence(passages, question)
        self._lines: dict[str, LineTable] = {}
        self._raw = ""
        self._text = ""  # of the sentences that are done, markers included
        self._mark, self._gap = "", ""  # what stands before the next one: the mark of its item, if that is not left out, and space
        self._doubted_from: int | None = None  # where the first sentence stands that may still be taken away
        self._done = 0  # how much of the normalised raw text they took
        self._sentences: list[Sentence] = []
        self._leading: list[int] = []  # those of the sentences that lead in what is not cited yet
        self._citations: dict[tuple[str, int, int], Citation] = {}
        self.invented_markers = 0

    def add(self, piece: str) -> None:
        """Take the next piece of the model's text."""
        self._raw += piece

    @property
    def repeats(self) -> bool:
        """Whether the model has begun to say again what it said before."""
        return bool(self._said) and self._said.count(self._said[-1]) >= _REPEATS

    def draft(self) -> Draft:
        """Return what is there: done sentences with markers, then the unfinished rest without any."""
        text = self._settle(final=False)
        rest = without_markers(text[self._done :])
        return self._as_draft(self._text + self._before + re.sub(r"\s*\[[\d,\s]*$", "", rest))

    def finish(self) -> Draft:
        """End the last sentence and return the whole."""
        self._settle(final=True)
        if self._mark:
            self._keep("")
        return self._as_draft(self._text.strip())

    @property
    def tie(self) -> float:
        """How much of what was asked about stands where the notes say what the answer comes down to, 0 to 1; 0 until then."""
        return self._tie(answering(self._question, self._supported, self.evidence.known))

    @property
    def loosest_tie(self) -> float:
        """The least `tie` that this can come to, whatever the model writes, 0 to 1."""
        return loosest_tie(self._question, self.evidence)

    @property
    def tie_at_last(self) -> float:
        """The same once nothing more comes, when the first sentence has to do where none was what the answer comes down to.

        What says nothing of how many there are is said of nothing where that is asked.
        """
        supported = self._supported
        if not counts(self._question, supported):
            return 0.0
        return self._tie(answering(self._question, supported, self.evidence.known) or supported[:1])

    @property
    def _supported(self) -> list[str]:
        return [one.text for one in self._sentences if one.support == "supported"]

    def _tie(self, said: Sequence[str]) -> float:
        return max((tie(self._question, one, self.evidence) for one in said), default=0.0)

    @property
    def declines(self) -> bool:
        """Whether all that was written so far is that the notes do not say."""
        return bool(self._sentences) and all(_DECLINES.search(sentence.text) for sentence in self._sentences)

    @property
    def echoes(self) -> bool:
        """Whether all that was written so far is what was asked: "Yes, it can do that"."""
        return bool(self._said) and all(is_echo(one, self.evidence.known) for one in self._said)

    @property
    def certain(self) -> int:
        """How many characters of the text no opinion will change: those before the first sentence that is in doubt."""
        return len(self._text) if self._doubted_from is None else self._doubted_from

    @property
    def doubtful(self) -> Mapping[str, Attribution]:
        """What the sentences are attributed to that neither a rule decides nor the notes hold word for word."""
        return dict(self._doubtful)

    def again(self, opinions: Mapping[str, float]) -> Composer:
        """Return the same answer, finished, with opinions of its sentences."""
        other = Composer(
            self._passages, self._question, self._source, drop_unsupported=self._drop, opinions=opinions, after=self._after
        )
        other.add(self._raw)
        other.finish()
        return other

    def cut(self) -> None:
        """Forget what the model wrote after the last sentence that is done."""
        self._raw = self._normal()[: self._done]

    def complete(self, items: Sequence[Item]) -> None:
        """Add list items of the notes, word for word, each cited, after `finish`."""
        self._text = f"{self._text.rstrip()}\n\nAlso in that list:\n\n"
        for item in items:
            marker = self._cite_span(item.passage, item.span)
            plain = inert(item.text)
            self._text += f"- {plain} [{marker}]\n"
            self._sentences.append(Sentence(plain, "supported", 1.0, (marker,)))

    def quote(self, places: Sequence[tuple[int, Span]]) -> bool:
        """Start anew with sentences of the notes, as quotations; say whether there are any.

        Args:
            places: as `add_quotation` takes them.
        """
        self._raw, self._text, self._done = "", "", 0
        self._sentences, self._citations = [], {}
        self._leading.clear()
        return self.add_quotation(places)

    def add_quotation(self, places: Sequence[tuple[int, Span]]) -> bool:
        """Add the first sentences at some places of the passages that say more than the question, as quotations, after `finish`.

        Args:
            places: nearest to the question first: the place of the passage, from 0, and the span in its text.

        Returns:
            Whether there are any.
        """
        quoted = self.evidence.units_at(places)[:_QUOTED]
        if quoted:
            self._text = f"{self._text.rstrip()}\n\nThe notes say:\n\n".lstrip()
        for unit in quoted:
            marker = self._cite(unit)
            plain = inert(" ".join(unit.text.split()))
            self._text += f"> {plain} [{marker}]\n\n"
            self._sentences.append(Sentence(plain, "supported", 1.0, (marker,)))
        return bool(quoted)

    def current(self) -> Draft:
        """Return what there is, after `finish`, `complete` or `quote`."""
        return self._as_draft(self._text.strip())

    def _as_draft(self, text: str) -> Draft:
        return Draft(text, min(len(self._text), len(text)), tuple(self._sentences), tuple(self._citations.values()))

    def _settle(self, *, final: bool) -> str:
        """Move finished segments from the raw text to the sentences; return the normalised raw text."""
        text = self._normal()
        segments = [(a, b) for a, b in _segments(text) if b > self._done]
        if not final:
            segments = segments[:-1]
            # What follows the last of them must show that no late marker is still to come.
            if segments and text[segments[-1][1] :].lstrip().startswith("["):
                segments = segments[:-1]
        for start, end in segments:
            last = final and end == segments[-1][1]
            self._take(text[self._done : max(start, self._done)], text[max(start, self._done) : end], last=last)
            self._done = end
        return text

    def _normal(self) -> str:
        """The raw text, inert and without frames; a marker behind a full stop belongs to the sentence before it."""
        return inert(markers_inside(unframed(self._raw)))

    def _take(self, gap: str, segment: str, *, last: bool) -> None:
        self._gap = gap if gap.count("\n") >= self._gap.count("\n") else self._gap
        plain = without_markers(segment).lstrip()
        hinted = self._hints(segment)
        if _LIST_MARK.fullmatch(plain):
            self._mark += self._gap + plain
            self._gap = ""
            return
        if not re.search(r"\w", plain):
            self._keep(plain)
            return
        is_code = plain.startswith(("```", "~~~"))
        judged, attribution = self._judge(plain, hinted, is_code=is_code)
        if not is_code and judged.support != "supported" and (main := _main_clause(plain)):
            kept, where = self._judge(main, hinted)
            if kept.support == "supported" and not frozenset(content_words(main)) <= self.evidence.known.asked:
                plain, judged, attribution = main, kept, where
        # It says what is to come, which is cited by itself; a number that it says is said by it.
        leads_in = bool(_LEADS_IN.search(plain)) and not last and not numbers(_NUMBERED.sub("", plain)) - numbers(self._question)
        support, score = judged.support, judged.score
        said = plain.strip() if is_code else _ORDINAL.sub("", plain.strip()).casefold()
        again = said in self._said and len(said.split()) >= _SENTENCE_WORDS
        self._said.append(said)
        if (again and not leads_in) or (self._drop and support != "supported"):
            self._gap = "\n" * min(max(self._gap.count("\n"), self._mark.count("\n")), 2) or " "
            self._mark = ""
            return
        cited = attribution.units if support == "supported" and not leads_in else ()
        markers = tuple(dict.fromkeys(self._cite(unit) for unit in cited))
        self._follow_lead_in(markers[:1], apart="\n\n" in self._gap)
        if leads_in and support == "supported":
            self._leading.append(len(self._sentences))
        self._sentences.append(Sentence(plain.strip(), support, round(score, 4), markers, judged.reason))
        if not judged.settled and self._doubted_from is None:
            self._doubted_from = len(self._text)
        self._keep(with_markers(plain, markers))

    def _follow_lead_in(self, markers: tuple[int, ...], *, apart: bool) -> None:
        """Let what led in cite the first of what it led to; in the text only that has the marker.

        Args:
            markers: of the next sentence.
            apart: whether a paragraph ends before it; that is behind the list unless the list begins there.
        """
        begun = bool(self._leading) and self._leading[-1] < len(self._sentences) - 1
        for place in self._leading if markers and not (apart and begun) else ():
            self._sentences[place] = replace(self._sentences[place], citations=markers)
        if markers or (apart and begun):
            self._leading.clear()

    def _judge(self, plain: str, hinted: Sequence[int], *, is_code: bool = False) -> tuple[Verdict, Attribution]:
        attribution = self.evidence.attribute_code(plain) if is_code else self.evidence.attribute(plain, hinted)
        judged = verdict(plain, attribution, self.evidence, yes=self._opinions.get(plain))
        if not judged.settled:
            self._doubtful[plain] = attribution
        return judged, attribution

    def _keep(self, text: str) -> None:
        self._text += self._before + text
        self._mark, self._gap = "", ""

    @property
    def _before(self) -> str:
        lead = self._mark + self._gap
        return lead if self._text else lead.lstrip()

    def _hints(self, segment: str) -> list[int]:
        hinted = []
        for number in numbers_in(segment):
            if 1 <= number <= len(self._passages):
                hinted.append(number - 1)
            else:
                self.invented_markers += 1
        return hinted

    def _cite(self, unit: Unit) -> int:
        return self._cite_span(unit.passage, unit.span)

    def _cite_span(self, passage: int, span: Span) -> int:
        key = (self._passages[passage].chunk.path, *span)
        if key not in self._citations:
            self._citations[key] = self._citation(self._after + len(self._citations) + 1, passage, span)
        return self._citations[key].marker

    def _citation(self, marker: int, passage: int, span: Span) -> Citation:
        chunk = self._passages[passage].chunk
        start, end = span
        source = self._source(chunk.path)
        if not 0 <= start < end <= len(source):
            raise AssertionError(f"citation {span} is outside {chunk.path}")
        table = self._lines.setdefault(chunk.path, LineTable(source))
        return Citation(marker, chunk.path, start, end, table.line(start), chunk.heading_path, source[start:end])


def _segments(text: str) -> list[Span]:
    """Sentences, with each fenced block as one segment."""
    found: list[Span] = []
    position = 0
    for fence in FENCE.finditer(text):
        found.extend((a + position, b + position) for a, b in split_sentences(text[position : fence.start()]))
        found.append(fence.span("block"))
        position = fence.end()
    found.extend((a + position, b + position) for a, b in split_sentences(text[position:]))
    return found


def _main_clause(sentence: str) -> str:
    """A sentence without what was added to it; empty where nothing was, or where what is left may be no sentence.

    >>> _main_clause("Tea is kept in a pot, which makes it popular.")
    'Tea is kept in a pot.'
    >>> _main_clause("The server, which listens on port 8080, needs memory.")
    ''
    """
    added = _ADDED.search(sentence)
    if not added or "\n" in sentence or "|" in sentence or sentence.rstrip().endswith((":", "?")):
        return ""
    left = sentence[: added.start()].rstrip()
    whole = all(left.count(opens) == left.count(closes) for opens, closes in _PAIRED)
    whole = whole and not any(left.count(mark) % 2 for mark in _DOUBLED)
    says = _STATES.search(left) and not _ON_CONDITION.match(left) and len(set(content_words(left))) >= _LEAST_CLAUSE
    return f"{left}." if whole and says else ""
