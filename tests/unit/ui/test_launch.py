"""What ends a start before anything heavy is imported."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from rag.errors import ConfigError, ModelError, ServerError
from rag.ui.address import bind
from rag.ui.launch import main
from rag.ui.web.passwords import Passwords

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
    with pytest.raises(ServerError, match="Without passwords"):
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


@pytest.mark.slow
def test_nothing_heavy_is_imported_before_the_port_is_known_to_be_free():
    with bind("127.0.0.1", 0) as taken:
        code = (
            "import sys\nfrom rag.errors import ServerError\nfrom rag.ui.launch import main\n"
            f"try:\n    main(['--port', '{taken.getsockname()[1]}'])\nexcept ServerError:\n    pass\n"
            f"print([name for name in {HEAVY!r} if name in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr


def test_writing_a_user_down_and_starting_without_one(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("rag.ui.web.passwords._N", 2**4)
    users = tmp_path / "users"
    with pytest.raises(ConfigError, match="no users"):
        main(["--auth", str(users)])
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    assert main(["--auth", str(users), "--add-user", "ann"]) == 0
    assert str(users) in capsys.readouterr().err
    assert Passwords(users).check("ann", "correct horse")
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    with pytest.raises(ConfigError, match="no password"):
        main(["--auth", str(users), "--add-user", "bob"])


def test_users_are_kept_with_the_chats_data_by_default(tmp_path, monkeypatch):
    monkeypatch.setattr("rag.ui.web.passwords._N", 2**4)
    monkeypatch.setenv("RAG_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    assert main(["--add-user", "ann"]) == 0
    assert (tmp_path / "data" / "users").is_file()
    with bind("127.0.0.1", 0) as taken, pytest.raises(ServerError, match="is in use"):
        main(["--auth", "--port", str(taken.getsockname()[1])])
