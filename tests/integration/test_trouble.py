"""What goes wrong for users, through the real commands: one line that says what to do, the right status, no traceback."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = "# Kettles\n\nA kettle boils one litre of water in three minutes.\n"


def command(*arguments, cwd, env=None, **more):
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=180,
        stdin=subprocess.DEVNULL,
        **more,
    )


def ingest(folder, *arguments, **more):
    return command(ROOT / "ingest.py", "--corpus", folder / "notes", "--index", folder / "index", *arguments, cwd=folder, **more)


def rag(folder, *arguments, **more):
    return command("-m", "rag", *arguments, cwd=folder, env={"PYTHONPATH": str(ROOT)} | more.pop("env", {}), **more)


def refused(done, *words, status=2):
    """One line on standard error with all these words, nothing on standard output, the status, no traceback."""
    assert done.returncode == status, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    for word in words:
        assert word in lines[0], lines[0]


@pytest.fixture
def notes(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "kettles.md").write_text(PAGE, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def indexed(tmp_path_factory, embedder_folder):
    folder = tmp_path_factory.mktemp("indexed")
    (folder / "notes").mkdir()
    (folder / "notes" / "kettles.md").write_text(PAGE, encoding="utf-8")
    done = ingest(folder, "--json")
    assert done.returncode == 0, done.stderr
    return folder


def test_a_missing_corpus(tmp_path):
    refused(ingest(tmp_path), "There is no corpus", "--corpus")


def test_an_empty_corpus_does_not_empty_the_index(tmp_path):
    (tmp_path / "notes").mkdir()
    refused(ingest(tmp_path), "no notes")


@pytest.mark.model
def test_a_corpus_that_became_empty_keeps_its_index(indexed, tmp_path):
    shutil.copytree(indexed, tmp_path / "copy")
    (tmp_path / "copy" / "notes" / "kettles.md").unlink()
    refused(ingest(tmp_path / "copy"), "no notes")
    assert (tmp_path / "copy" / "index" / "CURRENT").read_text()


def test_no_index_yet(tmp_path, embedder_folder):
    for arguments in (["search", "x"], ["ask", "x"], ["status"]):
        refused(rag(tmp_path, *arguments), "no index", "ingest.py")


def test_a_missing_model(notes):
    refused(ingest(notes, env={"RAG_MODELS_DIR": str(notes / "none")}), "models fetch all-MiniLM-L6-v2")


@pytest.mark.model
def test_a_missing_language_model(indexed):
    done = rag(indexed, "ask", "How long?", env={"RAG_LLM": "gguf:/nowhere/model.gguf"})
    refused(done, "/nowhere/model.gguf")


@pytest.mark.model
def test_an_index_of_another_embedder(indexed, tmp_path, embedder_folder):
    other = tmp_path / "other-embedder"
    shutil.copytree(embedder_folder, other)
    refused(rag(indexed, "search", "kettle", env={"RAG_EMBEDDER": str(other)}), "embedder", "ingest.py --full")


@pytest.mark.parametrize(
    ("text", "word"), [("topk = 3", "top_k"), ("top_k = 'three'", "top_k"), ("port = 99999999", "port"), ("a b", "not valid TOML")]
)
def test_bad_settings(tmp_path, text, word):
    (tmp_path / "rag.toml").write_text(text, encoding="utf-8")
    for done in (ingest(tmp_path), rag(tmp_path, "status"), command(ROOT / "app.py", cwd=tmp_path)):
        refused(done, word)


def test_wrong_usage_names_the_usage(tmp_path):
    done = rag(tmp_path, "search")
    refused(done, "--batch")
    done = rag(tmp_path, "nonsense")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.model
def test_a_port_in_use(indexed):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = command(ROOT / "app.py", "--index", indexed / "index", "--port", port, cwd=indexed)
    refused(done, str(port), "--port")


@pytest.mark.model
def test_two_ingests_at_once(indexed):
    from rag.index.lock import WriterLock

    lock = WriterLock(indexed / "index" / "LOCK", "python ingest.py")
    try:
        (indexed / "notes" / "second.md").write_text("# Second\n\nA page.\n", encoding="utf-8")
        refused(ingest(indexed), str(os.getpid()))
    finally:
        lock.release()
        (indexed / "notes" / "second.md").unlink()


@pytest.mark.model
@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a folder read-only, and root ignores permissions")
def test_a_read_only_index_answers_and_refuses_an_ingest(indexed, tmp_path, smollm2_path):
    shutil.copytree(indexed, tmp_path / "copy")
    folder = tmp_path / "copy"
    search = [sys.executable, "-m", "rag", "search", "kettle", "--json", "--index", str(folder / "index")]
    done = _with_read_only(folder / "index", search, folder, RAG_LLM=f"gguf:{smollm2_path}")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["passages"]
    (folder / "notes" / "new.md").write_text("# New\n\nText.\n", encoding="utf-8")
    again = [sys.executable, str(ROOT / "ingest.py"), "--corpus", "notes", "--index", str(folder / "index")]
    refused(_with_read_only(folder / "index", again, folder), "index", "Read-only")


def _with_read_only(place, arguments, cwd, **env):
    """Run a command where a folder is mounted read-only, in a mount namespace of its own."""
    mount = f'mount --bind "{place}" "{place}" && mount -o remount,bind,ro "{place}" && exec "$@"'
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", mount, "sh", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        timeout=180,
    )


@pytest.mark.model
@pytest.mark.parametrize("after_s", [1.5, 2.5, 5.0])
def test_ctrl_c_leaves_no_traceback_and_a_whole_index(notes, embedder_folder, after_s):
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "ingest.py"), "--corpus", "notes", "--index", "index", "--full"],
        cwd=notes,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(after_s)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    assert process.returncode in (0, 130, -signal.SIGINT)  # the last where the interpreter itself was still starting
    done = ingest(notes, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["documents"] == 1


@pytest.mark.model
def test_ctrl_c_while_asking(indexed, smollm2_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "rag", "ask", "How long does a kettle take?"],
        cwd=indexed,
        env={**os.environ, "PYTHONPATH": str(ROOT), "RAG_LLM": f"gguf:{smollm2_path}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
