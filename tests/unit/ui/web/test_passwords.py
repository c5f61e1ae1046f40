import hashlib

import pytest

from rag.errors import ConfigError
from rag.ui.web import passwords
from rag.ui.web.passwords import Passwords, hashed, matches


@pytest.fixture
def users(tmp_path):
    return Passwords(tmp_path / "deep" / "users")


def test_a_password_is_checked(users):
    users.add("ann", "correct horse")
    users.add("bob", "battery staple")
    assert users.check("ann", "correct horse")
    assert not users.check("ann", "battery staple")
    assert not users.check("ann", "")
    assert not users.check("nobody", "correct horse")
    users.add("ann", "another one")
    assert users.check("ann", "another one")
    assert not users.check("ann", "correct horse")
    assert users.check("bob", "battery staple")


def test_the_file_holds_no_password_and_is_its_owners_alone(users, tmp_path):
    users.add("ann", "correct horse")
    users.add("bob", "correct horse")
    file = tmp_path / "deep" / "users"
    text = file.read_text("utf-8")
    assert "horse" not in text
    first, second = (line.split("$")[-1] for line in text.splitlines())
    assert first != second, "each has a salt of its own"
    assert file.stat().st_mode & 0o077 == 0
    assert [path.name for path in file.parent.iterdir()] == ["users"]


@pytest.mark.slow
def test_hashing_is_as_dear_as_it_should_be(monkeypatch):
    monkeypatch.undo()
    n, r, p = passwords._N, passwords._R, passwords._P
    assert n * r * 128 >= 32 * 1024 * 1024
    assert p >= 3
    salt = b"0" * 16
    assert passwords._scrypt("x", salt, n, r, p) == hashlib.scrypt(b"x", salt=salt, n=n, r=r, p=p, maxmem=2**27, dklen=32)


def test_a_changed_file_counts_at_once(users, tmp_path):
    users.add("ann", "correct horse")
    Passwords(tmp_path / "deep" / "users").add("bob", "battery staple")
    assert users.check("bob", "battery staple")
    (tmp_path / "deep" / "users").unlink()
    assert users.users() == {}


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\nb", "ä", "x" * 65, "../x"])
def test_names_that_will_not_do(users, name):
    with pytest.raises(ConfigError, match="no name"):
        users.add(name, "correct horse")


@pytest.mark.parametrize("password", ["", "short", "x" * 201])
def test_passwords_that_will_not_do(users, password):
    with pytest.raises(ConfigError, match="no password"):
        users.add("ann", password)


@pytest.mark.parametrize("line", ["ann", "ann:plain", "a b:scrypt$1$2$3$4$5", ":scrypt$"])
def test_a_line_that_is_no_user_is_said(tmp_path, line):
    file = tmp_path / "users"
    file.write_text(f"# users\n\n{line}\n", "utf-8")
    with pytest.raises(ConfigError, match="line 3"):
        Passwords(file).users()


@pytest.mark.parametrize("stored", ["", "scrypt$x", "scrypt$16$8$1$?$?", "md5$1$1$1$a$b", "scrypt$0$0$0$AA==$AA=="])
def test_a_damaged_hash_matches_nothing(stored):
    assert not matches("x", stored)


def test_a_very_long_guess_costs_nothing():
    assert not matches("x" * 1_000_000, hashed("correct horse"))
