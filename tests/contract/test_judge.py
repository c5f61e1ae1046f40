"""ragas through our judge and our embedder: the same figures as ragas' own arithmetic, and failures that stay failures."""

from __future__ import annotations

import asyncio
import inspect
import json
import math
import os
import re
import zlib
from dataclasses import replace

import numpy as np
import pytest
from pydantic import BaseModel
from ragas.llms.base import InstructorBaseRagasLLM
from ragas.metrics import collections as ragas
from ragas.metrics.collections import AnswerRelevancy, ContextRelevance

from eval.embeddings import JudgeEmbedding
from eval.errors import JudgementError
from eval.judge import LocalJudge
from eval.judgement import Sample
from eval.names import DEFAULT_JUDGED, JUDGED
from eval.protocol import SYSTEM
from eval.ragas_metrics import METRICS, Metric, RagasJudge
from eval.testset import generate
from eval.weighted import EXPECTED
from rag.config import load_config
from rag.errors import LLMError, ModelError
from tests.build import chunk
from tests.fakes import ScriptedLLM, json_reply

SAMPLE = Sample(
    "On how much text was BERT trained?",
    "BERT was trained on 3.3 billion words. It has 110M parameters.",
    ["[1] BERT\nBERT was trained on 3.3 billion words.", "[2] GPT\nGPT has 117M parameters."],
    "On 3.3 billion words.",
    False,
)


def sample_for(metric):
    """Of recall the judge is given the sentences of the reference, and its replies here are on two."""
    return replace(SAMPLE, reference="On 3.3 billion words. They are English.") if metric == "context_recall" else SAMPLE


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
    return {name: [{"statement": f"Statement {n}.", "reason": "", field: value} for n, value in enumerate(values)]}


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
        ([{"reason": "", "verdict": 1}, {"reason": "", "verdict": 0}], 1.0),
        ([{"reason": "", "verdict": 0}, {"reason": "", "verdict": 1}], 0.5),
        ([{"reason": "", "verdict": 0}, {"reason": "", "verdict": 0}], 0.0),
    ],
    "context_relevance": [([{"rating": 2}, {"rating": 1}], 0.75)],
    "semantic_similarity": [([], 0.61)],
    "answer_accuracy": [([{"rating": 4}, {"rating": 2}], 0.75)],
    "answer_correctness": [
        (
            [
                statements(2),
                statements(2),
                {
                    "TP": [{"statement": "Statement 0.", "reason": ""}],
                    "FP": [{"statement": "Statement 1.", "reason": ""}],
                    "FN": [],
                },
            ],
            0.65,
        )
    ],
    "bleu_score": [([], 0.24)],
    "chrf_score": [([], 0.65)],
    "context_entity_recall": [([{"entities": ["BERT", "GPT"]}, {"entities": ["BERT"]}], 0.5)],
    "context_utilization": [([{"reason": "", "verdict": 1}, {"reason": "", "verdict": 0}], 1.0)],
    "exact_match": [([], 0.0)],
    "factual_correctness": [([{"claims": ["a", "b"]}, verdicts(1, 0), {"claims": ["c"]}, verdicts(1)], 0.67)],
    "noise_sensitivity": [
        ([statements(1), statements(2), *[verdicts(1), verdicts(1, 0)] * 2, verdicts(0, 1)], 0.5),
    ],
    "non_llm_string_similarity": [([], 20 / 62)],
    "quoted_spans_alignment": [([], 1.0)],
    "response_groundedness": [([{"rating": 2}, {"rating": 2}], 1.0)],
    "rouge_score": [([], 10 / 17)],
    "string_presence": [([], 0.0)],
    "summary_score": [([{"keyphrases": ["BERT"]}, {"questions": ["a?", "b?"]}, {"answers": ["1", "0"]}], 0.36)],
}
CLASSES = {name: "".join(word.capitalize() for word in name.split("_")) for name in JUDGED} | {
    "chrf_score": "CHRFScore",
    "non_llm_string_similarity": "NonLLMStringSimilarity",
}


def own_metric(metric, replies, embedder):
    """The class of ragas as it comes, with the same verdicts given by something that is not our judge."""
    takes = {"llm": FilledModels(*replies), "embeddings": JudgeEmbedding(embedder)}
    names = set(inspect.signature(getattr(ragas, CLASSES[metric]).__init__).parameters)
    return getattr(ragas, CLASSES[metric])(**{name: value for name, value in takes.items() if name in names})


