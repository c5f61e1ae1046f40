"""Lists are completed from the notes, and only where the answer is about one."""

from __future__ import annotations

import pytest

from rag.answer.lists import asks_for_list, missing_items
from rag.types import Chunk, Citation, Passage

TEXT = """Servers offer three kinds of thing:

- Tools: what the model calls
- Resources: what the application reads
- Prompts: templates for the user
"""


def passage(text=TEXT):
    chunk = Chunk("c", "d", "mcp.md", "MCP", 0, text, ((0, len(text)),), ((0, len(text), 0, len(text)),))
    return Passage(chunk, 1.0, 1, {}, 10, text, chunk.spans, chunk.alignment)


def cited(start, end):
    return Citation(1, "mcp.md", start, end, 1, (), TEXT[start:end])


def test_what_the_answer_leaves_out_is_given():
    found = missing_items("Which kinds of thing can a server offer?", "Tools and resources.", [], [passage()])
    assert [item.text for item in found] == ["Prompts: templates for the user"]
    assert TEXT[slice(*found[0].span)] == "Prompts: templates for the user"


def test_a_cited_item_counts_as_named_by_a_part_of_its_name():
    text = "- Tools that models call: functions\n- Resources: what the application reads\n- Prompts: templates\n"
    answer = "It offers tools and resources."
    assert [item.text[:7] for item in missing_items("What are the parts?", answer, [cited(2, 7)], [passage(text)])] == ["Prompts"]
    assert missing_items("What are the parts?", answer, [], [passage(text)]) == []


def test_what_only_introduces_a_list_names_none_of_its_items():
    start = TEXT.index("Prompts")
    answer = "There are three kinds of thing:\n- Tools\n- Resources"
    found = missing_items("Which kinds are there?", answer, [cited(start, start + 7)], [passage()])
    assert [item.text[:7] for item in found] == ["Prompts"]


def test_nothing_is_added_to_a_complete_answer_or_another_question():
    assert missing_items("Which kinds are there?", "Tools, resources, prompts.", [], [passage()]) == []
    assert missing_items("Who reads a resource?", "Tools and resources.", [], [passage()]) == []
    assert missing_items("Which kinds are there?", "Tools.", [], [passage()]) == []
    assert missing_items("Which kinds are there?", "", [], [passage("")]) == []


def test_nested_items_belong_to_theirs():
    text = "- Alpha one\n  - deep detail\n- Beta two\n- Gamma three\n"
    found = missing_items("List the parts", "Alpha one and beta two", [], [passage(text)])
    assert [item.text for item in found] == ["Gamma three"]


def test_long_lists_are_left_alone():
    text = "".join(f"- item{n} name{n}\n" for n in range(30))
    assert missing_items("List all items", " ".join(f"item{n} name{n}" for n in range(20)), [], [passage(text)]) == []


@pytest.mark.parametrize(
    "question",
    [
        "Which steps does it take?",
        "What are the risks?",
        "Which tools compose music?",
        "Which icon sets are included?",
        "Under which licences is it?",
        "In which three ways can it be adapted?",
        "Who are its authors?",
        "Which LLMs run locally?",
    ],
)
def test_what_asks_for_a_list(question):
    assert asks_for_list(question)


@pytest.mark.parametrize(
    "question",
    [
        "When was BLOOM released?",
        "Which AWS product covers the whole lifecycle?",
        "Which published system serves thousands of adapters?",
        "Which step leads from the model to the content?",
        "What kind of network is it?",
        "What happens on my fork?",
        "Which of the two gets along with slow links?",
        "On what share of targets was it ahead?",
        "Which runs faster, HNSW or IVF?",
        "Which costs more?",
        "What should happen to people who are waiting?",
    ],
)
def test_what_asks_for_one_thing(question):
    assert not asks_for_list(question)


def test_an_item_without_words_counts_where_it_is_cited():
    text = "- Tools that run\n- Resources\n- ++\n"
    start = text.index("++")
    assert missing_items("Which parts are there?", "Tools that run and resources", [cited(start, start + 2)], [passage(text)]) == []
