"""`why` and `--explain`: what an editor reads when a page was not found. The real retriever on pages in memory."""

from __future__ import annotations

import io
import json

import pytest

import rag.wiring
from rag.answer.single import AskSettings
from rag.as_json import retrieval_json
from rag.assistant import Assistant
from rag.cli import main
from rag.retrieve.retriever import Retriever
from rag.show import show_retrieval
from tests.fake_index import FakeGeneration, page, vector

PAGES = [
    page("lora.md", "LoRA trains two small matrices beside each frozen weight.", "The rank is often 8 or 16.", title="LoRA"),
    page("prompt.md", "Quantization keeps weights in few bits.", title="Quantization"),
    *(page(f"tea{n}.md", f"Tea number {n} is steeped for {n} minutes.", title=f"Tea {n}") for n in range(6)),
]
QUESTION = "What does LoRA train beside each wieght?"


class Hashed:
    def embed_query(self, text):
        return vector(text)


class Source:
    def current_number(self):
        return 1

    def open_current(self):
        return FakeGeneration(PAGES)


@pytest.fixture
def assistant(monkeypatch):
    retriever = Retriever(Hashed(), lambda passage: len(passage.text.split()), candidates=2)
    made = Assistant(Source(), retriever, lambda: None, AskSettings(2, 12, 100, 0.5))
    monkeypatch.setattr(rag.wiring, "build_assistant", lambda config: made)
    return made


def why(path, capsys, *more):
    assert main(["why", QUESTION, path, *more]) == 0
    return capsys.readouterr().out


def test_a_page_that_was_retrieved_is_said_to_be(assistant, capsys):
    said = why("lora.md", capsys)
    assert said.startswith("lora.md was retrieved.\n")
    assert "lora.md:1\n    passage 1; " in said
    assert said.count("lora.md:") == 2  # each of its chunks, wherever it stands


def test_a_page_that_was_compared_and_cut_says_by_what(assistant, capsys):
    assistant.settings = AskSettings(2, 3, 100, 0.5)
    said = why("lora.md", capsys)
    assert said.startswith("lora.md was considered and cut.\n")
    assert "9 tokens, 3 left of the budget" in said


def test_a_page_that_no_ranker_brought_near_says_where_it_stands(assistant, capsys):
    far = [f"tea{n}.md" for n in range(6)]
    said = [why(path, capsys) for path in far]
    missed = [text for text in said if text.startswith("No chunk of tea")]
    assert missed
    for text in missed:
        assert "not proposed by either ranker, or not among those compared; dense #" in text
        assert "fused #" not in text


def test_a_page_that_is_not_indexed_says_so(assistant, capsys):
    assert why("nothing.md", capsys).startswith("nothing.md is not in the index")


def test_the_json_has_a_fate_for_every_chunk_of_the_page(assistant, capsys):
    said = json.loads(why("lora.md", capsys, "--json"))
    assert (said["path"], said["indexed"], said["retrieved"]) == ("lora.md", True, True)
    assert [chunk["line"] for chunk in said["chunks"]] == [1, 3]
    assert set(said["chunks"][0]) == {"chunk", "path", "line", "ranks", "scores", "fate"}
    assert json.loads(why("nothing.md", capsys, "--json"))["indexed"] is False


def test_explain_says_how_the_question_was_read_and_what_each_candidate_scored(assistant):
    found = assistant.search(QUESTION)
    out = io.StringIO()
    show_retrieval(found, out, explain=True)
    said = out.getvalue()
    assert "Understood: 'wieght' read as 'weight'" in said
    assert f"Searched for: {QUESTION}" in said
    for candidate in found.trace:
        assert candidate.fate in said
    for name in ("dense", "lexical", "coverage", "phrase", "fused"):
        assert f"{name} 0." in said or f"{name} -0." in said or f"{name} 1." in said
    plain = io.StringIO()
    show_retrieval(found, plain, explain=False)
    assert "Understood" not in plain.getvalue()
    assert plain.getvalue().startswith("1. LoRA")


def test_explain_in_json_is_the_whole_trace(assistant):
    found = assistant.search(QUESTION)
    said = retrieval_json(found, explain=True)
    assert [one["fate"] for one in said["trace"]] == [one.fate for one in found.trace]
    assert said["understood"] == ["'wieght' read as 'weight'"]
    assert "trace" not in retrieval_json(found)
