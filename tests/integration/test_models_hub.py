"""The real huggingface_hub against a hub on loopback."""

import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from rag import offline
from rag.errors import ModelError
from rag.models.download import WrongHashError
from rag.models.fetch import fetch
from tests.unit.models.tiny import build_tiny, sha256

pytest.importorskip("huggingface_hub")


@pytest.fixture
def tiny(tmp_path):
    return build_tiny(tmp_path / "wheels")


@pytest.fixture
def hub(tiny, tmp_path, monkeypatch):
    """A hub with one repository; its `files` may be changed."""
    files = {"/someone/tiny/resolve/main/weights.gguf": tiny.contents["llm"]["weights.gguf"]}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_HEAD(self):
            self.answer(send_body=False)

        def do_GET(self):
            self.answer(send_body=True)

        def answer(self, *, send_body):
            data = files.get(self.path)
            self.send_response(404 if data is None else 200)
            self.send_header("Content-Length", str(len(data or b"")))
            if data is not None:
                self.send_header("ETag", f'"{sha256(data)}"')
                self.send_header("X-Repo-Commit", "0" * 40)
            self.end_headers()
            if send_body and data is not None:
                self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in offline.SWITCHES.items():
        monkeypatch.setenv(name, value)  # as in every command: the fetch has to clear what it needs
    yield files
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_model_comes_from_the_hub_when_asked(tiny, hub, tmp_path):
    models = tmp_path / "models"
    lines = []
    fetch(["llm"], models, source="hf", catalogue=tiny.catalogue, say=lines.append)
    assert tiny.holds("llm", models)
    assert not (models / ".partial").exists()
    assert lines == ["llm: 1 MB to download, 1 MB on disk"]
    assert os.environ["HF_HUB_OFFLINE"] == "1"  # this process stays offline


def test_what_another_source_left_half_joined_is_replaced(tiny, hub, tmp_path):
    half = tmp_path / "models" / ".partial" / "llm" / "files" / "weights.gguf"
    half.parent.mkdir(parents=True)
    half.write_bytes(tiny.contents["llm"]["weights.gguf"][:70_000])
    fetch(["llm"], tmp_path / "models", source="hf", catalogue=tiny.catalogue)
    assert tiny.holds("llm", tmp_path / "models")


def test_another_file_under_that_name_is_refused_and_not_kept(tiny, hub, tmp_path):
    for path, data in hub.items():
        hub[path] = b"?" + data[1:]
    with pytest.raises(WrongHashError, match="SHA-256"):
        fetch(["llm"], tmp_path / "models", source="hf", catalogue=tiny.catalogue)
    assert [path.name for path in (tmp_path / "models").iterdir()] == [".lock"]


def test_a_file_that_the_hub_does_not_have_is_one_line(tiny, hub, tmp_path):
    hub.clear()
    with pytest.raises(ModelError, match=r"someone/tiny/weights\.gguf cannot be fetched: \w+Error") as caught:
        fetch(["llm"], tmp_path / "models", source="hf", catalogue=tiny.catalogue)
    assert "\n" not in str(caught.value)


def test_a_model_without_a_hub_address_says_so(tiny, hub, tmp_path):
    with pytest.raises(ModelError, match="no Hugging Face address of embedder"):
        fetch(["embedder"], tmp_path / "models", source="hf", catalogue=tiny.catalogue)
