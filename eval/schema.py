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

MAX_ITEMS = 16
MAX_CHARS = 300
_CHARS = MappingProxyType({"reason": 160, "feedback": 160})
# ragas declares these as plain integers and says in words that they are 0 or 1.
_FLAGS = frozenset({"verdict", "attributed", "noncommittal"})
_LARGEST = 9  # for other integers: ratings of one digit
_NUMBER_CHARS = 24

Schema = dict[str, Any]


def bounded_schema(model: type[BaseModel], *, items: int | None = None) -> Schema:
    """Return a JSON schema for `model` in which everything ends.

    Args:
        model: the pydantic model to fill; recursive models are not supported.
        items: how many items the lists at the top have exactly; None leaves it to the model, 1 to `MAX_ITEMS`.

    Raises:
        TypeError: the model uses something that cannot be bounded.
    """
    full = model.model_json_schema()
    return _bounded(full, full.get("$defs", {}), "", items, ())


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


def _bounded(part: Mapping[str, Any], defs: Mapping[str, Any], name: str, items: int | None, seen: tuple[str, ...]) -> Schema:
    if "$ref" in part:
        target = str(part["$ref"]).removeprefix("#/$defs/")
        if target in seen:
            raise TypeError(f"{target} contains itself and cannot be bounded")
        return _bounded(defs[target], defs, name, items, (*seen, target))
    if "enum" in part or "const" in part:
        return {"enum": list(part["enum"]) if "enum" in part else [part["const"]]}
    if "anyOf" in part:
        return {"anyOf": [_bounded(option, defs, name, items, seen) for option in part["anyOf"]]}
    kind = part.get("type")
    if kind == "object" and part.get("properties"):
        return _object(part, defs, items, seen)
    if kind == "array" and "items" in part:
        least, most = (items, items) if items is not None else (1, MAX_ITEMS)
        # Only the lists at the top have a known length.
        return {"type": "array", "items": _bounded(part["items"], defs, name, None, seen), "minItems": least, "maxItems": most}
    return _scalar(part, kind, name)


def _object(part: Mapping[str, Any], defs: Mapping[str, Any], items: int | None, seen: tuple[str, ...]) -> Schema:
    properties = {key: _bounded(value, defs, key, items, seen) for key, value in part["properties"].items()}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _scalar(part: Mapping[str, Any], kind: object, name: str) -> Schema:
    if kind == "string":
        return {"type": "string", "maxLength": min(part.get("maxLength", MAX_CHARS), _CHARS.get(name, MAX_CHARS))}
    if kind == "integer":
        if name in _FLAGS:
            return {"enum": [0, 1]}
        return {"type": "integer", "minimum": part.get("minimum", 0), "maximum": part.get("maximum", _LARGEST)}
    if kind in {"boolean", "null", "number"}:
        return {"type": kind}
    raise TypeError(f"{name or 'the model'} is {dict(part)} and cannot be bounded")
