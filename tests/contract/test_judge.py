"""ragas through our judge and our embedder: the same figures as ragas' own arithmetic, and failures that stay failures."""

from __future__ import annotations

import asyncio
import json
import math
import os
import zlib

import numpy as np
import pytest
from pydantic import BaseModel
from ragas.llms.base import InstructorBaseRagasLLM
from ragas.metrics.collections import AnswerRelevancy, ContextPrecision, ContextRecall, ContextRelevance, Faithfulness

from eval.embeddings import JudgeEmbedding
from eval.errors import JudgementError
from eval.judge import LocalJudge
from eval.judgement import Sample
from eval.names import JUDGED
from eval.ragas_metrics import METRICS, Metric, RagasJudge, prompt_kinds
from rag.config import load_config
from rag.errors import LLMError, ModelError
from tests.fakes import ScriptedLLM, json_reply

SAMPLE = Sample(
    "On how much text was BERT trained?",
    "BERT was trained on 3.3 billion words. It has 110M parameters.",
    ["[1] BERT\nBERT was trained on 3.3 billion words.", "[2] GPT\nGPT has 117M parameters."],
    "On 3.3 billion words.",
    False,
)


class UncheckedLLM(ScriptedLLM):
    """An engine that takes a schema as a suggestion."""

    def stream(self, messages, *, max_tokens, stop=(), schema=None):
        return super().stream(messages, max_tokens=max_tokens, stop=stop)


class FilledModels(InstructorBaseRagasLLM):
    """What ragas would get from any other model that said the same: its response models, already filled."""

    def __init__(self, *replies):
        self.replies = list(replies)

    def generate(self, prompt, response_model):
        return response_model.model_validate(self.replies.pop(0))

    async def agenerate(self, prompt, response_model):
        return self.generate(prompt, response_model)


class LetterEmbedder:
    """Counts letters and words; equal texts are near, others are not."""

    fingerprint = "letters"
    dimension = 64

    def embed_query(self, text):
        vector = np.full(self.dimension, 0.01, dtype=np.float32)
        for word in text.lower().split():
            vector[zlib.crc32(word.encode()) % self.dimension] += 1
        return vector / np.linalg.norm(vector)

    def embed_passages(self, texts, on_batch=None):
        return np.stack([self.embed_query(text) for text in texts])


@pytest.fixture(scope="module", params=["fake", pytest.param("real", marks=pytest.mark.model)])
def embedder(request):
    if request.param == "fake":
        return LetterEmbedder()
    from rag.wiring import build_embedder

    try:
        return build_embedder(load_config())
    except ModelError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


def verdicts(*values, name="statements", field="verdict"):
    return {name: [{"statement": f"Statement {n}.", "reason": "because", field: value} for n, value in enumerate(values)]}


def statements(count):
    return {"statements": [f"Statement {n}." for n in range(count)]}


def judge_of(*replies, embedder=None, engine=ScriptedLLM):
    llm = engine(*(reply if isinstance(reply, str | Exception) else json_reply(reply) for reply in replies))
    return RagasJudge(LocalJudge(llm), JudgeEmbedding(embedder or LetterEmbedder())), llm


FIXED = {
    "faithfulness": [
        ([statements(4), verdicts(1, 1, 0, 1)], 0.75),
        ([statements(1), verdicts(0)], 0.0),
        ([statements(3), verdicts(1, 1, 1)], 1.0),
    ],
    "context_recall": [([verdicts(1, 0, name="classifications", field="attributed")], 0.5)],
    "context_precision": [
        ([{"reason": "yes", "verdict": 1}, {"reason": "no", "verdict": 0}], 1.0),
        ([{"reason": "no", "verdict": 0}, {"reason": "yes", "verdict": 1}], 0.5),
    ],
}
RAGAS = {"faithfulness": Faithfulness, "context_recall": ContextRecall, "context_precision": ContextPrecision}


@pytest.mark.parametrize(("metric", "replies", "value"), [(m, *case) for m, cases in FIXED.items() for case in cases])
def test_scores_are_those_of_ragas_given_the_same_verdicts(metric, replies, value):
    judgement = judge_of(*replies)[0].judge(metric, SAMPLE)
    inputs = {name: getattr(SAMPLE, name) for name in METRICS[metric].inputs}
    expected = asyncio.run(RAGAS[metric](llm=FilledModels(*replies)).ascore(**inputs)).value
    assert judgement.status == "judged"
    assert judgement.value == expected == pytest.approx(value)


@pytest.mark.parametrize("noncommittal", [0, 1])
@pytest.mark.parametrize("question", ["On how much text was BERT trained?", "What is the capital of France?"])
def test_answer_relevancy_is_that_of_ragas_given_the_same_question(embedder, question, noncommittal):
    reply = {"question": question, "noncommittal": noncommittal}
    judgement = judge_of(reply, embedder=embedder)[0].judge("answer_relevancy", SAMPLE)
    # ragas asks three times by default; the same question three times has the mean of one.
    own = AnswerRelevancy(llm=FilledModels(reply, reply, reply), embeddings=JudgeEmbedding(embedder))
    expected = asyncio.run(own.ascore(user_input=SAMPLE.user_input, response=SAMPLE.response)).value
    assert judgement.value == pytest.approx(expected, abs=1e-6)
    if noncommittal:
        assert judgement.value == 0.0
    elif question == SAMPLE.user_input:
        assert judgement.value == pytest.approx(1.0, abs=1e-5)
    else:
        assert judgement.value < 0.7


def test_the_table_holds_every_name_that_can_be_asked_for():
    assert tuple(METRICS) == JUDGED


