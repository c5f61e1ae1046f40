"""What the judge's engine has to read: a metric's rules once, a question's contexts once, hardly anything to weigh a verdict."""

from __future__ import annotations

import json
import re

import pytest

from eval.judge import LocalJudge
from eval.judgement import Sample
from eval.ragas_metrics import SLOTS, RagasJudge
from rag.llm.llama_cpp import LlamaCpp
from rag.llm.llama_engine import BATCH_TOKENS
from rag.llm.prefixes import Prefixes

CONTEXT_WORDS = 600
REPLIES = {
    "StatementGeneratorOutput": {"statements": ["Kettles boil.", "Kettles sing."]},
    "NLIStatementOutput": {
        "statements": [{"statement": f"Kettles {verb}.", "verdict": 1, "reason": ""} for verb in ("boil", "sing")]
    },
    "ContextRecallOutput": {"classifications": [{"statement": "Kettles boil.", "attributed": 1, "reason": ""}]},
    "ContextPrecisionOutput": {"verdict": 1, "reason": ""},
    "ContextRelevanceOutput": {"rating": 2},
}


class Engine:
    """Counts what llama.cpp would have to read, a word or a sign being a token; fills in the forms."""

    native = False
    context_tokens = 8192

    def __init__(self, path, *, slots, **_):
        self.prefixes = Prefixes(slots, BATCH_TOKENS)
        self.words = {}
        self.texts = {}
        self.read = []

    def tokenize(self, text, *, special=False, start=False):
        found = [self.words.setdefault(word, len(self.words)) for word in re.findall(r"\w+|[^\w\s]|\s+", text)]
        self.texts.update({number: word for word, number in self.words.items()})
        return found

    def render(self, messages):
        return "".join(f"<{message['role']}>{message['content']}</{message['role']}>" for message in messages[:-1]) + (
            f"<{messages[-1]['role']}>{messages[-1]['content']}"
        )

    def complete(self, prompt, options, on_event, stopped, cuts=()):
        slot, kept = self.prefixes.choose(prompt, cuts)
        self.prefixes.remember(slot, prompt, cuts)
        self.read.append(("weigh" if "logit_bias" in options else "stream", len(prompt) - kept, len(prompt)))
        if "logit_bias" in options:
            top = [{"id": token, "prob": 0.5} for token, _ in options["logit_bias"]]
            on_event({"choices": [{"logprobs": {"content": [{"top_probs": top}]}}]})
            return
        told = "".join(self.texts[token] for token in prompt)
        name = next(name for name in REPLIES if f'"title": "{name}"' in told)
        on_event({"choices": [{"text": json.dumps(REPLIES[name])}]})

    def close(self):
        pass


def sample(number):
    words = " ".join(f"word{number}x{place}" for place in range(CONTEXT_WORDS // 2))
    return Sample(f"What do kettles {number} do?", "They boil and sing.", [f"Kettle {number}\n\n{words}"], "Kettles boil.", False)


@pytest.mark.parametrize("metric", ["faithfulness", "context_precision", "context_recall", "context_relevance"])
def test_rules_are_read_once_and_contexts_are_not_read_again_to_weigh_a_verdict(monkeypatch, metric):
    monkeypatch.setattr("rag.llm.llama_cpp.LlamaEngine", Engine)
    llm = LlamaCpp("a.gguf", context_tokens=8192, threads=1, slots=SLOTS)
    judge = RagasJudge(LocalJudge(llm), None)
    judge.judge(metric, sample(0))
    llm._engine.read.clear()
    calls = []
    for number in (1, 2):
        judgement = judge.judge(metric, sample(number))
        assert judgement.status == "judged"
        calls += judgement.calls
    weighed = [fresh for kind, fresh, _ in llm._engine.read if kind == "weigh"]
    assert weighed
    much = [fresh for _, fresh, _ in llm._engine.read if fresh >= BATCH_TOKENS + 60]
    assert len(much) <= len(calls), "the contexts were read again"
    assert all(fresh < CONTEXT_WORDS + 150 for fresh in much), "what comes before the question was read again"
