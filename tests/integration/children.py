"""Other processes that work on an index, and what a sound index of theirs holds."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fake_index import vector
from tests.integration.index_child import PAGES

ROOT = Path(__file__).parents[2]


@contextmanager
def children() -> Iterator:
    """Yield a function that starts `index_child` and waits until it says that it is ready; at the end all of them are killed."""
    started = []

    def run(*arguments, wait=True):
        command = [sys.executable, "-m", "tests.integration.index_child", *map(str, arguments)]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        started.append(process)
        if wait:
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            assert json.loads(line) == {"ready": True}
        return process

    try:
        yield run
    finally:
        for process in started:
            process.kill()
            process.communicate()


def last_line(process):
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return json.loads(out.splitlines()[-1])


def salt_of(index):
    """The one salt of a whole, sound, answering generation."""
    with index.open() as reader:
        assert reader.chunk_count == 3 * PAGES
        assert len(reader.nearest(vector("x"), 20)) == 20
        texts = [chunk.text for chunk in reader.all_chunks()]
    assert len(texts) == 3 * PAGES
    [salt] = {text.split()[0] for text in texts}
    assert index.verify() == ()
    return salt
