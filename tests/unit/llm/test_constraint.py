import sys

import pytest

from rag.errors import LLMError
from rag.llm.constraint import Vocabulary


def test_without_the_library_a_schema_cannot_be_kept_and_the_error_says_how_it_can(monkeypatch):
    monkeypatch.setitem(sys.modules, "llguidance", None)
    with pytest.raises(LLMError, match="llguidance is not installed") as caught:
        Vocabulary("{}", 10, [0])
    assert "pip install" in caught.value.hint
