"""Understanding a question: completion, spelling, short forms, and what is hostile."""

from __future__ import annotations

import time

import pytest

from rag.retrieve.acronyms import long_form, short_forms
from rag.retrieve.query import MAX_QUERY_CHARS, MAX_TERMS, understand
from rag.retrieve.spelling import corrected, respelt
from rag.retrieve.wording import bare
from rag.words import words
from tests.fake_index import FakeGeneration, page

NOTES = FakeGeneration(
    [
        page("kid.md", "The kernel inception distance (KID) needs fewer images.", title="KID"),
        page("quant.md", "Quantization stores weights in few bits. Attention stays.", title="Numbers"),
    ]
)


def test_a_slip_in_a_known_word_is_mended():
    assert corrected("quantizaton", ["quantization", "quantity"]) == ["quantization"]
    assert sorted(corrected("wieght", ["weight", "wight"])) == ["weight", "wight"]
    assert corrected("wegiht", ["weight"]) == ["weight"]
    assert corrected("model", []) == []
    assert corrected("gpt44", ["gpt4"]) == []
    assert corrected("bitt", ["bit"]) == []
    assert corrected("aeight", ["weight"]) == []


@pytest.mark.parametrize(
    ("short", "text", "expected"),
    [
        ("KID", "the kernel inception distance (KID) is", "kernel inception distance"),
        ("LoRA", "LoRA (low-rank adaptation) trains", "low-rank adaptation"),
        ("RLHF", "Reinforcement learning from human feedback (RLHF)", "Reinforcement learning from human feedback"),
        ("RAG", "- RAG: retrieval-augmented generation, see", "retrieval-augmented generation"),
        ("DPO", "direct preference optimisation (DPO)", "direct preference optimisation"),
        ("TTFT", "the time to first token (TTFT)", "time to first token"),
        ("GPU", "the card (GPU) is hot", ""),
        ("ABC", "nothing here", ""),
    ],
)
def test_long_forms_are_read_from_the_notes(short, text, expected):
    assert long_form(short, [text]) == expected


def test_short_forms_have_two_capitals():
    assert short_forms("How does LoRA differ from RAG, and what is a Token?") == ["LoRA", "RAG"]


def test_a_short_form_is_looked_for_as_what_it_stands_for():
    query = understand("What does KID need?", [], NOTES)
    assert "KID is kernel inception distance" in query.understood
    assert query.terms["kernel"] < query.terms["kid"]
    assert query.text.endswith("(kernel inception distance)")


def test_what_the_reader_quoted_is_a_phrase():
    assert understand('Where does "few bits" stand?', [], NOTES).phrases == ("few bits",)


@pytest.mark.parametrize(
    ("question", "sought"),
    [
        ("Could you give me a short list of the few bits?", "the few bits?"),
        ("Please explain how weights are stored", "how weights are stored"),
        ("I would like to know about attention", "attention"),
        ("Tell me, what are weights?", "what are weights?"),
        ("name resolution of weights", "name resolution of weights"),
        ("explain analyze of weights", "explain analyze of weights"),
        ("Can I give more than few bits?", "Can I give more than few bits?"),
        ("List comprehensions in weights", "List comprehensions in weights"),
        ("What is a list of weights?", "What is a list of weights?"),
        ("Tell me more", "Tell me more"),
    ],
)
def test_a_request_is_no_part_of_what_is_sought(question, sought):
    assert understand(question, [], NOTES).text == sought


def test_a_request_taken_away_makes_no_follow_up_and_loses_no_quotation():
    history = [{"role": "user", "content": "What does KID need?"}]
    assert understand("Can you tell me which weights are stored in few bits?", history, NOTES).text.startswith("which weights")
    assert understand("Tell me about its images", history, NOTES).text.startswith("What does KID need? Tell me")
    assert understand('"Name the weights" in few bits', [], NOTES).phrases == ("Name the weights",)


@pytest.mark.parametrize("kindly", ["please ", "please, ", "so, ", "hi ! ", "can you ", "tell me, ", "give me the "])
def test_a_long_request_costs_no_time(kindly):
    started = time.process_time()
    understand(kindly * 4000 + "what?", [], NOTES)
    bare(kindly * (399 // len(kindly)) + "x")
    assert time.process_time() - started < 2


def test_long_and_strange_questions_have_bounds():
    query = understand("\x00\x1b[31m " + " ".join(f"word{n}x" for n in range(5000)), [], NOTES)
    assert len(query.text) <= MAX_QUERY_CHARS + 200
    assert "\x00" not in query.text
    assert len(query.terms) <= MAX_TERMS
    assert understand("...", [], NOTES).terms == {}


def test_a_follow_up_is_read_with_the_question_before_it():
    history = [{"role": "user", "content": "What is KID?"}, {"role": "assistant", "content": "A distance."}]
    query = understand("What does it need?", history, NOTES)
    assert "kid" in query.terms
    assert query.understood[0].startswith("read with the question before it")


@pytest.mark.parametrize(
    ("question", "read"),
    [
        ("contex window of Appertus?", "contex window of Apertus?"),
        ("How do I trainn it?", "How do I train it?"),
        ("What is the capital of Australia?", "What is the capital of Australia?"),
        ("How old is Danielle?", "How old is Danielle?"),
        ("Which county is it in?", "Which county is it in?"),
        ("How large is Mixtral?", "How large is Mixtral?"),
        ("what is a contxet window?", "what is a context window?"),
        ("Is Contxet a window?", "Is Contxet a window?"),
        ("what does contxet.window do?", "what does contxet.window do?"),
        ("what is at /contxet?", "what is at /contxet?"),
        ("which trial is it?", "which trial is it?"),
        ("who is the professor?", "who is the professor?"),
        ("what is tokenizaton?", "what is tokenization?"),
        ("what is a partitin?", "what is a partition?"),
        ("what is a partitiol?", "what is a partitiol?"),
        ("what is Tokenizaton?", "what is Tokenizaton?"),
    ],
)
def test_only_what_is_surely_a_slip_is_mended_for_the_reader(question, read):
    notes = [
        "Apertus has a context window. Training is how to train it. Tokenization, or tokenization, comes first.",
        "Austria, Daniel and a country know Mistral.",
        "A partition is not a partitial: two are near. The trail of the processor.",
    ]
    known = {word for text in notes for word in words(text)}
    assert respelt(question, {word for word in words(question) if word not in known}, notes) == read
