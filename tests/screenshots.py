"""Pictures of the chat for `docs/images`: `python -m tests.screenshots [--real]`.

By default a scripted model over small notes, so that the pictures are the same everywhere; with `--real` the chat as it is
configured, whose answers take the time that they take.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS
from tests.ui_lab import write_runs
from tests.ui_library import write_notes
from tests.ui_process import ROOT, ChatProcess

IMAGES = ROOT / "docs" / "images"
QUESTION = {False: "How does lora save memory?", True: "What does temperature do when sampling?"}
UNANSWERED = "How many parameters does VALL-E have?"
LOOKS = {"": (1280, 800, "light", 1), "-dark": (1280, 800, "dark", 1), "-phone": (360, 740, "light", 2)}
_ANSWER_MS = 300_000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--real", action="store_true", help="the configured chat in place of a scripted one")
    parser.add_argument("--out", type=Path, default=IMAGES, metavar="DIR")
    options = parser.parse_args(sys.argv[1:])
    browser_path = next(path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name)))
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, _chat(Path(folder), options.real) as chat, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=ARGUMENTS)
        for suffix, (width, height, scheme, scale) in LOOKS.items():
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme, device_scale_factor=scale, reduced_motion="reduce"
            )
            page = context.new_page()
            page.set_default_timeout(_ANSWER_MS)
            _take(page, chat.url, options.out, suffix, QUESTION[options.real])
            context.close()
        browser.close()


def _chat(folder, real):
    if real:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        return ChatProcess("--port", port, command=("app.py",), RAG_DATA_DIR=str(folder))
    write_notes(folder / "corpus")
    write_runs(folder / "runs")
    return ChatProcess(
        "--pause-s", 0.005, "--corpus", folder / "corpus", "--index", folder / "index", "--runs", folder / "runs"
    )  # fmt: skip


def _take(page, url, out, suffix, question):
    phone = suffix == "-phone"

    def shot(name):
        page.wait_for_timeout(400)
        page.screenshot(path=out / f"{name}{suffix}.png")

    page.goto(url)
    page.wait_for_selector("#welcome button")
    page.wait_for_timeout(1500)
    start = page.locator("#state").get_by_role("button", name="Read the notes now")
    if start.count():
        start.click()
    page.wait_for_function("document.querySelector('#state').innerText.trim() === ''")
    shot("start")
    page.fill("#question textarea", question)
    page.press("#question textarea", "Enter")
    turn = page.locator(".turn").last
    page.wait_for_selector('.turn[data-state="done"]')
    if not phone:
        turn.locator(".answer .cite").first.click()
    shot("chat")
    page.keyboard.press("Escape")
    turn.get_by_role("button", name="Why this answer").click()
    shot("why")
    page.keyboard.press("Escape")
    page.fill("#question textarea", UNANSWERED)
    page.press("#question textarea", "Enter")
    page.wait_for_function("[...document.querySelectorAll('.turn')].at(-1).dataset.state === 'done'")
    shot("silence")
    page.evaluate("scrollTo(0, 0)")
    page.get_by_role("button", name="Settings", exact=True).click()
    page.locator("#settings label").first.wait_for()
    shot("settings")
    page.get_by_role("button", name="Settings", exact=True).click()
    for name, ready in (("Knowledge base", "[data-part=pages-list] tr"), ("Evaluation", "[data-part=runs-main] h2")):
        page.get_by_role("tab", name=name).click()
        page.locator(ready).first.wait_for()
        shot(name.split()[0].casefold())
    runs = page.locator("[data-part=runs-main] button.row-name")
    if runs.count():
        runs.first.click()
        page.locator(".plots").wait_for()
        shot("run")
        page.locator(".plots").evaluate("plots => plots.scrollIntoView()")
        shot("plots")


if __name__ == "__main__":
    main()
