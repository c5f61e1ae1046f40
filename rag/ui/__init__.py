"""The chat in the browser."""

from rag.ui import without_stubs

without_stubs.install()