@pytest.mark.parametrize("metric", [m for m in JUDGED if m != "answer_relevancy"])
def test_each_metric_says_how_many_kinds_of_prompt_it_asks(metric):
    judge, llm = judge_of(*FIXED[metric][0][0])
    judge.judge(metric, SAMPLE)
    kinds = {json_reply(call.schema) for call in llm.calls}
    assert prompt_kinds([metric]) == len(kinds)
    assert prompt_kinds([metric, "answer_relevancy"]) == len(kinds) + 1


def test_what_the_judge_saw_and_said_is_in_the_result():
    judge, llm = judge_of(statements(2), verdicts(1, 0))
    judgement = judge.judge("faithfulness", SAMPLE)
    assert [call.asks_for for call in judgement.calls] == ["StatementGeneratorOutput", "NLIStatementOutput"]
    assert "BERT was trained on 3.3 billion words." in judgement.calls[1].prompt
    assert json.loads(judgement.calls[1].output) == verdicts(1, 0)
    assert llm.calls[1].messages[1]["content"] == judgement.calls[1].prompt


def test_output_is_bounded_and_there_is_a_verdict_for_each_statement():
    judge, llm = judge_of(statements(3), verdicts(1, 1, 1))
    judge.judge("faithfulness", SAMPLE)
    first, second = llm.calls
    assert first.schema["properties"]["statements"]["items"]["maxLength"] > 0
    assert llm.count_prompt(first.messages) + first.max_tokens <= llm.context_tokens
    listed = second.schema["properties"]["statements"]
    assert (listed["minItems"], listed["maxItems"]) == (3, 3)
    assert listed["items"]["properties"]["verdict"] == {"enum": [0, 1]}


@pytest.mark.parametrize(
    ("replies", "reason"),
    [
        (['{"statements": ["cut'], "not JSON: Unterminated string"),
        (["I think that"], "not JSON: Expecting value at character 0 of 12"),
        ([{"claims": []}], "not a StatementGeneratorOutput: statements"),
        ([statements(2), {"statements": [{"statement": "a", "reason": "b", "verdict": "maybe"}]}], "statements.0.verdict"),
        ([statements(2), verdicts(1)], "1 verdicts on 2 statements"),
        ([{"statements": []}], "returned no number"),
        ([LLMError("the engine failed")], "the engine failed"),
    ],
)
def test_a_judgement_that_cannot_be_made_fails_with_its_reason(replies, reason):
    judgement = judge_of(*replies, engine=UncheckedLLM)[0].judge("faithfulness", SAMPLE)
    assert (judgement.status, judgement.value) == ("failed", None)
    assert reason in judgement.reason
    assert judgement.calls
    checked = judge_of(*replies)[0].judge("faithfulness", SAMPLE)
    assert (checked.status, checked.value) == ("failed", None)
    assert checked.reason


def test_a_failure_that_a_metric_swallows_is_a_failure_all_the_same(monkeypatch):
    swallowing = Metric(lambda judge, _: ContextRelevance(llm=judge), ("user_input", "retrieved_contexts"))
    monkeypatch.setattr("eval.ragas_metrics.METRICS", {"context_relevance": swallowing})
    right = {"rating": 2}
    judge, _ = judge_of(LLMError("the engine failed"), right, right)
    judgement = judge.judge("context_relevance", SAMPLE)
    assert (judgement.status, judgement.reason) == ("failed", "the engine failed")


@pytest.mark.parametrize("metric", ["faithfulness", "answer_relevancy"])
def test_abstentions_are_not_judged_and_say_why(metric):
    judge, llm = judge_of()
    judgement = judge.judge(metric, Sample("q", "", ["context"], "reference", True))
    assert (judgement.status, judgement.reason) == ("not_judged", "the question was not answered")
    assert llm.calls == []


def test_a_metric_without_its_input_is_not_judged():
    judgement = judge_of()[0].judge("context_recall", Sample("q", "", ["context"], "", True))
    assert (judgement.status, judgement.reason) == ("not_judged", "there is no reference")


def test_a_prompt_that_fills_the_context_is_no_judgement():
    long = Sample("q", "word " * 4000, ["context"], "", False)
    judgement = judge_of()[0].judge("faithfulness", long)
    assert judgement.status == "failed"
    assert "Raise context_tokens" in judgement.reason


def test_one_judgement_leaves_nothing_for_the_next():
    judge, _ = judge_of(statements(1), verdicts(1), statements(2), verdicts(0, 1))
    first, second = judge.judge("faithfulness", SAMPLE), judge.judge("faithfulness", SAMPLE)
    assert (first.value, second.value) == (1.0, 0.5)
    assert (len(first.calls), len(second.calls)) == (2, 2)


class Reply(BaseModel):
    """Something to ask for."""

    text: str


def test_both_ways_of_asking_do_the_same():
    judge = LocalJudge(ScriptedLLM(json_reply({"text": "one"}), json_reply({"text": "two"})))
    assert judge.is_async
    assert judge.generate("prompt", Reply).text == "one"
    assert asyncio.run(judge.agenerate("prompt", Reply)).text == "two"
    with pytest.raises(JudgementError):
        LocalJudge(UncheckedLLM("{}")).generate("prompt", Reply)


def test_the_embedding_gives_unit_vectors_one_a_text(embedder):
    embedding = JudgeEmbedding(embedder)
    vector = embedding.embed_text("What is BERT?")
    assert len(vector) == embedder.dimension
    assert math.isclose(math.hypot(*vector), 1.0, abs_tol=1e-4)
    assert asyncio.run(embedding.aembed_texts(["What is BERT?", "What is GPT?"]))[0] == pytest.approx(vector, abs=1e-6)
