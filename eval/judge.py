"""The judge: one of our language models behind ragas' interface.

Knows ragas' base class and our LLM Protocol; knows no metric. What is asked and answered is recorded, because a ragas result
holds a number and no verdicts. A judgement that cannot be made raises; it never becomes a number.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from ragas.llms.base import InstructorBaseRagasLLM

from eval.errors import JudgementError
from eval.judgement import Call
from eval.schema import Schema, bounded_schema, longest_chars
from rag.errors import RagError
from rag.protocols import LLM
from rag.types import Message

SYSTEM = "You are a careful judge. Follow the instructions, judge only what is given, and reply with the JSON alone."

_CHARS_PER_TOKEN = 2.0  # JSON in English has about four; half of that leaves room for names, numbers and other languages
_LEAST_TOKENS = 64

Model = TypeVar("Model", bound=BaseModel)


class LocalJudge(InstructorBaseRagasLLM):  # type: ignore[misc]  # ragas' types are not checked here
    """Greedy, constrained to the JSON schema of what ragas wants back. Not for several threads: it keeps one record.

    Attributes:
        is_async: which of the two methods ragas should call; both do the same work.
    """

    is_async = True

    def __init__(self, llm: LLM) -> None:
        self._llm = llm
        self._calls: list[Call] = []
        self._items: int | None = None

    @property
    def name(self) -> str:
        """What a report calls the judge."""
        return self._llm.name

    @contextmanager
    def recording(self) -> Iterator[list[Call]]:
        """Collect the calls of one judgement in the list that is returned."""
        calls: list[Call] = []
        self._calls = calls
        try:
            yield calls
        finally:
            self._calls = []

    @contextmanager
    def items(self, count: int) -> Iterator[None]:
        """Have the next answers list exactly `count` items, at least 1: a verdict for each statement, none left out or invented."""
        before, self._items = self._items, count
        try:
            yield
        finally:
            self._items = before

    def generate(self, prompt: str, response_model: type[Model]) -> Model:
        """Answer a prompt with a filled `response_model`.

        Raises:
            JudgementError: what the model wrote is not that.
            LLMError: the engine failed, or the prompt is too long.
        """
        start = time.perf_counter()
        pieces: list[str] = []
        error = ""
        try:
            self._write(prompt, bounded_schema(response_model, items=self._items), pieces)
            return _parsed("".join(pieces), response_model)
        except RagError as failure:
            error = str(failure)
            raise
        finally:
            seconds = round(time.perf_counter() - start, 3)
            self._calls.append(Call(response_model.__name__, prompt, "".join(pieces), seconds, error))

    async def agenerate(self, prompt: str, response_model: type[Model]) -> Model:
        """Do the same as `generate`: there is one engine, and waiting for it is all there is to do."""
        return self.generate(prompt, response_model)

    def _write(self, prompt: str, schema: Schema, pieces: list[str]) -> None:
        messages: list[Message] = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}]
        prompt_tokens = self._llm.count_prompt(messages)
        room = self._llm.context_tokens - prompt_tokens
        if room < _LEAST_TOKENS:
            raise JudgementError(
                f"The judge's prompt has {prompt_tokens} tokens and its context {self._llm.context_tokens}",
                hint="Raise context_tokens or lower max_context_tokens.",
            )
        wanted = max(_LEAST_TOKENS, int(longest_chars(schema) / _CHARS_PER_TOKEN))
        pieces.extend(self._llm.stream(messages, max_tokens=min(room, wanted), schema=schema))


def _parsed(text: str, response_model: type[Model]) -> Model:
    try:
        return response_model.model_validate(json.loads(text))
    except json.JSONDecodeError as error:
        raise JudgementError(f"The judge's reply is not JSON: {error.msg} at character {error.pos} of {len(text)}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise JudgementError(f"The judge's JSON is not a {response_model.__name__}: {place}: {first['msg']}") from error
