"""Conversations that stay, and what can be done with an answer."""

from __future__ import annotations

import re

import pytest

from tests.browser.conftest import turn_of
from tests.ui_process import ChatProcess

pytestmark = pytest.mark.browser

LORA = "How does lora save memory?"
SLOW = "How slow is attention over each token?"


def titles(page):
    return page.locator("#shelf .open-chat .name").all_inner_texts()


def wait_for_titles(page, wanted):
    script = (
        "wanted => JSON.stringify([...document.querySelectorAll('#shelf .name')].map(e => e.innerText)) === JSON.stringify(wanted)"
    )
    page.wait_for_function(script, arg=wanted)


def test_conversations_are_listed_opened_searched_renamed_and_deleted(visit, chat, ask):
    page = visit(chat)
    ask(page, LORA)
    ask(page, f"{LORA} Say it again.")
    page.get_by_role("button", name="New chat").click()
    page.locator("#welcome button").first.wait_for()
    ask(page, "How does attention scale per token?")
    wait_for_titles(page, ["How does attention scale per token?", LORA])
    assert page.locator("#shelf [aria-current]").inner_text().startswith("How does attention")

    page.locator("#shelf .open-chat", has_text=LORA).click()
    page.wait_for_function("document.querySelectorAll('.turn').length === 2")
    assert page.locator(".turn .cite").count() == 8
    page.locator(".turn").first.locator(".cite").first.click()
    assert page.locator(".panel .page:not([hidden]) mark").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("#shelf [aria-current]").inner_text().startswith(LORA)

    page.get_by_role("searchbox", name="Search").fill("frozen")
    wait_for_titles(page, [LORA])
    page.get_by_role("searchbox", name="Search").fill("")
    wait_for_titles(page, ["How does attention scale per token?", LORA])

    item = page.locator("#shelf li", has=page.locator(".open-chat", has_text=LORA))
    item.locator("summary").click()
    item.get_by_label("Title").fill("Adapters")
    item.get_by_label("Title").press("Enter")
    wait_for_titles(page, ["How does attention scale per token?", "Adapters"])

    item = page.locator("#shelf li", has=page.locator(".open-chat", has_text="Adapters"))
    if not item.locator(".menu").is_visible():
        item.locator("summary").click()
    item.get_by_role("button", name="Delete").click()
    item.get_by_role("button", name="Delete for good?").click()
    wait_for_titles(page, ["How does attention scale per token?"])
    page.locator("#welcome button").first.wait_for()
    assert page.locator(".turn").count() == 0, "the conversation that was open is closed"


def test_conversations_are_private_to_each_visitor(visit, chat, ask):
    first, second = visit(chat), visit(chat)
    ask(first, "Is lora my secret?")
    wait_for_titles(first, ["Is lora my secret?"])
    address = first.url
    second.locator("#shelf", has_text="No conversations yet.").wait_for()
    second.goto("about:blank")
    second.goto(address)
    second.wait_for_selector("#welcome button")
    second.wait_for_timeout(500)
    assert second.locator(".turn").count() == 0


def test_conversations_survive_a_restart_and_the_page_connects_again(visit, ask, tmp_path):
    memory = tmp_path / "chats.sqlite"
    with ChatProcess("--pause-s", 0.002, "--memory", memory) as running:
        page = visit(running.url, complaints=True)
        ask(page, LORA)
        port = running.url.rsplit(":", 1)[1]
    page.wait_for_function("document.querySelector('#gone').innerText.includes('does not answer')", timeout=30_000)
    with ChatProcess("--pause-s", 0.002, "--memory", memory, "--port", port):
        # The page loads itself anew; until then it shows what it had, which proves nothing.
        page.wait_for_function("document.querySelector('#gone')?.innerText === ''", timeout=30_000)
        turn = turn_of(page, LORA)
        assert turn.locator(".cite").count() == 4
        wait_for_titles(page, [LORA])
        assert ask(page, "How does lora save memory, again?").locator(".cite").count() == 4
        assert page.locator(".turn").count() == 2
        page.close()


def test_asking_again_and_editing_replace_what_followed(visit, chat, ask, reload):
    page = visit(chat)
    ask(page, LORA)
    ask(page, "How does attention scale per token?")
    first = page.locator(".turn").first
    first.get_by_role("button", name="Edit question").click()
    assert "the turn after it" in first.locator(".note").inner_text()
    page.keyboard.press("Escape")
    assert first.locator(".question").is_visible()
    first.get_by_role("button", name="Edit question").click()
    first.get_by_label("Question", exact=True).fill("What rank is enough for lora?")
    first.get_by_label("Question", exact=True).press("Enter")
    turn_of(page, "What rank is enough for lora?")
    assert page.locator(".turn").count() == 1
    reload(page)
    turn_of(page, "What rank is enough for lora?")
    assert page.locator(".turn").count() == 1

    before = page.locator(".turn").get_attribute("id")
    page.get_by_role("button", name="Ask again").click()
    page.wait_for_function(
        "before => { const turn = document.querySelector('.turn'); return turn.id !== before && turn.dataset.state === 'done' }",
        arg=before,
    )
    assert page.locator(".turn").count() == 1


