"""How soon the page is there, and the evidence."""

from __future__ import annotations

import os

import pytest

from tests.browser.conftest import turn_of

# A figure and not a test: it says as much of the machine as of the page. `make soak` takes it.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(int(os.environ.get("RAG_SOAK", "1")) == 1, reason="make soak takes this figure"),
]


def test_the_first_paint_and_the_evidence_are_quick(visit, chat, record_property):
    page = visit(chat)
    page.reload()
    page.wait_for_selector("#welcome button")
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    waits = []
    for number in range(3):
        question = f"How does lora save memory, {number}?"
        page.evaluate(
            """() => {
                const known = document.querySelectorAll('.card').length;
                document.querySelector('#question textarea').addEventListener('keydown', () => {
                    window.pressed = performance.now();
                    const look = () => document.querySelectorAll('.card').length > known
                        ? (window.waited = performance.now() - window.pressed) : requestAnimationFrame(look);
                    look();
                }, { once: true });
            }"""
        )
        page.fill("#question textarea", question)
        page.press("#question textarea", "Enter")
        turn_of(page, question)
        waits.append(page.evaluate("window.waited"))
    record_property("first_paint_ms", round(paint))
    record_property("evidence_ms", round(min(waits)))
    assert paint < 2000
    assert min(waits) < 300
