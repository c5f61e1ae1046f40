"""This system through its public functions, as the other drivers drive theirs. Runs in the environment of this project."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from wire import serve, settings


class Own:
    """See `wire.Peer`."""

    def __init__(self) -> None:
        self._settings = settings()

    def ingest(self, corpus: Path, store: Path) -> Mapping[str, Any]:
        """Bring the index up to date."""
        from rag.progress import ProgressBar
        from rag.wiring import run_ingest

        config = self._config(corpus, store)
        report = run_ingest(config, full=False, dry_run=False, progress=ProgressBar(quiet=True))
        return {"documents": report.documents, "chunks": report.chunks, "embedded": report.embedded}

    def open(self, corpus: Path, store: Path) -> None:
        """Build the assistant; engines load with the first question, as they do in the chat."""
        from rag.wiring import build_assistant

        self._assistant = build_assistant(self._config(corpus, store))

    def search(self, question: str, top_k: int, request: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Search within a budget, with the tokens that each passage takes of it."""
        found = self._assistant.search(
            question, history=request.get("history", ()), top_k=top_k, max_tokens=request.get("max_tokens")
        )
        return [{"path": each.chunk.path, "text": each.text, "spans": each.spans, "tokens": each.tokens} for each in found.passages]

    def ask(self, question: str, max_tokens: int) -> Generator[str, None, str | None]:
        """Yield what the reader sees grow; an abstention comes at once. `max_tokens` is that of the configuration."""
        from rag.types import Answer, Draft

        for event in self._assistant.ask(question):
            if isinstance(event, Answer):
                text = event.text or "(abstained)"
                yield text
                return text
            if isinstance(event, Draft):
                yield event.text
        return None

    def _config(self, corpus: Path, store: Path) -> Any:  # noqa: ANN401 - imported where it is used
        from rag.config import load_config

        file = self._settings.get("config")
        flags = {"corpus": corpus, "index": store}
        return load_config(Path(file) if file else None, flags=flags)


if __name__ == "__main__":
    serve(Own)