def test_a_question_that_was_stopped_can_be_asked_again(visit, chat, ask):
    page = visit(chat)
    ask(page, SLOW, state="running")
    page.wait_for_function("document.querySelector('.answer').innerText.length > 40")
    page.get_by_role("button", name="Stop").click()
    turn = turn_of(page, SLOW, "stopped")
    assert turn.get_by_role("button", name="Ask again").is_visible()
    assert turn.get_by_role("button", name="Helpful", exact=True).count() == 0


def test_copying_an_answer_and_exporting_the_conversation(visit, chat, ask):
    page = visit(chat)
    assert page.locator("#export").is_hidden()
    turn = ask(page, LORA)
    turn.get_by_role("button", name="Copy answer").click()
    turn.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(LORA)
    assert "guide/lora.md:7" in copied
    with page.expect_download() as caught:
        page.locator("#export").click()
    assert caught.value.suggested_filename == "How-does-lora-save-memory.md"
    text = caught.value.path().read_text("utf-8")
    assert text.startswith(f"# {LORA}\n")
    assert "`guide/lora.md:7`" in text


def test_a_verdict_with_a_reason_is_kept(visit, chat, ask, reload):
    page = visit(chat)
    turn = ask(page, LORA)
    turn.get_by_role("button", name="Not helpful").click()
    turn.get_by_label("What is wrong?").select_option("incomplete")
    turn.get_by_label("In your words (optional)").fill("It says nothing of speed.")
    turn.get_by_role("button", name="Send").click()
    turn.get_by_text("Thank you.").wait_for()
    reload(page)
    turn = turn_of(page, LORA)
    assert turn.get_by_role("button", name="Not helpful").get_attribute("aria-pressed") == "true"
    turn.get_by_role("button", name="Not helpful").click()
    page.wait_for_function("document.querySelectorAll('.thumb[aria-pressed=true]').length === 0")


def test_an_answer_that_helped_is_said_so_with_one_click(visit, chat, ask, reload):
    page = visit(chat)
    turn = ask(page, LORA)
    turn.get_by_role("button", name="Helpful", exact=True).click()
    turn.get_by_text("Thank you.").wait_for()
    assert turn.get_by_label("What is wrong?").count() == 0
    reload(page)
    assert turn_of(page, LORA).get_by_role("button", name="Helpful", exact=True).get_attribute("aria-pressed") == "true"


def test_why_this_answer_shows_stages_times_and_models(visit, chat, ask):
    page = visit(chat)
    turn = ask(page, LORA)
    turn.get_by_role("button", name="Why this answer").click()
    panel = page.locator(".panel")
    words = panel.inner_text()
    for wanted in (
        "Passages by stage",
        "Dense",
        "#1",
        "Left out",
        "First word after",
        "Language model",
        "scripted",
        "Generation of the index",
    ):
        assert wanted in words
    assert panel.get_by_role("button", name="Copy reference").is_hidden()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.innerText") == "Why this answer"


def test_what_may_come_next_is_offered_and_asks_itself(visit, chat, ask):
    page = visit(chat)
    turn = ask(page, LORA)
    offered = turn.locator(".follow").first.inner_text()
    assert re.match(r"What do the notes say about .+\?", offered)
    turn.locator(".follow").first.click()
    page.wait_for_function("document.querySelectorAll('.turn').length === 2")
    assert turn.locator(".follow").first.is_hidden(), "only the latest turn offers more"


def test_the_list_is_a_drawer_on_a_phone(visit, chat, ask):
    page = visit(chat, width=360, height=740)
    assert page.locator("#shelf").is_hidden()
    ask(page, LORA)
    page.get_by_role("button", name="New chat").click()
    page.locator("#welcome button").first.wait_for()
    page.get_by_role("button", name="Chats").click()
    box = page.locator("#shelf").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    page.locator("#shelf .open-chat").click()
    turn_of(page, LORA)
    assert page.locator("#shelf").is_hidden()
    page.get_by_role("button", name="Chats").click()
    page.keyboard.press("Escape")
    assert page.locator("#shelf").is_hidden()
    assert page.evaluate("document.activeElement.id") == "show-shelf"
