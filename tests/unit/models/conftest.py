from pathlib import Path

import pytest

from tests.unit.models.tiny import Tiny, build_tiny


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    return build_tiny(tmp_path / "wheels")
