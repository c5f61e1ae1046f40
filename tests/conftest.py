"""Real weights for the tests that need them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rag.config import load_config
from rag.errors import ModelError
from rag.models.store import model_path


@pytest.fixture(scope="session")
def smollm2_path() -> Path:
    """The small GGUF file; without it a test is skipped with what to do, in CI it fails."""
    try:
        return model_path("smollm2-135m", load_config().models_dir)
    except ModelError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
