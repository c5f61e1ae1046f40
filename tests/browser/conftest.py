"""A real Chromium over the scripted chat."""

from __future__ import annotations

import os
import shutil
from urllib.parse import urlsplit

import pytest

from tests.ui_process import ChatProcess

ARGUMENTS = """
    --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update
    --disable-sync
""".split()
LOCAL = {"127.0.0.1", "localhost", "[::1]"}


@pytest.fixture(scope="session")
def chromium():
    """The browser's path; without one a test is skipped, in CI it fails."""
    found = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
    if found is None:
        reason = "There is no Chromium; on Debian and Ubuntu: apt install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


# Closed after the last browser test: while it is open, its event loop runs in this thread and asyncio.run refuses to start another.
@pytest.fixture(scope="package")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def chat(chromium):
    """Where the scripted chat is."""
    with ChatProcess("--pause-s", 0.01) as running:
        yield running.url


@pytest.fixture
def trouble():
    """What the pages of a test complained of, so far."""
    return []


@pytest.fixture
def visit(browser, trouble):
    """Open a page as a new visitor; at the end, nothing may have left the machine and nothing may have gone wrong in it."""
    contexts, requests = [], []

    def open_page(url, *, width=1280, height=860, scheme="light", complaints=False):
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, permissions=["clipboard-read", "clipboard-write"]
        )
        context.set_default_timeout(15_000)  # shorter than the slow script, so that waiting for it to end is no way through
        contexts.append(context)
        context.on("request", lambda request: requests.append(request.url))
        page = context.new_page()
        # A test that provokes the browser expects it to complain.
        if not complaints:
            page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.goto(url)
        page.wait_for_selector("#welcome button")
        return page

    yield open_page
    hacked = [page.evaluate("window.hacked") for context in contexts for page in context.pages if page.url != "about:blank"]
    for context in contexts:
        context.close()
    away = [url for url in requests if not url.startswith(("data:", "blob:")) and urlsplit(url).hostname not in LOCAL]
    assert requests
    assert not away
    assert not trouble
    assert not any(hacked)


@pytest.fixture
def reload(trouble):
    """Load a page again. Gradio complains where a stream of the page that is left breaks off by that; nobody sees it."""
    of_leaving = ("AbortError: signal is aborted without reason", "Unexpected error Connection errored out.")

    def reloading(page):
        heard, url = len(trouble), page.url
        page.goto("about:blank")
        trouble[heard:] = [text for text in trouble[heard:] if not text.startswith(of_leaving)]
        page.goto(url)

    return reloading


@pytest.fixture
def ask():
    """Type a question, press Enter and return its turn, done or as it is."""

    def asking(page, question, state="done"):
        page.fill("#question textarea", question)
        page.press("#question textarea", "Enter")
        return turn_of(page, question, state)

    return asking


def turn_of(page, question, state="done"):
    turn = page.locator(".turn", has=page.locator("h2", has_text=question)).last
    turn.wait_for()
    if state:
        page.wait_for_function("([turn, state]) => turn.dataset.state === state", arg=[turn.element_handle(), state])
    return turn
