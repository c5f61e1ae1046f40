"""A server that speaks OpenAI's chat completions: vLLM, llama-server, Ollama, ...

Knows HTTP and where such servers differ. Sends to the one address that it was given, and follows no redirect; an address on this
machine is never reached through a proxy.

Weaker than the engines in this process: the server makes the prompt, so text that looks like a special token has to be broken
(`neutral`); the server may sample in its own way, so answers repeat only as far as it lets them; probabilities are read from the 20
most likely tokens (`choices`); and where the server does not count tokens they are estimated (`exact_counts`).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ipaddress
import itertools
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import httpx

from rag.errors import ConfigError, LLMError
from rag.llm.budget import check_room
from rag.llm.choices import choice_probabilities
from rag.llm.estimate import estimate_tokens
from rag.llm.json_output import check_schema, checked
from rag.llm.neutral import neutralise, restore
from rag.llm.pump import Outlet, pump
from rag.llm.sse import Completion, nonsense, server_error, top_logprobs
from rag.types import Message

_LOG = logging.getLogger(__name__)
_CONNECT_S = 10.0
_NO_SUCH_THING = frozenset({400, 404, 405, 422, 501})
_BROKE_OFF = "The server broke off in the middle of its answer"
_LOOK = "Try again; look at the server's log if it stays."
_TURN_TOKENS = 8
"""What a chat template adds to a message, where the server does not say."""


class OpenAICompatible:
    """An `LLM`.

    Args:
        base_url: the server's root, or its root and `/v1`.
        model: name to ask for; empty for the first one that the server has.
        api_key: sent as a bearer token; empty for none.
        timeout_s: longest wait for the server's next piece.
        context_tokens: prompt and answer together, as the server has them.

    Raises:
        ConfigError: the address is not one.
    """

    def __init__(self, base_url: str, model: str, *, api_key: str, timeout_s: float, context_tokens: int) -> None:
        url = _address(base_url)
        self._root = base_url.rstrip("/").removesuffix("/v1")
        self._model = model
        self._context_tokens = context_tokens
        self._options: dict[str, Any] = {
            "timeout": httpx.Timeout(timeout_s, connect=min(timeout_s, _CONNECT_S)),
            "headers": {"Authorization": f"Bearer {api_key}"} if api_key else {},
            "trust_env": not _is_loopback(url.host),
            "verify": url.scheme == "https",
            "follow_redirects": False,
        }
        self._client = httpx.Client(**self._options)
        self._closing = threading.Event()
        self._running: set[Callable[[], None]] = set()
        self._guard = threading.Lock()
        self._counts = True

    @functools.cached_property
    def name(self) -> str:
        """The model as the server calls it; which weights that is, only the server knows."""
        return f"{self._model or self._first_model} at {self._root}"

    @property
    def context_tokens(self) -> int:
        """How many tokens prompt and answer may have together."""
        return self._context_tokens

    @property
    def exact_counts(self) -> bool:
        """Whether the server counts tokens, as far as is known: false once it was asked and did not."""
        return self._counts

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, stop: Sequence[str] = (), schema: Mapping[str, Any] | None = None
    ) -> Iterator[str]:
        """Have the server write the answer, greedily decoded.

        Args:
            messages: the conversation; the model writes the next turn.
            max_tokens: after which the answer is cut off.
            stop: strings that end the answer; they are not part of it.
            schema: JSON Schema that the whole output fits; None is free text.

        Returns:
            The pieces of the answer; an empty one every tenth of a second while there is no text. Closing it ends the request.

        Raises:
            PromptTooLongError: prompt and `max_tokens` do not fit, counted here or by the server.
            LLMError: the server cannot be reached, refuses, answers nonsense, or breaks off; or the answer does not fit `schema`.
        """
        check_schema(schema)
        check_room(self.count_prompt(messages), max_tokens, self._context_tokens)
        request = self._chat(messages, max_tokens) | {"stream": True}
        if stop:
            request["stop"] = list(stop)
        if schema is not None:
            request["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": schema},
            }

        def work(outlet: Outlet) -> None:
            asyncio.run(self._receive(request, outlet))

        return checked(pump(work, name="openai"), schema)

    def probabilities(self, messages: Sequence[Message], choices: Sequence[str]) -> tuple[float, ...]:
        """Weigh choices as the assistant's next words.

        A choice that is not among the server's 20 most likely first tokens has at most the probability returned.

        Args:
            messages: the conversation up to there.
            choices: at least one; none begins with another.

        Returns:
            The probability of each choice among the choices, in order; they sum to 1.

        Raises:
            PromptTooLongError: the prompt does not fit.
            LLMError: the server fails or gives no probabilities, or none of the choices is likely.
            ValueError: no choice, or two with the same beginning.
        """
        if not choices or any(a.startswith(b) for a, b in itertools.permutations(choices, 2)):
            raise ValueError(f"no choice may begin with another: {list(choices)}")
        check_room(self.count_prompt(messages), 1, self._context_tokens)
        request = self._chat(messages, 1) | {"logprobs": True, "top_logprobs": 20}
        return choice_probabilities(top_logprobs(self._request("POST", "/v1/chat/completions", request)), choices)

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of `text` as it is sent; estimated where the server does not count."""
        tokens = self._ask_tokens({"content": neutralise(text), "prompt": neutralise(text)})
        return estimate_tokens(text) if tokens is None else tokens

    def count_prompt(self, messages: Sequence[Message]) -> int:
        """Return the number of tokens of the whole prompt; estimated where the server does not count."""
        sent = _neutral(messages)
        tokens = self._ask_tokens({"messages": sent, "add_generation_prompt": True})  # vLLM
        if tokens:
            return tokens
        if tokens is not None:  # llama-server found no text in that
            with contextlib.suppress(LLMError):
                prompt = self._request("POST", "/apply-template", {"messages": sent})["prompt"]
                return self._ask_tokens({"content": prompt, "parse_special": True, "add_special": True}) or 0
        return sum(self.count_tokens(message["content"]) + _TURN_TOKENS for message in sent) + _TURN_TOKENS

    def close(self) -> None:
        """End the connections. Calling it twice is fine."""
        self._closing.set()
        with self._guard:
            running = list(self._running)
        for cancel in running:
            cancel()
        self._client.close()

    @functools.cached_property
    def _first_model(self) -> str:
        try:
            return str(self._request("GET", "/v1/models", None)["data"][0]["id"])
        except (KeyError, IndexError, TypeError) as error:
            raise LLMError("The server names no model", hint="Set llm_model to the model's name.") from error

    def _chat(self, messages: Sequence[Message], max_tokens: int) -> dict[str, Any]:
        return {
            "model": self._model or self._first_model,
            "messages": _neutral(messages),
            "max_tokens": max_tokens,
            "temperature": 0,
        }

    def _ask_tokens(self, request: Mapping[str, Any]) -> int | None:
        """The number of tokens, or None if the server does not count."""
        if not self._counts:
            return None
        # llama-server and vLLM call things by different names, and overlook what they do not know.
        flags = {"add_special": False, "parse_special": False, "add_special_tokens": False}
        body = {"model": self._model or self._first_model} | flags | dict(request)
        response = self._send("POST", "/tokenize", body)
        if response.status_code == 200:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                return len(response.json()["tokens"])
        elif response.status_code not in _NO_SUCH_THING:
            raise server_error(response.status_code, response.text)
        self._counts = False
        _LOG.warning("The server at %s does not count tokens: they are estimated", self._root)
        return None

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        response = self._send(method, path, body)
        if response.status_code != 200:
            raise server_error(response.status_code, response.text)
        try:
            answer = response.json()
        except ValueError as error:
            raise nonsense(response.text) from error
        if not isinstance(answer, dict):
            raise nonsense(response.text)
        return answer

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> httpx.Response:
        if self._closing.is_set():
            raise _closed()
        try:
            return self._client.request(method, self._root + path, json=body)
        except (httpx.HTTPError, RuntimeError) as error:
            raise self._failure(error) from error

    async def _receive(self, request: Mapping[str, Any], outlet: Outlet) -> None:
        """Read the stream into the outlet; ends at once when the outlet or this adapter is closed."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101 - for the type checker

        def cancel() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(task.cancel)

        with self._guard:
            self._running.add(cancel)
        try:
            if self._closing.is_set():
                raise _closed()
            outlet.on_close(cancel)
            await self._read(request, outlet)
        except asyncio.CancelledError:
            if self._closing.is_set() and not outlet.closed:
                raise _closed() from None
        except httpx.HTTPError as error:
            raise self._failure(error) from error
        finally:
            with self._guard:
                self._running.discard(cancel)

    async def _read(self, request: Mapping[str, Any], outlet: Outlet) -> None:
        async with (
            httpx.AsyncClient(**self._options) as client,
            client.stream("POST", f"{self._root}/v1/chat/completions", json=request) as response,
        ):
            if response.status_code != 200:
                raise server_error(response.status_code, (await response.aread()).decode("utf-8", "replace"))
            if "text/event-stream" not in response.headers.get("content-type", ""):
                raise nonsense((await response.aread()).decode("utf-8", "replace"))
            completion = Completion()
            async for line in response.aiter_lines():
                outlet.put(restore(completion.feed(line)))
        if not completion.done:
            raise LLMError(_BROKE_OFF, hint=_LOOK)

    def _failure(self, error: Exception) -> LLMError:
        if self._closing.is_set():
            return _closed()
        if isinstance(error, httpx.TimeoutException):
            return LLMError(f"The server at {self._root} takes too long to answer", hint="Raise llm_timeout_s, or ask for less.")
        if isinstance(error, httpx.ReadError | httpx.RemoteProtocolError):
            return LLMError(_BROKE_OFF, hint=_LOOK)
        reason = str(error) or type(error).__name__
        return LLMError(f"The server at {self._root} cannot be reached: {reason}", hint="Start it, or check the address in llm.")


def _address(base_url: str) -> httpx.URL:
    with contextlib.suppress(httpx.InvalidURL):
        url = httpx.URL(base_url)
        if url.scheme in {"http", "https"} and url.host:
            return url
    raise ConfigError(f"{base_url!r} is not the address of a server", hint="Write openai:http://127.0.0.1:8080/v1, say.")


def _neutral(messages: Sequence[Message]) -> list[Message]:
    return [{"role": message["role"], "content": neutralise(message["content"])} for message in messages]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _closed() -> LLMError:
    return LLMError("The language model is closed", hint="Load it again.")
