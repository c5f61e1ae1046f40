"""A model with PyTorch and transformers: tokens in, tokens out.

The only module that knows them for language models. It decodes greedily by itself instead of calling `generate`: that would apply
what the checkpoint's own settings ask for (a repetition penalty, for one), could not be stopped while it reads a prompt, and
would read every prompt anew. Knows no conversation: `transformers_llm` makes tokens of one.
"""

from __future__ import annotations

import contextlib
import importlib
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import LLMError, ModelError
from rag.llm.greedy import GreedyEngine
from rag.llm.openmp import sleeping_threads
from rag.types import Message


class TorchEngine(GreedyEngine):
    """One set of weights, loaded. Safe to call from several threads; calls take turns.

    Args:
        source: a checkpoint folder, a GGUF file, or the name of a repository that is in the local Hugging Face cache.
        context_tokens: prompt and answer together.
        threads: to compute with; PyTorch has one setting for the whole process.

    Raises:
        ModelError: the weights are missing or damaged, or cannot be read.
    """

    def __init__(self, source: Path | str, *, context_tokens: int, threads: int) -> None:
        super().__init__()
        with sleeping_threads():
            self._torch: Any = importlib.import_module("torch")
        self._torch.set_num_threads(threads)
        tokenizer, self._model = _load(source, self._torch)
        self._chat = tokenizer
        backend = tokenizer.backend_tokenizer.to_str()
        library: Any = importlib.import_module("tokenizers")
        self._template_tokens = library.Tokenizer.from_str(backend)
        self._text_tokens = library.Tokenizer.from_str(backend)
        self._text_tokens.encode_special_tokens = True  # what looks like a special token is text
        for each in (self._template_tokens, self._text_tokens):
            each.no_truncation()
            each.no_padding()
        self._backend: str = backend
        self.vocabulary_size = int(self._model.config.get_text_config().vocab_size)
        self.end_tokens = _end_tokens(tokenizer, self._model)
        limit = getattr(self._model.config.get_text_config(), "max_position_embeddings", None)
        self.context_tokens = min(context_tokens, int(limit)) if limit else context_tokens
        self._cache: Any = None

    @property
    def tokenizer_json(self) -> str:
        """What `tokenizers` makes an equal tokenizer of, special tokens included."""
        return self._backend

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Return the tokens of `text`; `special` says whether special tokens written out are special, or text."""
        self.check_open()
        content = text.encode("utf-8", "replace").decode("utf-8")
        tokenizer = self._template_tokens if special else self._text_tokens
        tokens: list[int] = tokenizer.encode(content, add_special_tokens=False).ids
        return tokens

    def detokenize(self, tokens: Sequence[int]) -> str:
        """Return the text of `tokens` without special ones; it ends in U+FFFD where a character is not complete."""
        return str(self._template_tokens.decode(list(tokens), skip_special_tokens=True))

    def render(self, messages: Sequence[Message]) -> str:
        """Write the conversation in the model's chat template.

        Args:
            messages: in order.

        Returns:
            The prompt, up to where the assistant begins.

        Raises:
            LLMError: there is no template, or it refuses these roles.
        """
        self.check_open()
        errors = (ValueError, importlib.import_module("jinja2").TemplateError)
        try:
            # Models that think aloud first would spend the whole answer on it.
            text = self._chat.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True, enable_thinking=False)
        except errors as error:
            raise LLMError(f"The model's chat template fails: {error}", hint="Use a model that is made for chat.") from error
        return str(text)

    def _free(self) -> None:
        self._model = self._cache = None

    def _forget(self, kept: int) -> None:
        if not kept:
            self._cache = importlib.import_module("transformers").DynamicCache()
        elif surplus := self._cache.get_seq_length() - kept:
            self._cache.crop(-surplus)

    def _forward(self, tokens: list[int]) -> npt.NDArray[np.float32]:
        torch = self._torch
        with torch.inference_mode():
            output = self._model(input_ids=torch.tensor([tokens]), past_key_values=self._cache, use_cache=True, logits_to_keep=1)
            logits: npt.NDArray[np.float32] = output.logits[0, -1].float().numpy()
            return logits


def _load(source: Path | str, torch: Any) -> tuple[Any, Any]:  # noqa: ANN401 - the vendors have no types
    path = Path(source).expanduser()
    if path.suffix == ".gguf" and not path.is_file():
        raise ModelError(f"There is no model file {path}", hint="Check llm in rag.toml.")
    transformers: Any = importlib.import_module("transformers")
    options: dict[str, Any] = {"local_files_only": True}
    where = str(path) if path.is_dir() else str(source)
    extra: dict[str, Any] = {"dtype": "auto"}
    if path.is_file():
        where = str(path.parent)
        options["gguf_file"] = path.name
        # Packed weights would need compiled code that the library fetches from a hub.
        extra = {"dtype": torch.float32, "quantization_config": transformers.GgufConfig(dequantize=True)}
    try:
        with _quiet(transformers):
            tokenizer = transformers.AutoTokenizer.from_pretrained(where, **options)
            model = transformers.AutoModelForCausalLM.from_pretrained(where, **options, **extra)
    except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(
            f"transformers cannot load {source}: {reason}",
            hint="Give a checkpoint folder or a GGUF file that is on this machine (for GGUF: pip install gguf accelerate).",
        ) from error
    if getattr(tokenizer, "backend_tokenizer", None) is None:
        raise ModelError(f"{source} has no fast tokenizer", hint="Use a checkpoint with a tokenizer.json.")
    return tokenizer, model.eval()


@contextlib.contextmanager
def _quiet(transformers: Any) -> Iterator[None]:  # noqa: ANN401 - the vendor has no types
    """Keep the vendor's progress bars and advice off standard error while it loads."""
    logging = transformers.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        # The bar of the GGUF reader listens to no setting.
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _end_tokens(tokenizer: Any, model: Any) -> frozenset[int]:  # noqa: ANN401 - the vendor has no types
    configured: Mapping[str, Any] | Any = model.generation_config.eos_token_id
    ends = configured if isinstance(configured, list) else [configured]
    return frozenset(int(token) for token in [*ends, tokenizer.eos_token_id] if token is not None)
