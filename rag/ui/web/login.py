"""Who somebody is: by a cookie that this program signed, or by a name and password sent along.

A cookie is `name.expiry.signature`, signed with a key of this machine and the hash of the password: it outlives a restart, and ends
when the password changes. Knows headers and passwords; knows nothing of routes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from urllib.parse import quote, unquote

from rag.ui.visitor import cookie
from rag.ui.web.passwords import NAME, Passwords

COOKIE = "session"
LASTS_S = 30 * 24 * 3600
_CACHED_S = 600
_MOST_CACHED = 1000
_MOST_FAILURES = 8
_FORGIVEN_S = 60.0

Headers = Iterable[tuple[bytes, bytes]]


class Login:
    """Tells who sends a request. Safe to use from several threads.

    Args:
        passwords: of the users.
        key: secret of this machine, at least 32 bytes.
        clock: seconds since 1970.
    """

    def __init__(self, passwords: Passwords, key: bytes, clock: Callable[[], float] = time.time) -> None:
        self._passwords = passwords
        self._key = key
        self._clock = clock
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()  # a flood of guesses must not take all memory
        self._known: dict[bytes, tuple[str, float, str]] = {}
        self._failures: dict[str, tuple[int, float]] = {}

    def who(self, headers: Headers, address: str) -> str | None:
        """Find out who sends a request; work for a password that is new.

        Args:
            headers: of the request.
            address: where it comes from.

        Returns:
            The name of the user; None where the request does not show who it is.

        Raises:
            ConfigError: the file of users cannot be read.
        """
        pairs = list(headers)
        named = self._by_cookie(cookie(pairs, COOKIE))
        if named is not None:
            return named
        given = next((value for name, value in pairs if name.lower() == b"authorization"), b"")
        name, password = _credentials(given)
        return name if name and self.check(name, password, address) else None

    def check(self, name: str, password: str, address: str) -> bool:
        """Check a password. An address that failed too often has to wait a minute.

        Args:
            name: of the user.
            password: as it was typed.
            address: where the request comes from.

        Returns:
            Whether it is right; False too while the address has to wait.

        Raises:
            ConfigError: the file of users cannot be read.
        """
        stored = self._passwords.users().get(name, "")
        token = hmac.digest(self._key, f"{name}\0{password}".encode("utf-8", "surrogatepass"), hashlib.sha256)
        now = self._clock()
        with self._lock:
            known = self._known.get(token)
            if known and known[1] > now and known[2] == stored and stored:
                return True
            count, since = self._failures.get(address, (0, now))
            if now - since > _FORGIVEN_S:
                count, since = 0, now
            if count >= _MOST_FAILURES:
                return False
        with self._one_at_a_time:
            right = self._passwords.check(name, password)
        with self._lock:
            for memory in (self._known, self._failures):
                if len(memory) >= _MOST_CACHED:
                    memory.clear()
            if right:
                self._known[token] = (name, now + _CACHED_S, stored)
                self._failures.pop(address, None)
            else:
                self._failures[address] = (count + 1, since)
        return right

    def cookie(self, name: str) -> str:
        """Return the value of a cookie for a user who has shown the password."""
        expiry = str(int(self._clock()) + LASTS_S)
        return f"{quote(name)}.{expiry}.{self._signature(name, expiry)}"

    def _by_cookie(self, value: str) -> str | None:
        parts = value.rsplit(".", 2)  # a name may hold full stops
        if len(parts) != 3:
            return None
        name, expiry, signature = unquote(parts[0]), parts[1], parts[2]
        if not NAME.fullmatch(name) or not expiry.isdigit() or int(expiry) < self._clock():
            return None
        right = hmac.compare_digest(signature.encode("utf-8", "replace"), self._signature(name, expiry).encode())
        return name if right and name in self._passwords.users() else None

    def _signature(self, name: str, expiry: str) -> str:
        stored = self._passwords.users().get(name, secrets.token_hex(16))
        return hmac.new(self._key, f"{name}\0{expiry}\0{stored}".encode(), hashlib.sha256).hexdigest()


def _credentials(authorization: bytes) -> tuple[str, str]:
    """Name and password of `Basic` (RFC 7617) or of `Bearer name:password`; empty where there are none."""
    scheme, _, value = authorization.partition(b" ")
    value = value.strip()
    if scheme.lower() == b"basic":
        try:
            value = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            return "", ""
    elif scheme.lower() != b"bearer":
        return "", ""
    name, _, password = value.decode("utf-8", "replace").partition(":")
    return name, password
