from dataclasses import replace

from rag.types import Citation
from rag.ui.chat.follow_ups import follow_ups
from tests.build import passage
from tests.unit.ui.chat.test_render import ANSWER


def found(*headings, title="LoRA", path="lora.md"):
    return tuple(passage("text", path=path, title=title, headings=(title, heading)) for heading in headings)


def test_sections_that_were_found_and_not_cited_are_offered():
    cited = Citation(1, "lora.md", 0, 4, 1, ("LoRA", "Rank"), "text")
    answer = replace(ANSWER, citations=(cited,), passages=found("Rank", "Memory", "Memory", "Merging", "Speed", "Cost"))
    assert follow_ups("What is a rank?", answer) == [
        "What do the notes say about Memory in LoRA?",
        "What do the notes say about Merging in LoRA?",
        "What do the notes say about Speed in LoRA?",
    ]


def test_a_heading_that_is_a_question_is_asked_as_it_stands():
    answer = replace(ANSWER, citations=(), passages=found("Why does the rank of an adapter matter?"))
    assert follow_ups("What is LoRA?", answer) == ["Why does the rank of an adapter matter?"]


def test_what_was_asked_and_what_is_too_long_is_not_offered():
    answer = replace(ANSWER, citations=(), passages=found("Memory", "x " * 40, "the", ""))
    assert follow_ups("How much memory?", answer) == []


def test_the_top_of_another_page_is_offered_by_its_title():
    answer = replace(ANSWER, citations=(), passages=(passage("text", path="q.md", title="Quantization"),))
    assert follow_ups("What is LoRA?", answer) == ["What do the notes say about Quantization?"]


def test_nothing_found_nothing_offered():
    assert follow_ups("What is LoRA?", replace(ANSWER, citations=(), passages=())) == []