@pytest.mark.parametrize(("metric", "replies", "value"), [(m, *case) for m, cases in FIXED.items() for case in cases])
def test_scores_are_those_of_ragas_given_the_same_verdicts(metric, replies, value):
    sample = sample_for(metric)
    judgement = judge_of(*replies)[0].judge(metric, sample)
    inputs = {name: getattr(sample, field) for name, field in METRICS[metric].inputs.items()}
    expected = asyncio.run(own_metric(metric, replies, LetterEmbedder()).ascore(**inputs)).value
    assert (judgement.status, judgement.reason) == ("judged", "")
    assert judgement.value == pytest.approx(float(expected), abs=1e-12)
    assert judgement.value == pytest.approx(value, abs=0.01)


def test_every_metric_that_can_be_asked_for_is_compared_with_ragas():
    assert set(FIXED) | {"answer_relevancy"} == set(METRICS) == set(JUDGED)
    assert set(DEFAULT_JUDGED) <= set(JUDGED)


class Sure(ScriptedLLM):
    """Sees the verdict that it wrote as certain, or as probable as a test says."""

    share = 1.0

    def probabilities(self, messages, choices):
        written = self.reply_after(messages[-1]["content"])
        rest = (1 - self.share) / (len(choices) - 1)
        return tuple(self.share if choice == written else rest for choice in choices)

    def reply_after(self, said):
        whole = self._replies[self._answered - 1]
        assert whole.startswith(said)
        return re.match(r"\d+", whole[len(said) :])[0]


class HardlySure(Sure):
    share = 0.6


WEIGHTED = [metric for metric in FIXED if metric in EXPECTED]


@pytest.mark.parametrize("metric", WEIGHTED)
def test_sure_verdicts_give_the_figure_of_ragas(metric):
    for replies, _ in FIXED[metric]:
        judgement = judge_of(*replies, engine=Sure)[0].judge(metric, sample_for(metric))
        assert (judgement.status, judgement.reason) == ("judged", "")
        assert judgement.expected == pytest.approx(judgement.value, abs=1e-9)


def test_unsure_verdicts_pull_the_figure_to_the_middle():
    unsure = judge_of(statements(4), verdicts(1, 1, 0, 1), engine=HardlySure)[0].judge("faithfulness", SAMPLE)
    assert unsure.value == 0.75
    assert unsure.expected == pytest.approx((3 * 0.6 + 0.4) / 4)
    assert [verdict.value for verdict in unsure.calls[1].verdicts] == [1, 1, 0, 1]
    ratings = judge_of({"rating": 2}, {"rating": 1}, engine=HardlySure)[0].judge("context_relevance", SAMPLE)
    assert ratings.expected == pytest.approx(((0.6 * 2 + 0.2 * 1) + (0.6 * 1 + 0.2 * 2)) / 2 / 2)


@pytest.mark.parametrize("engine", [Sure, HardlySure])
def test_an_evasive_answer_loses_its_relevancy_by_how_evasive_it_is(engine):
    reply = {"question": SAMPLE.user_input, "noncommittal": 0}
    judgement = judge_of(reply, engine=engine)[0].judge("answer_relevancy", SAMPLE)
    assert judgement.value == pytest.approx(1.0, abs=1e-5)
    assert judgement.expected == pytest.approx(engine.share, abs=1e-5)


class Disagreeing(Sure):
    """Would not have written what it wrote: an engine that does not go on with words put into its mouth."""

    share = 0.2


class Refusing(Sure):
    def probabilities(self, messages, choices):
        raise LLMError("the server takes no such turn")


@pytest.mark.parametrize("engine", [Disagreeing, Refusing])
def test_an_engine_that_cannot_weigh_its_verdicts_judges_all_the_same(engine):
    judge, _ = judge_of(statements(2), verdicts(1, 1), engine=engine)
    judgement = judge.judge("faithfulness", SAMPLE)
    assert (judgement.value, judgement.expected) == (1.0, None)


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


@pytest.mark.parametrize("count", [1, 3])
def test_a_judge_that_does_not_judge_every_sentence_has_judged_nothing(count):
    reply = verdicts(*[1] * count, name="classifications", field="attributed")
    judgement = judge_of(reply, engine=UncheckedLLM)[0].judge("context_recall", sample_for("context_recall"))
    assert (judgement.status, judgement.value) == ("failed", None)
    assert judgement.reason == f"The judge gave {count} verdicts on 2 statements"


