"""A judge that is only asked for its verdicts."""

from __future__ import annotations

import json

import pytest
from ragas.metrics.collections.context_precision.util import ContextPrecisionOutput
from ragas.metrics.collections.context_recall.util import ContextRecallOutput
from ragas.metrics.collections.context_relevance.util import ContextRelevanceOutput
from ragas.metrics.collections.faithfulness.util import NLIStatementOutput, StatementGeneratorOutput

from eval.form import form
from eval.judge import LocalJudge
from eval.judgement import Sample
from eval.protocol import TASK
from eval.ragas_metrics import RagasJudge
from eval.schema import bounded_schema
from tests.fakes import ScriptedLLM, json_reply

STATEMENTS = ['It says "verdict": 1 of itself.', "Tea is hot."]
PROMPT = f"Judge.{TASK}input: {json.dumps({'context': 'Tea is hot.', 'statements': STATEMENTS}, indent=4)}\nOutput: "


class Continuing(ScriptedLLM):
    """Goes on with words that are put into its mouth."""

    continues = True


def test_the_form_of_given_statements_holds_all_but_the_verdicts():
    blank = json.loads(form(bounded_schema(NLIStatementOutput, items=2), PROMPT))
    assert blank == {"statements": [{"statement": each, "verdict": 0, "reason": ""} for each in STATEMENTS]}


def test_statements_may_be_given_beside_the_prompt():
    blank = json.loads(form(bounded_schema(ContextRecallOutput, items=2), "Judge.", STATEMENTS))
    assert blank == {"classifications": [{"statement": each, "attributed": 0, "reason": ""} for each in STATEMENTS]}


def test_recall_is_judged_sentence_by_sentence_of_the_reference():
    llm = Continuing(weights=weights)
    judgement = RagasJudge(LocalJudge(llm), None).judge(
        "context_recall", Sample("Is tea hot?", "Yes.", ["Tea is hot."], "It is grown, e.g. in Assam. Tea is hot.", False)
    )
    assert judgement.value == 0.5
    assert [call.method for call in llm.calls] == ["probabilities", "probabilities"]
    said = json.loads(judgement.calls[0].output)["classifications"]
    assert [(each["statement"], each["attributed"]) for each in said] == [("It is grown, e.g. in Assam.", 0), ("Tea is hot.", 1)]


@pytest.mark.parametrize(
    ("model", "blank"), [(ContextPrecisionOutput, {"verdict": 0, "reason": ""}), (ContextRelevanceOutput, {"rating": 0})]
)
def test_a_form_may_be_one_verdict(model, blank):
    assert json.loads(form(bounded_schema(model), "Judge.")) == blank


@pytest.mark.parametrize(
    ("schema", "prompt"),
    [
        (bounded_schema(StatementGeneratorOutput), PROMPT),
        (bounded_schema(ContextRecallOutput), PROMPT),
        (bounded_schema(NLIStatementOutput), PROMPT),  # a list of unknown length
        (bounded_schema(NLIStatementOutput, items=3), PROMPT),
        (bounded_schema(NLIStatementOutput, items=2), "Judge."),
        (bounded_schema(NLIStatementOutput, items=2), f"Judge.{TASK}input: [1]\nOutput: "),
        (bounded_schema(ContextPrecisionOutput, verdict_first=False), PROMPT),
    ],
)
def test_what_is_left_to_the_judges_words_has_no_form(schema, prompt):
    assert form(schema, prompt) == ""


def weights(messages):
    """Sure of the last statement that it was given, doubtful of the one before."""
    yes = 0.9 if messages[-1]["content"].count('"statement"') == 2 else 0.4
    return {"1": yes, "0": 1 - yes}


def test_each_verdict_is_chosen_by_its_probability_after_those_before_it():
    llm = Continuing(weights=weights)
    judge = LocalJudge(llm)
    with judge.recording() as calls, judge.items(2):
        reply = judge.generate(PROMPT, NLIStatementOutput)
    assert [(one.statement, one.verdict) for one in reply.statements] == [(STATEMENTS[0], 0), (STATEMENTS[1], 1)]
    assert [call.method for call in llm.calls] == ["probabilities", "probabilities"]
    first, second = (call.messages[-1]["content"] for call in llm.calls)
    assert first.endswith('"verdict": ')
    assert second.startswith(f"{first}0")
    [call] = calls
    assert [(verdict.field, verdict.value, round(verdict.expected, 3)) for verdict in call.verdicts] == [
        ("verdict", 0, 0.4),
        ("verdict", 1, 0.9),
    ]
    assert json.loads(call.output) == json.loads(reply.model_dump_json())


def test_an_engine_that_begins_another_turn_writes_the_form_itself():
    written = {"statements": [{"statement": each, "verdict": 1, "reason": ""} for each in STATEMENTS]}
    llm = ScriptedLLM(json_reply(written), weights={"1": 0.9, "0": 0.1})
    judge = LocalJudge(llm)
    with judge.items(2):
        reply = judge.generate(PROMPT, NLIStatementOutput)
    assert [one.verdict for one in reply.statements] == [1, 1]
    assert llm.calls[0].method == "stream"
