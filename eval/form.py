"""A reply of which everything is known but its verdicts: those alone are asked for.

A judge that is given statements repeats each before its verdict, which takes an engine most of the time and adds nothing. Knows the
schemas of `eval.schema` and ragas' prompts; knows no engine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from eval.protocol import TASK

_INPUT, _OUTPUT = "input: ", "\nOutput:"


def form(schema: Mapping[str, Any], prompt: str, statements: Sequence[str] = ()) -> str:
    """Write the reply to a prompt with the least value in place of each verdict.

    Args:
        schema: of `bounded_schema`, verdicts first.
        prompt: of ragas, with what is to be judged as JSON.
        statements: to judge, where the prompt does not list them.

    Returns:
        JSON as ragas' examples have it; empty where something else than verdicts and given statements is asked for.
    """
    try:
        return json.dumps(_value(schema, list(statements) or _statements(prompt)), indent=4, ensure_ascii=False)
    except _OpenError:
        return ""


class _OpenError(Exception):
    """Something is left to the judge's own words."""


def _statements(prompt: str) -> list[str]:
    given = prompt.partition(TASK)[2].removeprefix(_INPUT).rpartition(_OUTPUT)[0]
    try:
        found = json.loads(given)["statements"]
    except (ValueError, KeyError, TypeError):
        return []
    return [str(each) for each in found] if isinstance(found, list) else []


def _value(schema: Mapping[str, Any], statements: Sequence[str], statement: str = "") -> Any:  # noqa: ANN401 - JSON
    if "enum" in schema:
        if schema["enum"] == [""] or all(type(each) is int for each in schema["enum"]):
            return schema["enum"][0]
        raise _OpenError
    if schema.get("type") == "object":
        return {
            name: statement if name == "statement" and statement else _value(part, statements)
            for name, part in schema["properties"].items()
        }
    if schema.get("type") == "array" and schema["minItems"] == schema["maxItems"] == len(statements):
        return [_value(schema["items"], (), each) for each in statements]
    raise _OpenError
