import pytest


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    """The real cost is a fifth of a second; see test_passwords for the real one."""
    monkeypatch.setattr("rag.ui.web.passwords._N", 2**4)