def test_what_the_judge_saw_and_said_is_in_the_result():
    judge, llm = judge_of(statements(2), verdicts(1, 0))
    judgement = judge.judge("faithfulness", SAMPLE)
    assert [call.asks_for for call in judgement.calls] == ["StatementGeneratorOutput", "NLIStatementOutput"]
    assert "BERT was trained on 3.3 billion words." in judgement.calls[1].prompt
    assert json.loads(judgement.calls[1].output) == verdicts(1, 0)
    told, asked = (message["content"] for message in llm.calls[1].messages)
    assert judgement.calls[1].prompt == f"{told.removeprefix(SYSTEM).strip()}\n\n{asked}"


@pytest.mark.parametrize("metric", [metric for metric in DEFAULT_JUDGED if metric != "semantic_similarity"])
def test_what_is_the_same_for_every_question_is_told_as_a_rule_and_nothing_else_is(metric):
    """Otherwise an engine reads it again for each question, and all of it again to weigh a verdict."""
    replies = FIXED[metric][0][0] if metric in FIXED else [{"question": "Q?", "noncommittal": 0}]
    samples = (SAMPLE, replace(SAMPLE, user_input="Now perform\n\nthe same?", retrieved_contexts=["A\n\nB"], response="Yes."))
    told = []
    for each in samples:
        judge, llm = judge_of(*replies, engine=Sure)
        judge.judge(metric, each)
        told.append([call.messages for call in llm.calls if call.method == "stream"])
        for call in llm.calls:
            assert [message["role"] for message in call.messages][:2] == ["system", "user"]
            assert call.messages[1]["content"].startswith("Now perform the same with the following input\ninput: {")
    rules = [[messages[0]["content"] for messages in asked] for asked in told]
    length = min(map(len, rules))
    assert length, "the judge was told nothing"
    assert rules[0][:length] == rules[1][:length]
    assert not any("BERT" in rule for rule in rules[0])


def test_a_prompt_of_another_kind_is_the_users():
    llm = ScriptedLLM(json_reply({"text": "one"}))
    LocalJudge(llm).generate("Say one.", Reply)
    assert [message["content"] for message in llm.calls[0].messages] == [SYSTEM, "Say one."]


@pytest.mark.parametrize("verdict_first", [True, False])
def test_the_order_of_verdict_and_reason_changes_nothing_of_what_ragas_works_out(verdict_first):
    fields = ("statement", "verdict", "reason") if verdict_first else ("statement", "reason", "verdict")
    listed = [{field: item[field] for field in fields} for item in verdicts(1, 1, 0, 1)["statements"]]
    llm = Sure(json_reply(statements(4)), json_reply({"statements": listed}))
    judgement = RagasJudge(LocalJudge(llm, verdict_first=verdict_first), JudgeEmbedding(LetterEmbedder())).judge(
        "faithfulness", SAMPLE
    )
    assert (judgement.value, judgement.expected) == (0.75, 0.75)
    asked = [call for call in llm.calls if call.method == "stream"][1].schema
    assert tuple(asked["properties"]["statements"]["items"]["properties"]) == fields


def test_output_is_bounded_and_there_is_a_verdict_for_each_statement():
    judge, llm = judge_of(statements(3), verdicts(1, 1, 1))
    judge.judge("faithfulness", SAMPLE)
    first, second = [call for call in llm.calls if call.method == "stream"]
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
    fields = {name: name for name in ("user_input", "retrieved_contexts")}
    swallowing = Metric(lambda judge, _: ContextRelevance(llm=judge), fields)
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


def test_the_generator_of_ragas_makes_a_question_of_a_chunk_with_our_judge():
    replies = [
        {"entities": ["Meteor"]},
        {"query": "How many watts does the Meteor draw?", "answer": "The Meteor draws 2,200 watts."},
    ]
    llm = ScriptedLLM(*map(json_reply, replies))
    [made] = generate([chunk("The Meteor draws 2,200 watts.", title="Kettles")], LocalJudge(llm), seed=1)
    assert (made.question, made.answer) == (replies[1]["query"], replies[1]["answer"])
    asked = [call.messages[1]["content"] for call in llm.calls]
    assert len(asked) == 2
    assert all("The Meteor draws 2,200 watts." in prompt for prompt in asked)


def test_a_chunk_that_the_generator_makes_nothing_of_costs_that_chunk():
    replies = [LLMError("the engine failed"), *map(json_reply, [{"entities": ["Meteor"]}, {"query": "Why?", "answer": "Because."}])]
    chunks = [chunk("One."), chunk("The Meteor draws 2,200 watts.")]
    failed, made = generate(chunks, LocalJudge(ScriptedLLM(*replies)), seed=1)
    assert isinstance(failed, LLMError)
    assert made.question == "Why?"
