"""Which language models can answer, and changing from one to another. Knows the engine; what a model is, it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rag.errors import ConfigError
from rag.protocols import LLM
from rag.ui.engine import Engine


class Models:
    """The models on this machine.

    Args:
        engine: answers with one of them.
        names: to choose from, the configured one among them.
        current: the configured one.
        build: loads a model by name.

    Attributes:
        names: to choose from.
        current: the one that answers, or is being loaded.
    """

    def __init__(self, engine: Engine, names: Sequence[str], current: str, build: Callable[[str], LLM]) -> None:
        self._engine = engine
        self._build = build
        self.names = tuple(dict.fromkeys((current, *names)))
        self.current = current

    def choose(self, name: str) -> None:
        """Have another model answer from the next question on; it is loaded in the engine's thread.

        Args:
            name: one of `names`.

        Raises:
            ConfigError: it is not one of the names.
        """
        if name not in self.names:
            raise ConfigError(f"There is no model {name!r} here", hint="Choose one of the list.")
        if name != self.current:
            before, self.current = self.current, name

            def go_back() -> None:
                self.current = before

            self._engine.change_model(lambda: self._build(name), on_failure=go_back)
