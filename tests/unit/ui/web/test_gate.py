import asyncio
import base64
import json
from urllib.parse import urlencode

import pytest

from rag.ui.guard import Guard
from rag.ui.visitor import HEADER
from rag.ui.web.gate import Gate
from rag.ui.web.login import LASTS_S, Login
from rag.ui.web.passwords import Passwords

HOST = b"notes.example:7860"


async def behind(scope, receive, send):
    if scope["type"] == "lifespan":
        await send({"type": "lifespan.startup.complete"})
        return
    body = json.dumps({"path": scope["path"], "visitor": dict(scope["headers"]).get(HEADER.encode(), b"").decode()}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})


class House:
    def __init__(self, folder):
        self.now = 1_800_000_000.0
        self.passwords = Passwords(folder / "users")
        self.passwords.add("ann", "correct horse")
        self.login = Login(self.passwords, b"k" * 32, lambda: self.now)
        self.app = Guard(Gate(behind, self.login, "Ask <the> notes"), hosts=None)

    def request(self, path="/status", method="GET", body=b"", address="10.0.0.9", **headers):
        sent = []

        async def send(message):
            sent.append(message)

        async def receive():
            return {"type": "http.request", "body": body}

        named = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": [(b"host", HOST), *named],
            "client": (address, 1234),
        }
        asyncio.run(self.app(scope, receive, send))
        start, content = sent[0], b"".join(message.get("body", b"") for message in sent)
        return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, content

    def log_in(self, password="correct horse", name="ann", **more):
        body = urlencode({"username": name, "password": password}).encode()
        return self.request("/login", "POST", body, **more)


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


ROUTES = [
    "/", "/config", "/theme.css", "/look/page.css", "/look/notes.js", "/assets/x.js", "/gradio_api/info", 
    "/gradio_api/queue/join", "/gradio_api/queue/data", "/gradio_api/call/ask", "/gradio_api/heartbeat/x", "/gradio_api/mcp",
    "/gradio_api/mcp/", "/v1/models",
    "/v1/chat/completions", "/status", "/do/chats", "/chats/a1.md",
]  # fmt: skip


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_route_is_open_to_strangers(house, path, method):
    status, headers, body = house.request(path, method)
    assert status == 401
    assert b"visitor" not in body
    assert headers["cache-control"] == "no-store"


def test_the_page_asks_strangers_to_log_in(house):
    status, headers, body = house.request("/")
    assert status == 401
    assert b'action="./login"' in body
    assert b"Ask &lt;the&gt; notes" in body
    assert b"<script" not in body
    assert "form-action 'self'" in headers["content-security-policy"]
    assert house.request("/look/login.css")[0] == 200


def test_logging_in_opens_everything(house):
    status, headers, _ = house.log_in()
    assert status == 200
    cookie = headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    pair = cookie.split(";")[0]
    status, _, body = house.request(cookie=pair)
    assert (status, json.loads(body)["visitor"]) == (200, "user:ann")
    assert house.request("/login", cookie=pair)[0] == 200


def test_behind_tls_the_cookie_says_so(house):
    assert "; Secure" in house.log_in(x_forwarded_proto="https")[1]["set-cookie"]


@pytest.mark.parametrize("pair", [("ann", "wrong horse"), ("bob", "correct horse"), ("", ""), ("ann", "")])
def test_a_wrong_password(house, pair):
    status, headers, body = house.log_in(pair[1], pair[0])
    assert status == 401
    assert "set-cookie" not in headers
    assert b"wrong" in body


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"username=ann", b"a=b&" * 500, b"username=ann&password=" + b"x" * 9000])
def test_a_form_that_is_none(house, body):
    assert house.request("/login", "POST", body)[0] == 401


def test_a_cookie_is_not_to_be_forged(house):
    good = house.login.cookie("ann")
    name, expiry, signature = good.rsplit(".", 2)
    flipped = ("0" if signature[0] != "0" else "1") + signature[1:]
    for bad in (
        f"{name}.{int(expiry) + 1}.{signature}", f"bob.{expiry}.{signature}", f"{name}.{expiry}.{flipped}", f"{name}.{expiry}.",
        "ann", "", "..", f"{name}.x.{signature}", f"ann%0a.{expiry}.{signature}", "ä.1.x",
    ):  # fmt: skip
        assert house.request(cookie=f"session={bad}")[0] == 401, bad
    other = Login(house.passwords, b"x" * 32, lambda: house.now)
    assert house.request(cookie=f"session={other.cookie('ann')}")[0] == 401


def test_a_cookie_ends_with_time_and_with_the_password(house):
    pair = f"session={house.login.cookie('ann')}"
    assert house.request(cookie=pair)[0] == 200
    house.now += LASTS_S + 1
    assert house.request(cookie=pair)[0] == 401
    pair = f"session={house.login.cookie('ann')}"
    house.passwords.add("ann", "another horse")
    assert house.request(cookie=pair)[0] == 401


def test_a_cookie_outlives_a_restart(house):
    again = Login(house.passwords, b"k" * 32, lambda: house.now)
    assert again.who([(b"cookie", f"session={house.login.cookie('ann')}".encode())], "") == "ann"


def test_programs_send_name_and_password_along(house):
    basic = base64.b64encode(b"ann:correct horse").decode()
    for value in (f"Basic {basic}", "Bearer ann:correct horse", "bearer  ann:correct horse"):
        assert json.loads(house.request(authorization=value)[2])["visitor"] == "user:ann"
    for value in ("Basic ???", "Bearer ann:wrong", "Bearer ann", "Digest x", "Basic", "Bearer :x", "Bearer \xff:\xff"):
        assert house.request(authorization=value)[0] == 401


def test_a_password_is_hashed_once_and_not_for_each_request(house, monkeypatch):
    calls = []
    real = house.passwords.check
    monkeypatch.setattr(house.passwords, "check", lambda *pair: calls.append(1) or real(*pair))
    for _ in range(5):
        assert house.request(authorization="Bearer ann:correct horse")[0] == 200
    assert len(calls) == 1
    house.passwords.add("ann", "another horse")
    assert house.request(authorization="Bearer ann:correct horse")[0] == 401, "a changed password counts at once"


def test_guessing_is_slowed_down(house):
    for _ in range(8):
        house.log_in("wrong horse")
    assert house.log_in()[0] == 401
    assert house.log_in(address="10.0.0.10")[0] == 200, "others are not locked out"
    house.now += 61
    assert house.log_in()[0] == 200


def test_a_visitor_cannot_be_made_up(house):
    status, _, body = house.request(
        authorization="Bearer ann:correct horse", x_rag_visitor="user:bob", cookie="visitor=" + "x" * 32
    )
    assert (status, json.loads(body)["visitor"]) == (200, "user:ann")


def test_logging_out_takes_the_cookie(house):
    status, headers, _ = house.request("/logout", "POST", cookie=f"session={house.login.cookie('ann')}")
    assert status == 200
    assert "Max-Age=0" in headers["set-cookie"]
    assert house.request("/logout", cookie=f"session={house.login.cookie('ann')}")[0] == 200


def test_other_sites_cannot_log_in_or_out(house):
    for path in ("/login", "/logout"):
        assert house.request(path, "POST", origin="https://evil.example")[0] == 403
        assert house.request(path, "POST", sec_fetch_site="cross-site")[0] == 403


def test_a_damaged_file_of_users_lets_nobody_in(house, tmp_path):
    (tmp_path / "users").write_text("nonsense\n", "utf-8")
    assert house.request(authorization="Bearer ann:correct horse")[0] == 500
    assert house.log_in()[0] == 500
