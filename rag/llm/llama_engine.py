"""llama.cpp in this process: tokens in, events out.

The only module that speaks to `xllamacpp`, which `llama_library` finds. It knows no conversation: `llama_cpp` makes tokens of one.

The library computes in process, but tokenises and renders templates only for HTTP clients. Its HTTP server listens on a socket
file in a folder that only this user can enter, so no port is opened; where there are no socket files (Windows) on a loopback
port. In both cases without its web page and with a key that nobody else has.
"""

from __future__ import annotations

import json
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from rag.errors import LLMError, ModelError, PromptTooLongError
from rag.llm.llama_library import check_file, import_library, is_from
from rag.llm.prefixes import Prefixes
from rag.types import Message

BATCH_TOKENS = 64
"""How many tokens of a prompt are read at once: between two batches the engine can be stopped, and whole batches can be kept."""

_TURN_S = 0.1
_REQUEST_S = 30.0

Event = Mapping[str, Any]


class LlamaEngine:
    """One set of weights, loaded. Safe to call from several threads; completions take turns.

    Args:
        path: a GGUF file.
        context_tokens: prompt and answer together.
        threads: to compute with.
        slots: how many prompts it remembers, to read only what is new in the next one.
        library: folder of the library built for this processor; None: the one that is installed.

    Raises:
        ModelError: the file is missing or damaged, or the library is not there.
    """

    def __init__(self, path: Path, *, context_tokens: int, threads: int, slots: int, library: Path | None = None) -> None:
        check_file(path)
        vendor = import_library(library)
        self.native = library is not None and is_from(vendor, library)
        self._state = _load(vendor, path, context_tokens=context_tokens, threads=threads, slots=slots)
        # A process that ends while the library computes would crash.
        self._finish = weakref.finalize(self, self._state.close)
        self._prefixes = Prefixes(slots, BATCH_TOKENS)
        # A model that was trained on less does worse, not better, with more.
        meta = self._request("GET", "/v1/models")["data"][0]["meta"]
        self.context_tokens = min(context_tokens, int(meta["n_ctx_train"]))

    def tokenize(self, text: str, *, special: bool = False, start: bool = False) -> list[int]:
        """Split a text as the model does.

        Args:
            text: anything; half a surrogate pair counts as `?`.
            special: whether special tokens written out are special, or text.
            start: whether it is the start of a prompt, where some models want a token of their own.

        Returns:
            The tokens by number; none for an empty text, unless `start` adds one.
        """
        content = text.encode("utf-8", "replace").decode("utf-8")
        answer = self._request("POST", "/tokenize", content=content, parse_special=special, add_special=start)
        tokens: list[int] = answer["tokens"]
        return tokens

    def render(self, messages: Sequence[Message]) -> str:
        """Return the conversation in the model's chat template, up to where the assistant begins."""
        # Models that think aloud first would spend the whole answer on it.
        answer = self._request("POST", "/apply-template", messages=list(messages), chat_template_kwargs={"enable_thinking": False})
        return str(answer["prompt"])

    def complete(
        self,
        prompt: Sequence[int],
        options: Mapping[str, Any],
        on_event: Callable[[Event], None],
        stopped: Callable[[], bool],
        cuts: Sequence[int] = (),
    ) -> None:
        """Read the prompt and decode; returns when all is done or `stopped`.

        Args:
            prompt: tokens, at least one.
            options: of the library's completion request.
            on_event: called with each event, from this thread.
            stopped: asked before the first batch, after each batch and after each token.
            cuts: where other prompts are likely to go on differently, ascending, each less than the prompt is long.

        Raises:
            LLMError: the engine failed, or is closed.
        """
        state = self._state
        while not state.turn.acquire(timeout=_TURN_S):
            if stopped():
                return
        try:
            self._complete(list(prompt), cuts, options, on_event, stopped)
        finally:
            state.turn.release()

    def close(self) -> None:
        """Stop what runs and free the weights. Calling it twice is fine."""
        self._finish()

    def _complete(
        self,
        prompt: list[int],
        cuts: Sequence[int],
        options: Mapping[str, Any],
        on_event: Callable[[Event], None],
        stopped: Callable[[], bool],
    ) -> None:
        slot, kept = self._prefixes.choose(prompt, cuts)
        read = 0

        def watch(event: Event) -> bool:
            nonlocal read
            progress = event.get("prompt_progress")
            if progress:
                read = int(progress["processed"])
            return stopped()

        def see(event: Event) -> bool:
            on_event(event)
            return watch(event)

        request = {"stream": True, "return_progress": True, "id_slot": slot}
        try:
            if kept and self._prefixes.goes_on(slot, prompt, kept):
                # The library takes over as much as it can. Another token right behind the part to keep makes it forget the rest.
                other = 1 if prompt[kept] == 0 else 0
                self._call({"prompt": [*prompt[:kept], other], "max_tokens": 0, "id_slot": slot}, lambda _: stopped())
            read = kept
            for cut in cuts:
                if cut > read == kept and not stopped():
                    self._call({**request, "prompt": prompt[:cut], "max_tokens": 0, "cache_prompt": kept > 0}, watch)
                    kept = cut if read == cut else kept
            if not stopped():
                self._call({"temperature": 0.0, **options, **request, "prompt": prompt, "cache_prompt": kept > 0}, see)
        except BaseException:
            read = 0
            raise
        finally:
            self._prefixes.remember(slot, prompt[:read], cuts)

    def _call(self, request: Mapping[str, Any], on_event: Callable[[Event], bool]) -> None:
        state = self._state
        failure: list[BaseException] = []

        def receive(text: str) -> bool:
            # The library swallows what a callback raises.
            try:
                event = json.loads(text)
                if "error" in event:
                    raise _error(event["error"])
                return on_event(event) or state.closing.is_set()
            except BaseException as error:  # noqa: BLE001 - raised again below
                failure.append(error)
                return True

        if state.server is None or state.closing.is_set():
            raise _closed()
        try:
            state.server.handle_completions(json.dumps(request), receive)
        except (RuntimeError, ValueError) as error:
            raise LLMError(f"llama.cpp failed: {error}", hint="Try again; restart if it stays.") from error
        if failure:
            raise failure[0]
        if state.closing.is_set():
            raise _closed()

    def _request(self, method: str, path: str, **body: object) -> dict[str, Any]:
        if self._state.closing.is_set():
            raise _closed()
        try:
            answer: dict[str, Any] = self._state.client.request(method, path, json=body or None).json()
        except (httpx.HTTPError, RuntimeError, ValueError) as error:
            if self._state.closing.is_set():
                raise _closed() from error
            raise LLMError(f"llama.cpp does not answer: {error}", hint="Try again; restart if it stays.") from error
        if "error" in answer:
            raise _error(answer["error"])
        return answer


