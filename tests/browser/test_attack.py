"""An attack page: payloads in notes, titles, file names, front matter, questions and conversation titles leave the page inert.

The `visit` fixture asserts that nothing ran and nothing left the machine.
"""

from __future__ import annotations

import json

import pytest

from tests.ui_library import write_notes
from tests.ui_process import ChatProcess
from tests.unit.ui.hostile import HOSTILE

pytestmark = pytest.mark.browser

PAYLOADS = [text.replace("alert(1)", "(window.hacked=1)").replace("\x00", "") for text in HOSTILE if len(text) < 120][:36]

ACTIVE = "script, iframe, object, embed, img, form, link, style, base, meta, template, video, audio, a[href]"
HANDLERS = """() => [...document.querySelectorAll('#talk .log *, #talk .panel *, #shelf *, #knowledge-tab *, #settings *')]
    .filter(element => element.dataset.testid !== 'status-tracker')  // Gradio's own, which it places by style
    .flatMap(element => element.getAttributeNames().map(name => [name, element.getAttribute(name)]))
    .filter(([name, value]) => /^(on|src|style)/.test(name) || (name === 'href' && !/^\\.\\/chats\\/\\w+\\.md$/.test(value)))
    .map(pair => pair.join('='))"""


def note(text):
    return (
        f"---\ntitle: {json.dumps(text)}\ntags: [{json.dumps(text)}]\n---\n\n# {text}\n\nThe hostile page greets its reader.\n\n"
        f"{text}\n\nTrick: {text}\n"
    ).encode("utf-8", "replace")


@pytest.fixture
def attacked(chromium, tmp_path):
    assert len(PAYLOADS) >= 30
    names = [text.replace("/", "∕").replace("\n", " ").strip(". ")[:60] or "x" for text in PAYLOADS]
    notes = {f"site {n} {name}/{name}.md": note(text) for n, (name, text) in enumerate(zip(names, PAYLOADS, strict=True))}
    write_notes(tmp_path / "corpus", notes)
    with ChatProcess("--pause-s", 0.0, "--corpus", tmp_path / "corpus", "--index", tmp_path / "index") as running:
        yield running.url


def check(page):
    for part in ("#talk .log", "#talk .panel", "#knowledge-tab", "#settings"):
        assert page.locator(part).locator(ACTIVE).count() == 0, part
    assert page.locator("#shelf").locator(ACTIVE.replace(", a[href]", "")).count() == 0
    assert page.evaluate(HANDLERS) == []
    assert page.evaluate("window.hacked") is None


def test_a_page_full_of_attacks_is_inert(attacked, visit, ask):
    page = visit(attacked)
    page.locator("#state").get_by_role("button", name="Read the notes now").click()
    page.wait_for_function("document.querySelector('#state').innerText.trim() === ''", timeout=40_000)
    for payload in PAYLOADS[::5]:
        turn = ask(page, f"What does the hostile page greets reader say? {payload}", state="")
        page.wait_for_function("!document.body.classList.contains('is-busy')")
        check(page)
        for button in turn.locator(".cite, .card").all()[:3]:
            button.click()
            check(page)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="New chat").click()
        page.wait_for_function("!document.querySelector('.turn')")
    first = page.locator("#shelf li").first
    first.locator("summary").click()
    first.get_by_label("Title").fill(PAYLOADS[3])
    first.get_by_role("button", name="Rename").click()
    page.get_by_text("Renamed.").wait_for()
    page.get_by_role("button", name="Settings").click()
    check(page)

    page.get_by_role("tab", name="Knowledge base").click()
    rows = page.locator("[data-part=pages-list] button.row-name")
    rows.first.wait_for()
    check(page)
    for number in range(0, rows.count(), 3):
        rows.nth(number).click()
        page.locator(".prose").wait_for()
        page.get_by_role("button", name="As chunks").click()
        page.locator(".chunk").first.wait_for()
        check(page)
        page.get_by_role("button", name="Rendered").click()
        page.locator(".prose").wait_for()
        check(page)
        page.get_by_role("button", name="Back to the pages").click()
        rows.first.wait_for()
