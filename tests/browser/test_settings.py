"""Settings in place, and the login of a team."""

from __future__ import annotations

import pytest

from rag.ui.web.passwords import Passwords
from tests.browser.test_chat import _serious
from tests.ui_process import ChatProcess

pytestmark = pytest.mark.browser

LORA = "How does lora save memory?"


def test_what_is_set_counts_from_the_next_question_on(visit, chat, ask):
    page = visit(chat)
    page.get_by_role("button", name="Settings").click()
    settings = page.locator("#settings")
    settings.get_by_label("Most passages").fill("2")
    settings.get_by_label("Most passages").press("Enter")
    page.get_by_text("Saved; it counts from the next question on.").wait_for()
    turn = ask(page, LORA)
    assert turn.locator(".card").count() == 2
    settings.get_by_role("button", name="As configured").click()
    page.get_by_text("Everything is as configured.").wait_for()
    assert ask(page, "And what about lora rank?").locator(".card").count() == 6


def test_what_is_typed_stays_when_the_settings_are_loaded_late(visit, chat):
    page = visit(chat)
    late = []
    page.route("**/do/settings", lambda route: late.append(route))
    page.get_by_role("button", name="Settings").click()
    passages = page.locator("#settings").get_by_label("Most passages")
    passages.fill("2")
    page.locator("#settings").get_by_label("Strictness in percent").focus()
    with page.expect_response("**/do/settings"):
        for route in late:
            # The notes got a folder meanwhile, so the fields are not what is shown.
            told = route.fetch().text()
            assert "All folders</option>" in told
            route.fulfill(body=told.replace("All folders</option>", "All folders</option><option>new</option>"))
    page.locator("#settings option", has_text="new").wait_for(state="attached")
    assert passages.input_value() == "2"


def test_as_configured_also_takes_back_what_was_not_saved(visit, chat):
    page = visit(chat)
    page.get_by_role("button", name="Settings").click()
    settings = page.locator("#settings")
    settings.get_by_label("Most passages").fill("2")
    settings.get_by_label("Budget in tokens").fill("512")
    settings.get_by_role("button", name="As configured").click()
    page.get_by_text("Everything is as configured.").wait_for()
    assert settings.get_by_label("Most passages").input_value() == "6"
    assert settings.get_by_label("Budget in tokens").input_value() != "512"


def test_the_strictness_decides_whether_it_answers(visit, chat, ask):
    page = visit(chat)
    page.get_by_role("button", name="Settings").click()
    settings = page.locator("#settings")
    settings.get_by_label("Strictness in percent").fill("100")
    settings.get_by_role("button", name="Save").click()
    page.get_by_text("Saved").wait_for()
    assert "The notes don't say." in ask(page, LORA).locator(".answer").inner_text()


def test_another_model_can_be_chosen(visit, chat, ask):
    page = visit(chat)
    page.get_by_role("button", name="Settings").click()
    settings = page.locator("#settings")
    for name in ("another", "scripted"):
        settings.get_by_label("Model").select_option(name)
        with page.expect_response("**/do/model"):  # the second time the words stand there already
            settings.get_by_role("button", name="Use it").click()
        page.get_by_text("The model is being changed.").wait_for()
        turn = ask(page, f"{LORA} Say it as {name}.")  # words of its own, so that it is not the turn before
        turn.get_by_role("button", name="Why this answer").click()
        assert name in page.locator(".panel").inner_text()
        page.keyboard.press("Escape")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_settings_and_the_list_are_accessible(visit, chat, ask, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(chat, scheme=scheme)
    turn = ask(page, LORA)
    turn.get_by_role("button", name="Not helpful").click()
    page.locator("#shelf summary").first.click()
    page.get_by_role("button", name="Settings").click()
    turn.get_by_role("button", name="Why this answer").click()
    page.wait_for_timeout(300)
    assert _serious(Axe().run(page)) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_team_logs_in_and_out(browser, chromium, tmp_path, scheme):
    from axe_playwright_python.sync_playwright import Axe

    Passwords(tmp_path / "users").add("ann", "correct horse")
    Passwords(tmp_path / "users").add("bob", "another horse")
    with ChatProcess("--pause-s", 0.002, "--users", tmp_path / "users") as running:
        page = browser.new_context(color_scheme=scheme).new_page()
        page.set_default_timeout(15_000)
        page.goto(running.url)
        assert _serious(Axe().run(page)) == []
        page.get_by_label("Name").fill("ann")
        page.get_by_label("Password").fill("wrong horse")
        page.get_by_role("button", name="Log in").click()
        page.get_by_text("Name or password is wrong").wait_for()
        page.get_by_label("Name").fill("ann")
        page.get_by_label("Password").fill("correct horse")
        page.get_by_role("button", name="Log in").click()
        page.wait_for_selector("#welcome button")
        page.fill("#question textarea", LORA)
        page.press("#question textarea", "Enter")
        page.wait_for_selector('.turn[data-state="done"]')
        page.locator("#shelf .open-chat", has_text=LORA).wait_for()
        page.get_by_role("button", name="Log out").click()
        page.get_by_label("Name").fill("bob")
        page.get_by_label("Password").fill("another horse")
        page.get_by_role("button", name="Log in").click()
        page.locator("#shelf", has_text="No conversations yet.").wait_for()
        assert LORA not in page.locator("body").inner_text(), "the chats of another user of the same browser"
        page.context.close()