class _State:
    """What has to be freed; apart from the engine so that it can be freed after it."""

    def __init__(self, server: Any, client: httpx.Client, folder: Path) -> None:  # noqa: ANN401 - the vendor has no types
        self.server: Any = server
        self.client = client
        self.folder = folder
        self.turn = threading.Lock()
        self.closing = threading.Event()

    def close(self) -> None:
        self.closing.set()
        with self.turn:  # whoever computes sees `closing` at the next batch or token
            self.server = None  # waits for the library's own threads
        self.client.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _load(vendor: Any, path: Path, *, context_tokens: int, threads: int, slots: int) -> _State:  # noqa: ANN401 - no types
    # Short on purpose: a socket's path may have about 100 characters.
    folder = Path(tempfile.mkdtemp(prefix="rag-"))
    address = folder / "llm.sock" if hasattr(socket, "AF_UNIX") else None
    key = secrets.token_hex(16)
    params = vendor.CommonParams()
    params.model.path = str(path)
    params.n_ctx = context_tokens * slots  # divided among them
    params.n_parallel = slots
    params.n_batch = params.n_ubatch = BATCH_TOKENS
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    # Mapped, the file stays in memory beside the copy of it that is laid out for this processor: 600 MB of 1,900.
    params.load_mode = vendor.llama_load_mode.LLAMA_LOAD_MODE_NONE
    params.fit_params = False  # would choose another context where memory is short
    params.ctx_shift = False
    params.n_cache_reuse = 0
    params.cache_ram_mib = 0  # up to 8 GB of old prompts, and with them prefixes that we did not choose
    params.flash_attn_type = vendor.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.warmup = True
    params.verbosity = -1
    params.ui = False
    params.endpoint_slots = False
    params.api_keys = [key]
    params.hostnames = [str(address) if address else "127.0.0.1"]
    params.port = 0
    try:
        with _interrupts_wait():
            server = vendor.Server(params)
    except RuntimeError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise ModelError(
            f"llama.cpp cannot load {path}",
            hint="It is damaged, too new, or too big for the memory; check it with: python -m rag models verify",
        ) from error
    client = httpx.Client(
        base_url="http://localhost" if address else server.listening_address,
        transport=httpx.HTTPTransport(uds=str(address)) if address else None,
        headers={"Authorization": f"Bearer {key}"},
        timeout=_REQUEST_S,
        trust_env=False,
    )
    return _State(server, client, folder)


@contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Hold Ctrl-C back: one that comes while the library loads makes it wait for ever. Its threads inherit the mask."""
    if sys.platform == "win32":  # has no signal masks
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _error(error: Mapping[str, Any]) -> LLMError:
    message = str(error.get("message", error))
    if error.get("type") == "exceed_context_size_error":
        return PromptTooLongError(f"The prompt is too long: {message}", hint="Ask with fewer or shorter passages.")
    return LLMError(f"llama.cpp refused: {message}", hint="Try again; restart if it stays.")


def _closed() -> LLMError:
    return LLMError("The language model is closed", hint="Load it again.")
