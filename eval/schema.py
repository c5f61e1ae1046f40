"""A pydantic model to a JSON schema that constrained decoding can finish.

A constrained model that may write for ever is cut by its token limit, and cut JSON is invalid. So every string and every list
gets a bound, references are written out, and flags that a model describes only in words get their two values. Knows JSON Schema;
knows no judge and no engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from eval.protocol import MAX_CHARS, MAX_ITEMS, REASON_CHARS, VERDICT_FIRST

_REASONS = frozenset({"reason", "feedback"})
# ragas declares these as plain integers and says in words which ones it means.
_FLAGS = frozenset({"verdict", "attributed", "noncommittal"})
_RATINGS = MappingProxyType(
    {"ContextRelevanceOutput": (0, 1, 2), "ResponseGroundednessOutput": (0, 1, 2), "AnswerAccuracyOutput": (0, 2, 4)}
)
# Answers that are flags in quotes, one a question.
_WORDS = MappingProxyType({"AnswersGenerated": ("0", "1")})
# Lists that say nothing where they are empty would make a judge invent something, had they to have an item.
_MAY_BE_EMPTY = frozenset({"TP", "FP", "FN"})
_LARGEST = 9  # for other integers: ratings of one digit
_NUMBER_CHARS = 24

Schema = dict[str, Any]


def scale(model: str, name: str) -> tuple[int, ...]:
    """Return the values of a flag or rating, ascending; empty for any other field.

    Args:
        model: name of the response model.
        name: of the field.

    Returns:
        Whole numbers, as ragas means them.
    """
    if name in _FLAGS:
        return (0, 1)
    return _RATINGS.get(model, ()) if name == "rating" else ()


def bounded_schema(model: type[BaseModel], *, items: int | None = None, verdict_first: bool = VERDICT_FIRST) -> Schema:
    """Write a JSON schema for `model` in which everything ends.

    Args:
        model: the pydantic model to fill; recursive models are not supported.
        items: how many items the lists at the top have exactly; None leaves it to the model, 1 to `MAX_ITEMS`.
        verdict_first: whether reasons stand at the end of each object, and are empty; otherwise the order of the fields is the
            model's. Engines write in the order of the schema, and what was filled is the same to pydantic.

    Returns:
        The schema, in which every string and every list has a longest length.

    Raises:
        TypeError: the model uses something that cannot be bounded.
    """
    full = model.model_json_schema()
    return _Bounding(model.__name__, full.get("$defs", {}), verdict_first).bounded(full, "", items, ())


def longest_chars(schema: Mapping[str, Any]) -> int:
    """Return how many characters the longest JSON text has that fits a schema of `bounded_schema`, written without spaces."""
    if "enum" in schema:
        return max(len(str(value)) for value in schema["enum"]) + 2
    if "anyOf" in schema:
        return max(longest_chars(option) for option in schema["anyOf"])
    if schema["type"] == "object":
        return 2 + sum(len(name) + 4 + longest_chars(part) for name, part in schema["properties"].items())
    if schema["type"] == "array":
        return 2 + int(schema["maxItems"]) * (1 + longest_chars(schema["items"]))
    return int(schema["maxLength"]) + 2 if schema["type"] == "string" else _NUMBER_CHARS


class _Bounding:
    """Bounds the parts of one model's schema."""

    def __init__(self, model: str, defs: Mapping[str, Any], verdict_first: bool) -> None:
        self._model = model
        self._defs = defs
        self._verdict_first = verdict_first

    def bounded(self, part: Mapping[str, Any], name: str, items: int | None, seen: tuple[str, ...]) -> Schema:
        if "$ref" in part:
            target = str(part["$ref"]).removeprefix("#/$defs/")
            if target in seen:
                raise TypeError(f"{target} contains itself and cannot be bounded")
            return self.bounded(self._defs[target], name, items, (*seen, target))
        if "enum" in part or "const" in part:
            return {"enum": list(part["enum"]) if "enum" in part else [part["const"]]}
        if "anyOf" in part:
            return {"anyOf": [self.bounded(option, name, items, seen) for option in part["anyOf"]]}
        kind = part.get("type")
        if kind == "object" and part.get("properties"):
            return self._object(part, items, seen)
        if kind == "array" and "items" in part:
            least, most = (items, items) if items is not None else (0 if name in _MAY_BE_EMPTY else 1, MAX_ITEMS)
            # Only the lists at the top have a known length.
            return {"type": "array", "items": self.bounded(part["items"], name, None, seen), "minItems": least, "maxItems": most}
        return self._scalar(part, kind, name)

    def _object(self, part: Mapping[str, Any], items: int | None, seen: tuple[str, ...]) -> Schema:
        names = sorted(part["properties"], key=_REASONS.__contains__) if self._verdict_first else list(part["properties"])
        properties = {name: self.bounded(part["properties"][name], name, items, seen) for name in names}
        return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}

    def _scalar(self, part: Mapping[str, Any], kind: object, name: str) -> Schema:
        if kind == "string":
            if self._model in _WORDS:
                return {"enum": list(_WORDS[self._model])}
            if name in _REASONS and self._verdict_first:
                return {"enum": [""]}
            most = REASON_CHARS if name in _REASONS else MAX_CHARS
            return {"type": "string", "maxLength": min(part.get("maxLength", MAX_CHARS), most)}
        if kind == "integer":
            values = scale(self._model, name)
            if values:
                return {"enum": list(values)}
            return {"type": "integer", "minimum": part.get("minimum", 0), "maximum": part.get("maximum", _LARGEST)}
        if kind in {"boolean", "null", "number"}:
            return {"type": kind}
        raise TypeError(f"{name or 'the model'} is {dict(part)} and cannot be bounded")
