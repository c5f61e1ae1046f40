from dataclasses import replace

import pytest

from rag.answer.abstain import GREETING
from rag.errors import LLMError
from rag.types import Answer, Citation, Sentence
from rag.ui.chat import render
from rag.ui.chat.place import of_citation
from tests.build import passage
from tests.unit.ui.hostile import HOSTILE
from tests.unit.ui.inert import assert_inert

SOURCE = "LoRA trains few weights. The rest stays frozen."
CITATION = Citation(1, "lora.md", 0, 24, 1, ("LoRA", "Idea"), SOURCE[:24])
ANSWER = Answer(
    "answered",
    "",
    "LoRA trains few weights. [1] It is green.",
    (
        Sentence("LoRA trains few weights.", "supported", 1.0, (1,)),
        Sentence("It is green.", "unsupported", 0.1, (), "Not in the notes: green."),
    ),
    (CITATION,),
    (passage(SOURCE, path="lora.md", title="LoRA", headings=("LoRA", "Idea")),),
    {"retrieve": 0.1, "first_token": 0.2, "total": 1.24},
    3,
)


@pytest.mark.parametrize("text", HOSTILE)
def test_every_part_is_inert_whatever_the_notes_say(text):
    citation = replace(CITATION, path=text, heading_path=(text, text), quote=text)
    found = passage(text, path=text, title=text, headings=(text,))
    hostile = replace(ANSWER, text=text, reason=text, citations=(citation,), passages=(found,), sentences=())
    titles = {text: text}
    place = of_citation(replace(citation, start=0, end=len(text)), text, text)
    for html in (
        render.evidence((found,), (citation,)),
        render.answer(hostile, titles),
        render.abstention(replace(hostile, status="abstained")),
        render.sources((citation,), titles),
        render.cautions(hostile),
        render.problem(LLMError(text, hint=text)),
        render.place(place, text),
    ):
        assert_inert(html)
    assert text in assert_inert(render.place(place, ""))


def test_evidence_says_what_was_found_and_what_is_cited():
    found = (passage(SOURCE, path="notes/lora.md", title="LoRA", headings=("LoRA", "Idea")),)
    html = render.evidence(found, (replace(CITATION, path="notes/lora.md"),))
    text = assert_inert(html)
    assert text.startswith("1 passage from 1 page")
    assert "LoRA" in text
    assert "Idea" in text
    assert "lora.md:1" in text
    assert "cited as 1" in text
    assert 'data-open="p1"' in html
    assert 'title="LoRA › Idea — notes/lora.md, line 1"' in html
    assert "cited as" not in render.evidence(found)
    assert render.evidence(()) == ""


def test_sources_are_named_for_those_who_cannot_see_them():
    html = render.sources(ANSWER.citations, {"lora.md": "LoRA"})
    assert 'aria-label="Source 1: LoRA › Idea, line 1"' in html
    assert "“LoRA trains few weights.”" in assert_inert(html)
    assert "A number behind a sentence: the notes say so at this place." in assert_inert(html)


def test_a_place_highlights_exactly_the_quote():
    html = render.place(of_citation(CITATION, "LoRA", SOURCE), "Source 1 of 1")
    assert "<mark>LoRA trains few weights.</mark>" in html
    assert html.count("<mark>") == 2, "once as it reads, once as it is written"
    text = assert_inert(html)
    assert "lora.md, line 1" in text
    assert "Idea" in text


def test_an_abstention_is_calm_and_points_to_the_nearest_sections():
    html = render.abstention(replace(ANSWER, status="abstained", reason="It is not there.", sentences=(), citations=()))
    text = assert_inert(html)
    assert text.startswith("The notes don't say.It is not there.")
    assert "LoRA › Idea" in text
    assert 'data-open="p1"' in html


def test_small_talk_is_answered_and_not_refused():
    greeted = Answer("abstained", "small talk", GREETING, (), (), (), {"total": 0.0}, 3)
    assert assert_inert(render.abstention(greeted)) == GREETING
    assert render.summary(greeted) == "No search was needed."


def test_what_is_to_be_known_of_an_answer_is_said():
    quoted = replace(ANSWER, reason="These sentences come nearest.")
    assert "These sentences come nearest." in assert_inert(render.remark(quoted))
    assert render.remark(ANSWER) == ""


def test_an_answer_that_did_not_help_can_become_a_test_question():
    for thanked in (False, True):
        html = render.tools("t1", answered=True, helpful=False, thanked=thanked, testable=True)
        assert "Make it a test question" in assert_inert(html)
        assert "Make it a test question" not in render.tools("t1", answered=True, helpful=False, thanked=thanked)
    assert "Make it a test question" not in render.tools("t1", answered=True, helpful=True, thanked=True, testable=True)


def test_the_summary_counts():
    assert render.summary(ANSWER) == "1 of 2 sentences supported · 1.2 s"
    assert render.summary(replace(ANSWER, sentences=())) == "Looked at 1 passage · 1.2 s"
    assert render.summary(replace(ANSWER, sentences=(), passages=())) == "Found nothing · 1.2 s"
    shown = assert_inert(render.cautions(ANSWER))
    assert "1 sentence marked “not in the notes”" in shown
    assert "Not in the notes: green." in shown


def test_a_problem_says_what_to_do():
    text = assert_inert(render.problem(LLMError("The engine stumbled", hint="Ask again later.")))
    assert text == "The engine stumbled.Ask again later."


@pytest.mark.parametrize(
    ("title", "headings", "trail"),
    [("LoRA", (), "LoRA"), ("LoRA", ("lora", "Rank"), "LoRA › Rank"), ("LoRA", ("Rank",), "LoRA › Rank"), ("", ("a",), " › a")],
)
def test_a_trail_names_each_once(title, headings, trail):
    assert render.trail(title, headings) == trail
