import sys

import pytest

from rag.errors import ModelError
from rag.llm.llama_cpp import LlamaCpp


def test_a_missing_file_is_named_with_what_to_do(tmp_path):
    with pytest.raises(ModelError, match=r"none\.gguf") as caught:
        LlamaCpp(tmp_path / "none.gguf", context_tokens=512, threads=1)
    assert "models fetch" in caught.value.hint


def test_a_folder_is_not_a_model(tmp_path):
    with pytest.raises(ModelError):
        LlamaCpp(tmp_path, context_tokens=512, threads=1)


def test_a_file_of_another_kind_is_refused_before_the_engine_sees_it(tmp_path):
    path = tmp_path / "page.gguf"
    path.write_text("<html>not found</html>")
    with pytest.raises(ModelError, match="not a GGUF"):
        LlamaCpp(path, context_tokens=512, threads=1)


def test_without_the_library_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        LlamaCpp(path, context_tokens=512, threads=1)
    assert "libgomp1" in caught.value.hint
