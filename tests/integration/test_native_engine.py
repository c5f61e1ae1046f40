"""llama.cpp built for this processor, where somebody built it: the same answers as the library that is installed."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from rag.config import load_config
from rag.models.engine import find_engine

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def engine():
    """The folder of the engine."""
    folder = find_engine(load_config().models_dir)
    if folder is None:
        pytest.skip("no engine was built for this processor: make engine")
    return folder


def check(*arguments):
    command = [sys.executable, "-m", "rag.llm.engine_check", *map(str, arguments), "--threads", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_the_installed_library_works(smollm2_path):
    found = check(smollm2_path)
    assert not found["native"]
    assert 0.0 < found["yes"] < 1.0
    assert found["read_tokens_per_s"] > 0 < found["write_tokens_per_s"]


def test_the_engine_gives_the_same_probability(engine, smollm2_path):
    native = check(smollm2_path, engine)
    assert native["native"]
    assert native["yes"] == pytest.approx(check(smollm2_path)["yes"], abs=0.05)


def test_a_folder_without_an_engine_is_told_and_passed_over(smollm2_path, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "rag.llm.engine_check", smollm2_path, tmp_path, "--threads", "2"],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert not json.loads(done.stdout)["native"]
    assert done.stderr.count("\n") == 1
    assert "installed one is used" in done.stderr


@pytest.mark.slow
def test_the_engine_keeps_the_adapters_contract(engine):
    command = [sys.executable, "-m", "pytest", "-q", "tests/contract/test_llama_cpp.py", "--llama-library", str(engine)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
