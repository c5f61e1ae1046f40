"""The plain pipeline: what it finds and sends, and which of its texts count as an abstention."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from eval.answer_sets import Item
from eval.asking import Asker, Metered, Speed
from eval.baselines import Piece
from eval.cache import Cache
from eval.plain import TOP, PlainPipeline, declines
from rag.errors import LLMError
from tests.fakes import ScriptedLLM

PIECES = [Piece(f"{name}.md", 10 * n, 10 * n + 6, f"{name} {n}") for name in ("tea", "bert") for n in range(3)]
VECTORS = np.array([[1, 0], [0.9, 0.4], [0.8, 0.6], [0, 1], [0.6, 0.8], [0.4, 0.9]], dtype=np.float32)
EMBEDDER = SimpleNamespace(embed_query=lambda text: np.array([1, 0], dtype=np.float32))


def item(question="What of tea?", **changes):
    return Item("q", question, changes.pop("history", ()), "fact", "answer", "tune", **changes)


def pipeline(llm, max_tokens=40):
    return PlainPipeline(PIECES, VECTORS, EMBEDDER, llm, max_tokens)


def test_the_nearest_pieces_and_the_question_are_one_message_after_earlier_turns():
    llm = ScriptedLLM("Four minutes.")
    answer = pipeline(llm).answer(item(history=({"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"})))
    [call] = llm.calls
    assert [turn["role"] for turn in call.messages] == ["user", "assistant", "user"]
    assert call.messages[-1]["content"].endswith("tea 0\n\ntea 1\n\ntea 2\n\nbert 1\n\nQuestion: What of tea?\n\nAnswer:")
    assert call.max_tokens == 40
    assert (answer.status, answer.text, answer.citations) == ("answered", "Four minutes.", ())
    assert [one.rank for one in answer.passages] == list(range(1, TOP + 1))
    assert answer.passages[-1].spans == ((10, 16),)
    assert 0 < answer.timings_s["retrieve"] <= answer.timings_s["first_token"] <= answer.timings_s["total"]


def test_with_a_page_only_that_page_is_searched():
    answer = pipeline(ScriptedLLM("Yes.")).answer(item(page="bert.md"))
    assert [(one.chunk.path, one.text) for one in answer.passages] == [("bert.md", f"bert {n}") for n in (1, 2, 0)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I don't know.",
        "I don’t know the answer. It may be 5.",
        "I'm sorry, but the context does not specify that.",
        "The context provided does not explicitly mention it.",
        "The provided context doesn't mention who founded it.",
        "There is no information about the price in the context.",
        "It is not mentioned in the context.",
        "The answer cannot be determined from the context.",
        "The context gives no information on that.",
        "Based on the given context, it is not specified what X is.",
        "Der Kontext enthält keine Information dazu.",
        "Je ne sais pas.",
    ],
)
def test_what_counts_as_an_abstention(text):
    assert declines(text)
    assert pipeline(ScriptedLLM(text)).answer(item()).status == "abstained"


@pytest.mark.parametrize(
    "text",
    [
        "Four minutes.",
        "No, BERT was not trained on that.",
        "The model is not deterministic.",
        "You don't know the price until you order.",
        "LoRA contains no extra latency.",
        "It takes four minutes. The context does not mention the temperature.",
    ],
)
def test_what_does_not(text):
    assert not declines(text)


def test_what_was_written_is_kept_where_it_abstains():
    answer = pipeline(ScriptedLLM("I don't know. PWNED")).answer(item())
    assert (answer.status, answer.text) == ("abstained", "I don't know. PWNED")


class Asked:
    """A system on a metered model, and how often it was asked."""

    def __init__(self, tmp_path, llm, **identity):
        self.built = 0
        self.llm = Metered(lambda: self._build(llm))
        self.cache = Cache(tmp_path)
        self.prepared = []
        ready = {"a": 1} | identity, self.cache, lambda: self.prepared.append(self.built)
        self.asker = Asker(lambda one: pipeline(self.llm).answer(one), self.llm, *ready)

    def _build(self, llm):
        self.built += 1
        return llm


def test_a_reply_is_kept_with_its_speed_and_loads_no_model_the_second_time(tmp_path):
    first = Asked(tmp_path, ScriptedLLM("Hello", "one two three four", pause_s=0.01))
    reply = first.asker.reply(item())
    first.asker.reply(item("Another?"))
    assert (first.prepared, first.built) == ([0], 1)
    assert reply.speed.written_tokens == 3
    assert reply.speed.written_s >= 0.02
    assert reply.speed.read_s >= 0.01
    assert reply.speed.read_tokens > 20
    again = Asked(tmp_path, LLMError("not to be asked"))
    assert again.asker.reply(item()) == reply
    assert (again.prepared, again.built) == ([], 0)
    for changed in (item("Other?"), item(page="tea.md"), item(history=({"role": "assistant", "content": "Hi"},))):
        Asked(tmp_path, ScriptedLLM("x")).asker.reply(changed)
    other = Asked(tmp_path, ScriptedLLM("other"), settings=2)
    assert other.asker.reply(item()).answer.text == "other"


def test_a_failure_is_told_and_not_kept(tmp_path):
    failed = Asked(tmp_path, ScriptedLLM(LLMError("the engine died"))).asker.reply(item())
    assert (failed.answer, failed.speed) == (None, Speed())
    assert "the engine died" in failed.error
    assert Asked(tmp_path, ScriptedLLM("Well.")).asker.reply(item()).answer.text == "Well."


def test_the_model_is_metered_and_outlives_the_systems_that_close_it():
    inner = ScriptedLLM("one two three", weights={"Yes": 3.0})
    llm = Metered(lambda: inner)
    said = [{"role": "user", "content": "one two three four"}]
    assert llm.take() == Speed()
    assert llm.probabilities(said, ("Yes", "No")) == (0.75, 0.25)
    stream = llm.stream([*said, *said], max_tokens=10)
    assert next(stream) == "one "
    stream.close()
    assert inner.closed_early == 1
    speed = llm.take()
    assert (speed.read_tokens, speed.written_tokens) == (llm.count_prompt(said), 0)
    assert llm.take() == Speed()
    llm.close()
    assert llm.count_tokens("still here") == 2
    llm.end()
    with pytest.raises(LLMError):
        inner.count_tokens("x")
