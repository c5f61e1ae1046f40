from __future__ import annotations

import json
from typing import Literal

import jsonschema
import pytest
from pydantic import BaseModel, Field

from eval.protocol import MAX_CHARS, MAX_ITEMS, REASON_CHARS
from eval.schema import bounded_schema, longest_chars


class Verdict(BaseModel):
    statement: str
    reason: str = Field(..., description="why")
    verdict: int


class Verdicts(BaseModel):
    statements: list[Verdict]


class Mixed(BaseModel):
    rating: int
    sure: bool
    share: float
    kind: Literal["a", "b"]
    note: str | None


class Node(BaseModel):
    children: list[Node]


class Free(BaseModel):
    anything: dict[str, str]


def everything_in(schema):
    yield schema
    for value in schema.values():
        for part in [value] if isinstance(value, dict) else value if isinstance(value, list) else []:
            if isinstance(part, dict):
                yield from everything_in(part)


@pytest.mark.parametrize("model", [Verdicts, Mixed, Verdict])
def test_every_string_and_list_ends_and_every_object_is_closed(model):
    schema = bounded_schema(model)
    jsonschema.Draft202012Validator.check_schema(schema)
    for part in everything_in(schema):
        assert "$ref" not in part
        if part.get("type") == "string":
            assert part["maxLength"] <= MAX_CHARS
        if part.get("type") == "array":
            assert 1 <= part["minItems"] <= part["maxItems"] <= MAX_ITEMS
        if part.get("type") == "object" and "properties" in part:
            assert part["additionalProperties"] is False
            assert part["required"] == list(part["properties"])


def test_flags_take_two_values_and_ratings_one_digit():
    verdict = bounded_schema(Verdicts)["properties"]["statements"]["items"]["properties"]
    assert verdict["verdict"] == {"enum": [0, 1]}
    assert verdict["reason"] == {"enum": [""]}  # nothing hangs on it any more
    before = bounded_schema(Verdicts, verdict_first=False)["properties"]["statements"]["items"]["properties"]
    assert before["reason"]["maxLength"] < before["statement"]["maxLength"]
    assert bounded_schema(Mixed)["properties"]["rating"] == {"type": "integer", "minimum": 0, "maximum": 9}


class ContextRelevanceOutput(BaseModel):
    rating: int


class AnswersGenerated(BaseModel):
    answers: list[str]


class Classified(BaseModel):
    TP: list[Verdict]


def test_ratings_that_ragas_only_describes_in_words_take_their_values_alone():
    assert bounded_schema(ContextRelevanceOutput)["properties"]["rating"] == {"enum": [0, 1, 2]}
    assert bounded_schema(AnswersGenerated)["properties"]["answers"]["items"] == {"enum": ["0", "1"]}


def test_a_list_that_may_be_empty_need_not_be_filled():
    assert bounded_schema(Classified)["properties"]["TP"]["minItems"] == 0


@pytest.mark.parametrize(
    ("verdict_first", "order"), [(True, ["statement", "verdict", "reason"]), (False, ["statement", "reason", "verdict"])]
)
def test_the_verdict_stands_before_its_reason_or_where_the_model_has_it(verdict_first, order):
    alone = bounded_schema(Verdict, verdict_first=verdict_first)
    listed = bounded_schema(Verdicts, verdict_first=verdict_first)["properties"]["statements"]["items"]
    assert list(alone["properties"]) == list(listed["properties"]) == alone["required"] == listed["required"] == order
    assert alone["properties"]["verdict"] == {"enum": [0, 1]}


def test_a_known_count_is_exact():
    listed = bounded_schema(Verdicts, items=4)["properties"]["statements"]
    assert (listed["minItems"], listed["maxItems"]) == (4, 4)


def test_longest_chars_is_the_length_of_the_longest_text_that_fits():
    schema = bounded_schema(Verdicts, items=2, verdict_first=False)
    item = {"statement": "x" * MAX_CHARS, "reason": "y" * REASON_CHARS, "verdict": 1}
    text = json.dumps({"statements": [item, item]}, separators=(",", ":"))
    jsonschema.validate(json.loads(text), schema)
    # Flags are counted with a few characters too many; nothing is counted short.
    assert len(text) <= longest_chars(schema) <= len(text) + 20


@pytest.mark.parametrize("model", [Node, Free])
def test_what_cannot_be_bounded_is_refused(model):
    with pytest.raises(TypeError):
        bounded_schema(model)
