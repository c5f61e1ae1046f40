"""What is imported stays light; seen from a process in which nothing else was imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.unit.conftest import HEAVY

ROOT = Path(__file__).parents[2]


def test_unit_tests_import_nothing_heavy():
    script = (
        "import contextlib, io, pytest, sys\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    assert pytest.main(['--collect-only', '-q', '-p', 'no:cacheprovider', 'tests/unit']) == 0\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_gradio_reads_and_writes_no_stubs():
    script = (
        "import sys\n"
        "opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == 'open' else None)\n"
        "import rag.ui\n"
        "import gradio\n"
        "assert any('gradio' in path for path in opened)\n"
        "print([path for path in opened if path.endswith('.pyi')])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
