"""Names and hashed passwords in a file: `name:scrypt$n$r$p$salt$hash`, one a line.

Knows hashing and the file; knows nothing of HTTP. A changed file counts at once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
import threading
from pathlib import Path

from rag.errors import ConfigError

NAME = re.compile(r"[\w.@-]{1,64}", re.ASCII)
SHORTEST_CHARS = 8
LONGEST_CHARS = 200

_N, _R, _P = 2**15, 8, 3  # 32 MB and about a fifth of a second: cheap once, dear for a guesser
_MAX_MEMORY = 96 * 1024 * 1024


def hashed(password: str) -> str:
    """Return the hash of a password, with a salt of its own.

    Source: RFC 7914.
    """
    salt = secrets.token_bytes(16)
    return "$".join(("scrypt", str(_N), str(_R), str(_P), _text(salt), _text(_scrypt(password, salt, _N, _R, _P))))


def matches(password: str, stored: str) -> bool:
    """Return whether a password is the one that was hashed; compares in constant time."""
    try:
        kind, n, r, p, salt, digest = stored.split("$")
        if kind != "scrypt" or len(password) > LONGEST_CHARS:
            return False
        return hmac.compare_digest(_scrypt(password, base64.b64decode(salt), int(n), int(r), int(p)), base64.b64decode(digest))
    except ValueError:
        return False


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    raw = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(raw, salt=salt, n=n, r=r, p=p, maxmem=_MAX_MEMORY, dklen=32)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


class Passwords:
    """The users in a file. Safe to use from several threads.

    Args:
        file: where they are.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._state: tuple[int, int] | None = None
        self._users: dict[str, str] = {}
        self._decoy = hashed(secrets.token_hex(8))

    def users(self) -> dict[str, str]:
        """Read the users; the file is read again only where it changed.

        Returns:
            Hashes by name; empty where there is no file.

        Raises:
            ConfigError: the file cannot be read, or a line of it is wrong.
        """
        with self._lock:
            try:
                found = self._file.stat()
                state = (found.st_mtime_ns, found.st_size)
                if state != self._state:
                    self._users, self._state = _parsed(self._file.read_text("utf-8"), self._file), state
            except FileNotFoundError:
                self._users, self._state = {}, None
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(f"{self._file} cannot be read: {error}", hint="Check the file and its permissions.") from error
            return self._users

    def check(self, name: str, password: str) -> bool:
        """Check a password; takes as long for a name that there is not.

        Args:
            name: of the user.
            password: as it was typed.

        Returns:
            Whether there is such a user with this password.

        Raises:
            ConfigError: the file cannot be read.
        """
        stored = self.users().get(name)
        return matches(password, stored or self._decoy) and stored is not None

    def add(self, name: str, password: str) -> None:
        """Write a user down, in place of one of the same name; the file is for its owner alone.

        Args:
            name: up to 64 letters, digits and the signs `.`, `_`, `@` and `-`.
            password: kept as a hash alone.

        Raises:
            ConfigError: the name or the password will not do, or the file cannot be written.
        """
        if not NAME.fullmatch(name):
            raise ConfigError(f"{name!r} is no name for a user", hint="Use up to 64 letters, digits and the signs . _ @ -")
        if not SHORTEST_CHARS <= len(password) <= LONGEST_CHARS:
            raise ConfigError("That is no password", hint=f"Use {SHORTEST_CHARS} to {LONGEST_CHARS} characters.")
        users = {**self.users(), name: hashed(password)}
        unfinished = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            unfinished.touch(mode=0o600)
            unfinished.write_text("".join(f"{each}:{stored}\n" for each, stored in sorted(users.items())), "utf-8")
            unfinished.replace(self._file)
        except OSError as error:
            raise ConfigError(f"{self._file} cannot be written: {error.strerror}", hint="Check the folder.") from error


def _parsed(text: str, file: Path) -> dict[str, str]:
    users: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, stored = line.strip().partition(":")
        if not colon or not NAME.fullmatch(name) or not stored.startswith("scrypt$"):
            raise ConfigError(f"{file}, line {number} is not a user", hint="python app.py --add-user NAME writes one.")
        users[name] = stored
    return users
