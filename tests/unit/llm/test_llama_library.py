"""Which library is loaded; a stand-in for both, since the real one belongs to a process."""

import logging
import sys

import pytest

from rag.errors import ModelError
from rag.llm.llama_library import import_library, is_from


@pytest.fixture
def libraries(tmp_path, monkeypatch):
    """A folder that the installed library is in, and one for another; nothing is loaded."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "xllamacpp"]:
        monkeypatch.delitem(sys.modules, name)
    installed, built = tmp_path / "installed", tmp_path / "built"
    for folder in (installed, built):
        (folder / "xllamacpp").mkdir(parents=True)
        (folder / "xllamacpp" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(installed)
    yield installed, built
    for name in [name for name in sys.modules if name.partition(".")[0] == "xllamacpp"]:
        del sys.modules[name]


def test_the_built_library_is_taken(libraries):
    installed, built = libraries
    before = list(sys.path)
    library = import_library(built)
    assert is_from(library, built)
    assert not is_from(library, installed)
    assert sys.path == before


def test_without_one_the_installed_library_is_taken(libraries):
    assert is_from(import_library(None), libraries[0])


@pytest.mark.parametrize("content", ["raise ImportError('libgomp.so.1: cannot open')", None])
def test_one_that_does_not_load_is_told_and_the_installed_one_taken(libraries, caplog, content):
    installed, built = libraries
    module = built / "xllamacpp" / "__init__.py"
    if content is None:
        module.unlink()
        module.parent.rmdir()
    else:
        module.write_text(content)
    with caplog.at_level(logging.WARNING):
        assert is_from(import_library(built), installed)
    assert len(caplog.records) == 1
    assert "installed one is used" in caplog.text


def test_a_process_holds_one_library(libraries):
    installed, built = libraries
    assert is_from(import_library(None), installed)
    assert is_from(import_library(built), installed)


def test_with_neither_the_error_says_what_to_install(libraries):
    _, built = libraries
    sys.modules["xllamacpp"] = None
    with pytest.raises(ModelError, match="cannot be loaded"):
        import_library(built)
