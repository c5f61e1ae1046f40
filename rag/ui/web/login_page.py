"""The page that asks for a name and a password, and what it sends. Pure: values to HTML and back."""

from __future__ import annotations

from urllib.parse import parse_qs

from rag.ui.markup import Html, element


def login_page(title: str, problem: str = "") -> bytes:
    """Write the page.

    Args:
        title: of the chat.
        problem: why it is shown again; empty at first.

    Returns:
        A whole HTML page in UTF-8; it needs no script.
    """
    said = element("p", problem, role="alert", class_="wrong") if problem else Html("")
    who = '<input name="username" autocomplete="username" autocapitalize="none" required autofocus>'
    proof = '<input name="password" type="password" autocomplete="current-password" required>'
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'{element("title", title)}<link rel="stylesheet" href="./look/login.css"></head>'
        f'<body><main>{element("h1", title)}<form method="post" action="./login"><label>Name {who}</label>'
        f"<label>Password {proof}</label>{said}<button>Log in</button></form></main></body></html>"
    ).encode()


def welcome_page() -> bytes:
    """Return the page that leads on to the chat; a program takes its cookie and needs no more."""
    return (
        b'<!doctype html><html lang="en"><head><meta http-equiv="refresh" content="0; url=./"><title>Welcome</title></head></html>'
    )


def sent(body: bytes) -> tuple[str, str]:
    """Return name and password of a form; empty where they are not there."""
    try:
        fields = parse_qs(body.decode("utf-8"), max_num_fields=10)
    except (UnicodeDecodeError, ValueError):
        return "", ""
    return fields.get("username", [""])[0], fields.get("password", [""])[0]
