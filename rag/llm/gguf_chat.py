"""What a GGUF file says of conversations: its template, its special tokens, and where an answer ends. Loads no weights."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from jinja2 import TemplateError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import AddedToken, Tokenizer

from rag.errors import LLMError, ModelError
from rag.gguf_file import read_metadata
from rag.llm.gguf_tokens import gguf_tokens
from rag.types import Message

_TEMPLATE: Final = "tokenizer.chat_template"
_BEGIN, _END, _TURN_END = (f"tokenizer.ggml.{kind}_token_id" for kind in ("bos", "eos", "eot"))
_ENDS: Final = frozenset({"<|im_end|>", "<|endoftext|>", "<|end_of_text|>", "<|eot_id|>"})


class GgufChat:
    """Tokens of a conversation, and text of tokens. Safe to use from several threads.

    Args:
        path: of a GGUF file whose vocabulary `is_known`.

    Attributes:
        end_tokens: each ends an answer.

    Raises:
        ModelError: the file cannot be read, is not GGUF, or has no template for conversations.
    """

    def __init__(self, path: Path) -> None:
        found = read_metadata(path, (_TEMPLATE, _BEGIN, _END, _TURN_END))
        if _TEMPLATE not in found:
            raise ModelError(f"{path} has no template for conversations", hint="Use a model that is made for chat.")
        self._text = gguf_tokens(path)
        self._special = Tokenizer.from_str(self._text.as_json())
        self._special.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in self._text.control])
        ends = {found.get(_END), found.get(_TURN_END), *(self._text.vocabulary.get(token) for token in _ENDS)}
        self.end_tokens = frozenset(int(token) for token in ends if token is not None)
        names = {self._text.vocabulary[token]: token for token in self._text.control}
        self._names = {name: names.get(found.get(key, -1), "") for name, key in (("bos_token", _BEGIN), ("eos_token", _END))}
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
        environment.filters["tojson"] = lambda value, **_: json.dumps(value, ensure_ascii=False)
        environment.globals["raise_exception"] = _refuse
        environment.globals["strftime_now"] = time.strftime
        try:
            self._template = environment.from_string(found[_TEMPLATE])
            self.render([{"role": "user", "content": "?"}])
        except (TemplateError, LLMError) as error:
            raise ModelError(f"The chat template in {path} cannot be used: {error}", hint="Use another model.") from error

    @property
    def tokenizer_json(self) -> str:
        """What `tokenizers` makes an equal tokenizer of, special tokens included."""
        return str(self._special.to_str())

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Return the tokens of `text`; `special` says whether special tokens written out are special, or text."""
        content = text.encode("utf-8", "replace").decode("utf-8")
        if not special:
            return self._text.encode(content)
        tokens: list[int] = self._special.encode(content, add_special_tokens=False).ids
        return tokens

    def detokenize(self, tokens: Sequence[int]) -> str:
        """Return the text of `tokens` without special ones; it ends in U+FFFD where a character is not complete."""
        return str(self._special.decode(list(tokens), skip_special_tokens=True))

    def render(self, messages: Sequence[Message]) -> str:
        """Write the conversation in the model's template.

        Args:
            messages: in order.

        Returns:
            The prompt, up to where the assistant begins.

        Raises:
            LLMError: the template refuses these roles.
        """
        given: dict[str, Any] = {"messages": list(messages), "add_generation_prompt": True, "enable_thinking": False}
        try:
            return self._template.render(**given, **self._names)
        except (TemplateError, ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError) as error:
            raise LLMError(f"The model's chat template fails: {error}", hint="Use a model that is made for chat.") from error


def _refuse(message: str) -> NoReturn:
    raise ValueError(message)
