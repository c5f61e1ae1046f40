"""JSON Schema: a schema that makes sense, and output that keeps to it.

Engines constrain what a model writes, but some ignore a schema that they do not understand without a word, and all of them leave
half a value behind when the tokens run out. So what comes out is checked. Knows no engine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import referencing.exceptions

from rag.errors import LLMError


def check_schema(schema: Mapping[str, Any] | None) -> None:
    """Refuse what is not a JSON Schema (draft 2020-12); None is fine.

    Args:
        schema: what the output is to fit.

    Raises:
        LLMError: it is not one.
    """
    if schema is None:
        return
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise LLMError(f"The schema for the model's output is wrong: {error.message}", hint="Mend the schema.") from error


def checked(pieces: Iterator[str], schema: Mapping[str, Any] | None) -> Iterator[str]:
    """Hand pieces on as they come, and see at the end that together they are one JSON value that fits `schema`.

    Args:
        pieces: of the output; closed when the reader closes.
        schema: None checks nothing.

    Yields:
        The pieces, unchanged. The check comes after the last one: a reader that closes earlier is told nothing.

    Raises:
        LLMError: they are not.
    """
    text: list[str] = []
    try:
        for piece in pieces:
            if schema is not None:
                text.append(piece)
            yield piece
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()
    if schema is not None:
        _check("".join(text), schema)


def _check(text: str, schema: Mapping[str, Any]) -> None:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise LLMError(
            f"The model's output is not JSON: it breaks off or goes wrong at character {error.pos} of {len(text)}",
            hint="Allow more tokens, or bound every string and list of the schema.",
        ) from error
    try:
        jsonschema.Draft202012Validator(schema).validate(value)
    except jsonschema.ValidationError as error:
        where = "/".join(map(str, error.absolute_path)) or "the top"
        raise LLMError(
            f"The model's JSON does not fit the schema at {where}: {error.message[:200]}",
            hint="The engine does not know one of the schema's keywords; use plainer ones.",
        ) from error
    except referencing.exceptions.Unresolvable as error:
        raise LLMError(f"The schema for the model's output is wrong: {error}", hint="Mend the schema.") from error
