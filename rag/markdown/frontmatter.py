"""Front matter: YAML, TOML or JSON at the top of a page.

Finds it, reads it, makes JSON values of it. Does not know what its fields mean; see `metadata.py`.
"""

from __future__ import annotations

import datetime
import json
import math
import re
import tomllib
from typing import Any, NamedTuple

import yaml

_TOP = re.compile(r"\ufeff?(?:[ \t]*\n)*")
_YAML = re.compile(r"---[ \t]*\n(?:(?P<body>.*?)\n)??(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TOML = re.compile(r"\+\+\+[ \t]*\n(?:(?P<body>.*?)\n)??\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL)
_KEY = re.compile(r"""\s*(?:#[^\n]*\n\s*)*(?:[\w.-][\w .-]*|"[^"\n]+"|'[^'\n]+')[ \t]*:(?:\s|\Z)""")
_PARAGRAPH = re.compile(r"\n[ \t]*\n[^\W\d_][^\n:]*(?:\n|\Z)")
_FIELD = re.compile(r"^(?=[\w\"'][^\n:]{0,100}:(?:[ \t]|$))", re.MULTILINE)
_PAIR = re.compile(r"([A-Za-z_][\w-]*):[ \t]+(\S.*?)[ \t]*$", re.MULTILINE)
_LIMIT_CHARS = 200_000
_LIMIT_VALUES = 20_000
_LIMIT_FIELDS = 500
_LIMIT_BITS = 4096  # Python writes no number with many more digits in decimal
_NESTING = 500
_TOO_MUCH = "front matter is too large or too deep"
_OPENERS = "[{-?:"
"""What lists and mappings of YAML begin with; a text with few of them is not nested deep."""

_DEPTH = 40


def _loader() -> Any:  # noqa: ANN401  # a class of one of two
    """A safe loader, the C one where there is one: it is ten times faster. Dates that do not exist, and times, stay text."""
    loader: Any = type("Loader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})

    def as_written(tag: str) -> Any:  # noqa: ANN401
        made = loader.yaml_constructors[tag]

        def construct(self: Any, node: Any) -> object:  # noqa: ANN401
            try:
                return node.value if re.fullmatch(r"[\d.:]+", node.value) and ":" in node.value else made(self, node)
            except ValueError:
                return node.value

        return construct

    for name in ("timestamp", "int", "float"):
        loader.add_constructor(f"tag:yaml.org,2002:{name}", as_written(f"tag:yaml.org,2002:{name}"))
    return loader


_YAML_LOADER = _loader()
_YAML_ERRORS = (yaml.YAMLError, ValueError, TypeError, LookupError, RecursionError, OverflowError, AttributeError)


class FrontMatter(NamedTuple):
    """What was found.

    Attributes:
        end: where it ends in the source; 0 where there is none.
        fields: JSON values by name.
        error: why it could not be read; empty where it could.
    """

    end: int
    fields: dict[str, Any]
    error: str


_NONE = FrontMatter(0, {}, "")


def read(text: str) -> FrontMatter:
    """Front matter of a levelled text. A leading `---` rule, or a mapping in prose, is not front matter."""
    start = _TOP.match(text).end()  # type: ignore[union-attr]  # the pattern matches the empty text
    head = text[start : start + 3]
    if head == "---":
        return _read_yaml(text, start)
    if head == "+++":
        return _read_toml(text, start)
    if head[:1] == "{":
        return _read_json(text, start)
    return _NONE


def _read_yaml(text: str, start: int) -> FrontMatter:
    match = _YAML.match(text, start, min(len(text), start + _LIMIT_CHARS))
    if not match:
        return _NONE
    body = match["body"] or ""
    if not body.strip():
        return FrontMatter(match.end(), {}, "")
    try:
        loaded = _load(body)
        if isinstance(loaded, dict):
            return FrontMatter(match.end(), _Normaliser().mapping(loaded), "")
    except _YAML_ERRORS as error:
        if _KEY.match(body) and not _PARAGRAPH.search(body):  # prose between two rules is not YAML that went wrong
            return FrontMatter(match.end(), _salvage(body), _first_line(error))
    return _NONE


def _load(body: str) -> object:
    """YAML as Python values; nesting on which the C loader would crash the process is refused."""
    if sum(map(body.count, _OPENERS)) > _NESTING and _is_deep(body):
        raise ValueError(_TOO_MUCH)
    return yaml.load(body, _YAML_LOADER)  # noqa: S506  # made from a safe loader


def _is_deep(body: str) -> bool:
    """Whether lists and mappings are nested too deep, as the parser sees them, which does not recurse."""
    depth = 0
    for event in yaml.parse(body, _YAML_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _NESTING:
            return True
    return False


def _read_toml(text: str, start: int) -> FrontMatter:
    match = _TOML.match(text, start, min(len(text), start + _LIMIT_CHARS))
    if not match:
        return _NONE
    try:
        return FrontMatter(match.end(), _Normaliser().mapping(tomllib.loads(match["body"] or "")), "")
    except (ValueError, RecursionError) as error:
        return FrontMatter(match.end(), {}, _first_line(error)) if "=" in match["body"] else _NONE


def _read_json(text: str, start: int) -> FrontMatter:
    try:
        loaded, end = json.JSONDecoder().raw_decode(text[start : start + _LIMIT_CHARS])
        rest = text.find("\n", start + end)
        rest = len(text) if rest < 0 else rest
        if isinstance(loaded, dict) and loaded and not text[start + end : rest].strip():
            return FrontMatter(start + end, _Normaliser().mapping(loaded), "")
    except (ValueError, RecursionError):
        pass  # a page may begin with a brace
    return _NONE


def _salvage(body: str) -> dict[str, Any]:
    """The fields of YAML that does not parse, each by itself: most often only one is wrong, and that is taken as it is written."""
    found: dict[str, Any] = {}
    normaliser = _Normaliser()
    for field in _FIELD.split(body)[:_LIMIT_FIELDS]:
        try:
            loaded = _load(field)
            found.update(normaliser.mapping(loaded) if isinstance(loaded, dict) else {})
        except _YAML_ERRORS:
            if match := _PAIR.match(field):
                found[match[1]] = match[2].strip("\"'")
    return found


def _first_line(error: Exception) -> str:
    problem = getattr(error, "problem", None) or str(error) or type(error).__name__
    return str(problem).splitlines()[0][:200]


class _Normaliser:
    """Makes JSON values; bounded, because YAML's anchors can make a small text huge."""

    def __init__(self) -> None:
        self._left = _LIMIT_VALUES

    def mapping(self, loaded: dict[Any, Any]) -> dict[str, Any]:
        return {str(self.value(key, 0)): self.value(item, 1) for key, item in loaded.items()}

    def value(self, loaded: Any, depth: int) -> Any:  # noqa: ANN401  # whatever YAML holds
        self._left -= 1
        if self._left < 0 or depth > _DEPTH:
            raise ValueError(_TOO_MUCH)
        match loaded:
            case int() if loaded.bit_length() > _LIMIT_BITS:
                return hex(loaded)
            case None | bool() | int() | str():
                return loaded
            case float():
                return loaded if math.isfinite(loaded) else str(loaded)
            case datetime.datetime() | datetime.date() | datetime.time():
                return loaded.isoformat()
            case dict():
                return {str(self.value(key, depth + 1)): self.value(item, depth + 1) for key, item in loaded.items()}
            case set():
                return sorted((self.value(item, depth + 1) for item in loaded), key=str)  # a set has another order in each run
            case list() | tuple():
                return [self.value(item, depth + 1) for item in loaded]
            case _:
                return str(loaded)
