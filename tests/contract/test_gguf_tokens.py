"""Counting from the vocabulary alone gives the engine's counts, token by token."""

from __future__ import annotations

import os
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.config import load_config
from rag.errors import ModelError
from rag.llm.gguf_tokens import GgufTokens, is_known
from rag.models.store import model_path

pytestmark = [pytest.mark.model, pytest.mark.slow]

ODD = [
    "",
    " ",
    "\n\n\n \t",
    "Note 1: RAG > Chunking\nA chunk is 1,024 tokens long.\n\n",
    "don't I'LL we've 'S",
    "  two  spaces\r\nand CRLF\r\n",
    "日本語の文章と한국어와 العربية",
    "cafe\u0301 ﬁne ½ ²",
    "👩‍👩‍👧‍👦 🏳️‍🌈",
    "<|im_end|> <|endoftext|> <tool_call>",
    "| a | b |\n|---|---|\n| 1.5 | 2e-4 |",
    "```python\n    if x:\n\treturn x[1:]\n```",
    "\x00\x1b[31m\x7f",
    "x" * 3000,
    "$\\frac{a}{b}$ https://example.org/?q=1&r=%20",
]


@pytest.fixture(scope="module", params=["qwen2.5-coder-1.5b", "smollm2-135m"])
def path(request):
    try:
        found = model_path(request.param, load_config().models_dir)
    except ModelError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
    assert is_known(found)
    return found


@pytest.fixture(scope="module")
def tokens(path):
    return GgufTokens(path)


@pytest.fixture(scope="module")
def engine(path, llama_library):
    from rag.llm.llama_cpp import LlamaCpp

    llm = LlamaCpp(path, context_tokens=512, threads=1, library=llama_library)
    yield llm
    llm.close()


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_texts(text, tokens, engine):
    assert tokens.count(text) == engine.count_tokens(text)


def test_any_text(tokens, engine):
    @settings(max_examples=150, deadline=None)
    @given(st.text(max_size=200))
    @example("\U00013460:A")
    def check(text):
        # What a newer Unicode calls a letter is one to one of the two alone: it is cut elsewhere, and counts as one more or less.
        new = sum(unicodedata.category(one) == "Cn" for one in text)
        assert abs(tokens.count(text) - engine.count_tokens(text)) <= new

    check()


def test_there_are_never_fewer_than_said(tokens):
    @settings(max_examples=300, deadline=None)
    @given(st.lists(st.sampled_from(ODD) | st.text(max_size=12), max_size=12), st.sampled_from([" ", "\n", "", " \t ", "\u00a0"]))
    def check(texts, between):
        text = between.join(texts)
        assert tokens.fewest(text) <= tokens.count(text)

    check()
    assert tokens.fewest("A chunk is 1,024 tokens long.") == 6


def test_numbers_of_as_many_digits_cost_the_same(tokens):
    for first, last in ((1, 9), (10, 99)):
        counts = {tokens.count(f"Note {number}: RAG > Chunking\nA chunk.\n\n") for number in range(first, last + 1)}
        assert len(counts) == 1
