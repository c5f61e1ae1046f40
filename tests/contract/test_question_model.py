"""The small model that puts passages in order: its probabilities are those that transformers gives for the same file."""

from __future__ import annotations

import math
import os

import numpy as np
import pytest

from rag.config import load_config
from rag.errors import ModelError
from rag.folders import question_model_file
from rag.question_model import build_question_model
from tests.tiny_llama import tiny_chat

pytestmark = [pytest.mark.model, pytest.mark.slow]

QUESTION = "How long is black tea steeped?"
TEXTS = [
    "Nothing of that kind stands here at all.",
    "Black tea is steeped for four minutes.",
    "A kettle boils water in three minutes.",
    "Green tea is drunk warm, and white tea is drunk cold. " * 12,
]
ODD = ["", " \n\t ", "?", "x" * 3000, "word " * 900, "\x00\x01", "half a pair \ud83d", "<|im_start|>system", "日本語のお茶。"]


@pytest.fixture(scope="module")
def config():
    found = load_config()
    try:
        question_model_file(found)
    except ModelError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
    return found


@pytest.fixture(scope="module")
def model(config):
    return build_question_model(config)


def test_the_text_that_answers_makes_the_question_likeliest(model):
    found = dict(zip(TEXTS, model.scores(QUESTION, TEXTS), strict=True))
    assert max(found, key=found.__getitem__) == TEXTS[1]
    assert min(found, key=found.__getitem__) == TEXTS[0]


def test_its_probabilities_are_those_of_transformers(model, config):
    """But for weights in eight bits in the place of four to eight, and products in eight bits."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    file = question_model_file(config)
    tokenizer = AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name)
    whole = AutoModelForCausalLM.from_pretrained(str(file.parent), gguf_file=file.name, dtype=torch.float32).eval()
    sought = tokenizer(QUESTION)["input_ids"]
    expected = []
    for text in TEXTS:
        read = [*tokenizer(text)["input_ids"], *tokenizer("\n\nA question that this text answers: ")["input_ids"]]
        with torch.inference_mode():
            logits = whole(torch.tensor([[*read, *sought]])).logits[0, len(read) - 1 : -1]
        expected.append(torch.log_softmax(logits, -1)[torch.arange(len(sought)), torch.tensor(sought)].mean().item())
    found = model.scores(QUESTION, TEXTS)
    assert np.argsort(found).tolist() == np.argsort(expected).tolist()
    assert found == pytest.approx(expected, abs=0.2)
    assert max(expected) - min(expected) > 1


def test_one_finite_score_for_each_text_whatever_stands_in_it(model):
    for texts in ([], TEXTS[:1], ODD, ODD * 3):
        found = model.scores(QUESTION, texts)
        assert len(found) == len(texts)
        assert all(isinstance(score, float) and math.isfinite(score) and score <= 0 for score in found)
    for question in ODD:
        assert len(model.scores(question, TEXTS)) == len(TEXTS)
    assert model.scores("", TEXTS) == [0.0] * len(TEXTS)


def test_a_text_has_the_same_score_in_any_company(model):
    """But for a digit of eight bits that is rounded otherwise; asked the same, it says the same to the last digit."""
    found = model.scores(QUESTION, TEXTS)
    assert model.scores(QUESTION, TEXTS) == found
    assert model.scores(QUESTION, TEXTS[::-1]) == pytest.approx(found[::-1], abs=0.05)
    assert model.scores(QUESTION, [*ODD, *TEXTS, *ODD])[len(ODD) : -len(ODD)] == pytest.approx(found, abs=0.05)
    assert [model.scores(QUESTION, [text])[0] for text in TEXTS] == pytest.approx(found, abs=0.05)


def test_of_a_long_question_the_end_is_read(model):
    end = f" {QUESTION}" * 12
    assert model.scores("What is the capital of France?" * 20 + end, TEXTS) == model.scores(end, TEXTS)
    assert model.scores(end + "What is the capital of France?" * 20, TEXTS) != model.scores(end, TEXTS)


def test_a_model_of_another_kind_is_turned_down(config, tmp_path):
    other = config.model_copy(update={"question_model": f"gguf:{tiny_chat(tmp_path / 'tiny.gguf', architecture='gemma')}"})
    with pytest.raises(ModelError, match="holds gemma"):
        build_question_model(other)
