"""The way to a package index: certificates, proxy, and which failures are worth another try.

Knows HTTP and nothing of packages or files.
"""

from __future__ import annotations

import os
import random
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import httpx

from rag.errors import ModelError
from rag.models.pip_settings import PipSettings

RESUME_HINT = "Check the network and run the same command again; what is here already is kept."
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_PAUSE_S = 20.0


class TransientError(Exception):
    """A failure that may pass: the network, or a server that is busy."""


class FetchInterrupted(Exception):  # noqa: N818  no error: someone asked for it
    """The fetch was stopped from outside; what is on disk stays."""


def open_client(settings: PipSettings, *, timeout_s: float = 20.0) -> httpx.Client:
    """Open a client that trusts and routes as pip does.

    Args:
        settings: of pip; where they name no proxy, those of the environment count.
        timeout_s: longest silence of the server; connecting takes 10 seconds at most.

    Returns:
        An open client that follows redirects; the caller closes it.

    Raises:
        ModelError: a certificate file or a proxy that cannot be used.
    """
    try:
        return httpx.Client(
            verify=_trust(settings),
            proxy=settings.proxy or None,
            timeout=httpx.Timeout(timeout_s, connect=min(10.0, timeout_s)),
            follow_redirects=True,
            # Ranges and hashes are of the bytes as stored, so nothing may compress them on the way.
            headers={"User-Agent": "rag-notes", "Accept-Encoding": "identity"},
        )
    except (OSError, ValueError, ImportError) as error:
        raise ModelError(f"pip's certificates or proxy cannot be used: {error}", hint="See: python -m pip config list") from error


def _trust(settings: PipSettings) -> ssl.SSLContext:
    if settings.certificates:
        path = Path(settings.certificates)
        context = ssl.create_default_context(capath=path) if path.is_dir() else ssl.create_default_context(cafile=path)
    elif os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR"):
        context = ssl.create_default_context()  # OpenSSL reads both variables itself
    else:
        context = _system_trust()
    if settings.client_certificate:
        context.load_cert_chain(settings.client_certificate)
    return context


def _system_trust() -> ssl.SSLContext:
    try:
        import truststore
    except ImportError:
        return httpx.create_ssl_context()
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@contextmanager
def request(client: httpx.Client, url: httpx.URL, headers: dict[str, str]) -> Iterator[httpx.Response]:
    """Open a streamed GET; failures inside the block are sorted too.

    Args:
        client: sends it.
        url: of the wheel or of an index page.
        headers: besides the client's own, such as a range.

    Yields:
        The response with its head read and its body not; its status may still be one that the caller does not want.

    Raises:
        TransientError: worth another try.
        ModelError: not worth one.
    """
    try:
        with client.stream("GET", url, headers=headers) as response:
            if response.status_code in _TRANSIENT:
                raise TransientError(f"the server answers {response.status_code}")
            if response.status_code in {401, 403}:
                raise ModelError(
                    f"{url.host} refuses access ({response.status_code})", hint="Check the address and password that pip uses."
                )
            yield response
    except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.TooManyRedirects, httpx.DecodingError) as error:
        raise ModelError(f"{url.host} answers in a way that cannot be used: {error}", hint="Check the package index.") from error
    except httpx.TransportError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise ModelError(f"The certificate of {url.host} is not trusted", hint="Set PIP_CERT or SSL_CERT_FILE.") from error
        raise TransientError(str(error) or type(error).__name__) from error


class Patience:
    """Counts failures in a row and waits longer after each.

    Args:
        stop: ends a pause at once.
        tries: failures in a row that are one too many.
        pause_s: after the first failure; doubles with each.
    """

    def __init__(self, stop: Event, *, tries: int = 5, pause_s: float = 0.5) -> None:
        self._stop = stop
        self._tries = tries
        self._pause_s = pause_s
        self._failures = 0

    def reset(self) -> None:
        """Forget the failures: something went forward."""
        self._failures = 0

    def failed(self, what: str, error: TransientError) -> None:
        """Note a failure and pause.

        Args:
            what: cannot be fetched, for the message.
            error: the failure.

        Raises:
            ModelError: it was one too many.
            FetchInterrupted: stopped while waiting.
        """
        self._failures += 1
        if self._stop.is_set():
            raise FetchInterrupted
        if self._failures >= self._tries:
            raise ModelError(f"{what} cannot be fetched: {error} ({self._tries} tries)", hint=RESUME_HINT) from error
        pause_s = min(self._pause_s * 2 ** (self._failures - 1), _LONGEST_PAUSE_S)
        if self._stop.wait(pause_s * random.uniform(0.8, 1.2)):  # noqa: S311  spreads retries, guards nothing
            raise FetchInterrupted
