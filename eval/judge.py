"""The judge: one of our language models behind ragas' interface.

Knows ragas' base class and our LLM Protocol; knows no metric. What is asked and answered is recorded, because a ragas result
holds a number and no verdicts; beside each verdict stands its expected value, by the probabilities of the tokens that could have
stood there. A judgement that cannot be made raises; it never becomes a number.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from ragas.llms.base import InstructorBaseRagasLLM

from eval.errors import JudgementError
from eval.form import form
from eval.judgement import Call, Verdict
from eval.protocol import SYSTEM, TASK, VERDICT_FIRST
from eval.schema import Schema, bounded_schema, longest_chars, scale
from rag.errors import RagError
from rag.protocols import LLM
from rag.types import Message

_CHARS_PER_TOKEN = 1.0  # JSON in English has about four, other scripts may have one; the schema ends everything before that
_LEAST_TOKENS = 64
_FLAG = re.compile(r'(?<!\\)"(\w+)":\s*(?=(\d+)\b)')
_UNSURE = 0.05  # two ways of reading the same token may differ by this much, no more

Model = TypeVar("Model", bound=BaseModel)


class LocalJudge(InstructorBaseRagasLLM):  # type: ignore[misc]  # ragas' types are not checked here
    """Greedy, constrained to the JSON schema of what ragas wants back. Not for several threads: it keeps one record.

    Attributes:
        is_async: which of the two methods ragas should call; both do the same work.
        unweighted: why the last verdict has no expected value; empty where all have one, or the engine only disagrees with itself.

    Args:
        llm: the model that judges; where it gives probabilities, a verdict gets an expected value.
        verdict_first: whether it has to give a verdict before the reason for it.
    """

    is_async = True

    def __init__(self, llm: LLM, *, verdict_first: bool = VERDICT_FIRST) -> None:
        self._llm = llm
        self._verdict_first = verdict_first
        self._calls: list[Call] = []
        self._items: int | None = None
        self._statements: Sequence[str] = ()
        self.unweighted = ""

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
    def items(self, count: int, statements: Sequence[str] = ()) -> Iterator[None]:
        """Have the next answers list exactly `count` items, at least 1: a verdict for each statement, none left out or invented.

        Args:
            count: of the items.
            statements: the `count` ones to judge, where the prompt leaves it to the judge to find them.
        """
        before, self._items, self._statements = (self._items, self._statements), count, statements
        try:
            yield
        finally:
            self._items, self._statements = before

    def generate(self, prompt: str, response_model: type[Model]) -> Model:
        """Have the model fill a form.

        Args:
            prompt: of ragas; what it says of any question goes to the model as a rule, the rest as the user's turn.
            response_model: what is to be filled.

        Returns:
            The filled form, valid; the call is recorded, also where it fails.

        Raises:
            JudgementError: what the model wrote is not that.
            LLMError: the engine failed, or the prompt is too long.
        """
        start = time.perf_counter()
        messages = _messages(prompt)
        pieces: list[str] = []
        verdicts: list[Verdict] = []
        error = ""
        try:
            schema = bounded_schema(response_model, items=self._items, verdict_first=self._verdict_first)
            if blank := self._blank(schema, prompt, response_model.__name__):
                self._fill(messages, blank, response_model.__name__, pieces, verdicts)
                return self._parsed("".join(pieces), response_model)
            self._write(messages, schema, pieces)
            reply = self._parsed("".join(pieces), response_model)
            verdicts = self._weighted(messages, "".join(pieces), response_model.__name__)
            return reply
        except RagError as failure:
            error = str(failure)
            raise
        finally:
            seconds = round(time.perf_counter() - start, 3)
            self._calls.append(Call(response_model.__name__, prompt, "".join(pieces), seconds, error, tuple(verdicts)))

    async def agenerate(self, prompt: str, response_model: type[Model]) -> Model:
        """Do the same as `generate`: there is one engine, and waiting for it is all there is to do."""
        return self.generate(prompt, response_model)

    def _write(self, messages: list[Message], schema: Schema, pieces: list[str]) -> None:
        prompt_tokens = self._llm.count_prompt(messages)
        room = self._llm.context_tokens - prompt_tokens
        if room < _LEAST_TOKENS:
            raise JudgementError(
                f"The judge's prompt has {prompt_tokens} tokens and its context {self._llm.context_tokens}",
                hint="Raise context_tokens or lower max_context_tokens.",
            )
        wanted = max(_LEAST_TOKENS, int(longest_chars(schema) / _CHARS_PER_TOKEN))
        pieces.extend(self._llm.stream(messages, max_tokens=min(room, wanted), schema=schema))

    def _blank(self, schema: Schema, prompt: str, model: str) -> str:
        """The reply where only verdicts are open and the engine goes on with words that are put into its mouth; else nothing."""
        if not self._verdict_first or not getattr(self._llm, "continues", False):
            return ""
        blank = form(schema, prompt, self._statements)
        return blank if all(scale(model, found[1]) for found in _FLAG.finditer(blank)) else ""

    def _fill(self, messages: list[Message], blank: str, model: str, pieces: list[str], verdicts: list[Verdict]) -> None:
        """Choose each verdict of a form by its probability, those before it being chosen; both lists are added to."""
        done = 0
        for found in _FLAG.finditer(blank):
            pieces.append(blank[done : found.end()])
            values = scale(model, found[1])
            said: Message = {"role": "assistant", "content": "".join(pieces)}
            shares = self._llm.probabilities([*messages, said], [str(each) for each in values])
            value = values[shares.index(max(shares))]
            verdicts.append(Verdict(found[1], value, sum(share * each for share, each in zip(shares, values, strict=True))))
            pieces.append(str(value))
            done = found.end(2)
        pieces.append(blank[done:])

    def _parsed(self, text: str, response_model: type[Model]) -> Model:
        try:
            reply = response_model.model_validate(json.loads(text))
        except json.JSONDecodeError as error:
            raise JudgementError(f"The judge's reply is not JSON: {error.msg} at character {error.pos} of {len(text)}") from error
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(step) for step in first["loc"])
            raise JudgementError(f"The judge's JSON is not a {response_model.__name__}: {place}: {first['msg']}") from error
        for given in (value for _, value in reply if isinstance(value, list)):
            if self._items is not None and len(given) != self._items:
                raise JudgementError(f"The judge gave {len(given)} verdicts on {self._items} statements")
        return reply

    def _weighted(self, messages: list[Message], reply: str, model: str) -> list[Verdict]:
        """Return the verdicts of a reply, each with its expected value: the reply up to it is given back as the judge's own words.

        Not every engine goes on with words that are put into its mouth. One that does has the verdict that it wrote as the most
        likely one, for it is greedy; where that is not so, nothing is expected.
        """
        verdicts = []
        for found in _FLAG.finditer(reply):
            field, value = found[1], int(found[2])
            values = scale(model, field)
            if value not in values:
                continue
            said: Message = {"role": "assistant", "content": reply[: found.end()]}
            try:
                shares = self._llm.probabilities([*messages, said], [str(each) for each in values])
            except RagError as error:
                self.unweighted = str(error)
                shares = ()
            agrees = bool(shares) and shares[values.index(value)] >= max(shares) - _UNSURE
            expected = sum(share * each for share, each in zip(shares, values, strict=True)) if agrees else None
            verdicts.append(Verdict(field, value, expected))
        return verdicts


def _messages(prompt: str) -> list[Message]:
    """Say a prompt in two turns, cut where it comes to what is to be judged; a prompt of another kind is the user's.

    What is judged stands in the prompt as JSON, whose strings have no line breaks, so no note can move the cut.
    """
    rules, cut, task = prompt.partition(TASK)
    if not cut:
        return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}]
    return [{"role": "system", "content": f"{SYSTEM}\n\n{rules}"}, {"role": "user", "content": f"{cut.strip()}\n{task}"}]
