"""Real parts for integration tests."""

from __future__ import annotations

import os

import pytest

from rag.config import load_config
from rag.errors import ModelError
from rag.models.store import model_path


@pytest.fixture(scope="session")
def embedder_folder():
    """The real embedder's folder; without it a test is skipped, in CI it fails."""
    try:
        return model_path("all-MiniLM-L6-v2", load_config().models_dir)
    except ModelError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
