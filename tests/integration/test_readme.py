"""What the README promises is there: its commands, files, settings and links, and its outputs by their shape."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rag.config import Config

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(?:\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = sorted(set(re.findall(r"python -m ((?:rag|eval) [a-z]+(?: [a-z]+)?(?= |`|$))", README, re.MULTILINE)))
# A number, a score or a free space may differ; nothing else.
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def index(tmp_path_factory, embedder_folder):
    """An index of the notes."""
    folder = tmp_path_factory.mktemp("readme") / "index"
    run("ingest.py", "--quiet", index=folder)
    return folder


def run(*arguments, index, codes=(0, 1)):
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "RAG_INDEX": str(index)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode in codes, done.stderr
    return f"{done.stdout}{done.stderr}"


def shown(command):
    """The output of a command as the README shows it."""
    [block] = [block for block in BLOCKS if block.startswith(f"$ python {command}")]
    return block.split("\n", 1)[1].rstrip().splitlines()


def shape(line):
    return NUMBER.sub("0", line)


def test_commands_are_there():
    assert len(COMMANDS) >= 8
    for command in COMMANDS:
        words = command.split()
        for tried in (words, words[:2]):  # the last word may be an argument
            done = subprocess.run([sys.executable, "-m", *tried, "--help"], cwd=ROOT, capture_output=True, text=True)
            if done.returncode == 0:
                break
        assert done.returncode == 0, (command, done.stderr)
        assert done.stdout.startswith("usage:")


def test_targets_files_settings_and_links_are_there():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"`?make ([a-z-]+)", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / link).exists(), link
    [tree] = [block for block in BLOCKS if block.startswith("ingest.py app.py")]
    for name in re.findall(r"(?:^|\s{2,}|: )((?:[\w-]+/)+|[\w-]+\.(?:py|md|toml))", tree):
        places = (ROOT, ROOT / "rag", ROOT / "rag" / "ui", ROOT / "docs")
        assert any((place / name).exists() for place in places), name
    settings = set(re.findall(r"`([a-z_]+) = ", README)) | set(re.findall(r"^([a-z_]+) = ", README, re.MULTILINE))
    assert settings
    assert settings <= set(Config.model_fields)


def test_the_cited_answer_stands_in_the_notes():
    lines = shown('-m rag ask "How many languages')
    place = re.fullmatch(r"\[1\] (\S+):(\d+)  .+", lines[-2])
    quote = lines[-1].strip().strip("“”")
    page = (ROOT / "corpus" / place[1]).read_text("utf-8").splitlines()
    assert quote in page[int(place[2]) - 1]
    assert "[1]" in lines[0]


def test_the_second_ingest_looks_as_shown(index):
    said = run("ingest.py", index=index).splitlines()
    assert [shape(line) for line in said] == [shape(line) for line in shown("ingest.py")]


def test_doctor_looks_as_shown(index):
    said = [re.split(r"\s{2,}", line.strip())[:2] for line in run("-m", "rag", "doctor", index=index).splitlines()]
    assert said == [re.split(r"\s{2,}", line.strip())[:2] for line in shown("-m rag doctor")]


def test_why_looks_as_shown(index):
    page = "notes/Local inference on a laptop.md"
    said = run("-m", "rag", "why", "What does KV caching cost in memory?", page, index=index).splitlines()
    wanted = shown("-m rag why")
    assert said[0] == wanted[0]
    scores = [re.sub(r"^.*(?=dense #)", "", line.strip()) for line in wanted if "dense" in line]
    assert {shape(line) for line in scores} <= {shape(re.sub(r"^.*(?=dense #)", "", line.strip())) for line in said}
