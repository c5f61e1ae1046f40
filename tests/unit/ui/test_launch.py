"""What ends a start before anything heavy is imported."""

import subprocess
import sys
from pathlib import Path

import pytest

from rag.errors import ConfigError, ModelError, ServerError
from rag.ui.address import bind
from rag.ui.launch import main

ROOT = Path(__file__).parents[3]
HEAVY = ("gradio", "torch", "chromadb", "sentence_transformers", "xllamacpp", "uvicorn")


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAG_MODELS_DIR", str(tmp_path / "models"))


def test_a_port_in_use():
    with bind("127.0.0.1", 0) as taken, pytest.raises(ServerError, match="is in use"):
        main(["--port", str(taken.getsockname()[1])])


def test_an_address_of_the_network():
    with pytest.raises(ServerError, match="no password"):
        main(["--host", "0.0.0.0", "--port", "7861"])


@pytest.mark.parametrize("port", ["0", "65536", "-1"])
def test_a_port_that_is_none(port):
    with pytest.raises(ConfigError, match="port"):
        main(["--port", port])


@pytest.mark.parametrize("arguments", [["--port", "x"], ["--nonsense"], ["argument"]])
def test_wrong_arguments(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: python app.py" in capsys.readouterr().err


def test_a_missing_model(free_port):
    with pytest.raises(ModelError):
        main(["--port", free_port])


def test_a_missing_configuration(tmp_path):
    with pytest.raises(ConfigError):
        main(["--config", str(tmp_path / "no.toml")])


@pytest.fixture
def free_port():
    with bind("127.0.0.1", 0) as taken:
        return str(taken.getsockname()[1])


def test_nothing_heavy_is_imported_before_the_port_is_known_to_be_free():
    with bind("127.0.0.1", 0) as taken:
        code = (
            "import sys\nfrom rag.errors import ServerError\nfrom rag.ui.launch import main\n"
            f"try:\n    main(['--port', '{taken.getsockname()[1]}'])\nexcept ServerError:\n    pass\n"
            f"print([name for name in {HEAVY!r} if name in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr
