"""The knowledge base tab and the state line, over a real index."""

from __future__ import annotations

from itertools import product

import pytest

from tests.browser.conftest import turn_of
from tests.ui_library import write_notes
from tests.ui_process import ChatProcess

pytestmark = pytest.mark.browser


@pytest.fixture
def notes(tmp_path):
    write_notes(tmp_path / "corpus")
    return tmp_path / "corpus"


@pytest.fixture
def library_chat(chromium, notes, tmp_path):
    """A chat over real notes. Named before `visit` by who uses it: the pages are closed before the server is."""
    with ChatProcess("--pause-s", 0.002, "--corpus", notes, "--index", tmp_path / "index", "--read-pause-s", 0.3) as running:
        yield running.url


def open_tab(page, name):
    page.get_by_role("tab", name=name).click()


def test_from_no_index_to_an_answer_and_on_to_changed_notes(library_chat, notes, visit, ask):
    page = visit(library_chat)
    state = page.locator("#state")
    state.get_by_text("There is no index yet").wait_for()
    turn = ask(page, "How does lora save memory?", "failed")
    assert "There is no index yet." in turn.inner_text()
    state.get_by_role("button", name="Read the notes now").click()
    state.locator("progress").wait_for()
    page.wait_for_function("document.querySelector('#state').innerText.trim() === ''", timeout=30_000)
    turn.get_by_role("button", name="Ask again").click()
    page.wait_for_function("document.querySelector('.turn').dataset.state === 'done'")
    assert page.locator(".cite").count() > 0

    write_notes(notes, {"guide/new.md": "# New\n\nA page that is new.\n"})
    state.get_by_text("1 new").wait_for(timeout=20_000)
    state.get_by_role("button", name="Bring the index up to date").click()
    page.wait_for_function("document.querySelector('#state').innerText.trim() === ''", timeout=30_000)


def test_pages_preview_difference_health_and_rollback(library_chat, notes, visit):
    page = visit(library_chat)
    open_tab(page, "Knowledge base")
    page.get_by_role("button", name="4 new: read them now").click()
    page.locator("[data-part=update] progress").wait_for()
    page.get_by_text("3 pages").first.wait_for(timeout=30_000)
    rows = page.locator("[data-part=pages-list] tbody tr")
    assert rows.count() == 4

    page.get_by_role("searchbox", name="Find a page").fill("lora")
    page.wait_for_function("document.querySelectorAll('[data-part=pages-list] tbody tr').length === 1")
    page.get_by_role("searchbox", name="Find a page").fill("")
    page.get_by_label("Site").select_option("guide")
    page.wait_for_function("document.querySelectorAll('[data-part=pages-list] tbody tr').length === 2")

    page.get_by_role("button", name="LoRA").click()
    main = page.locator("[data-part=pages-main]")
    main.get_by_role("heading", name="Rank").wait_for()
    assert page.evaluate("document.activeElement.closest('[data-part=pages-main]') !== null")
    main.get_by_role("button", name="As chunks").click()
    main.get_by_text("1. LoRA").wait_for()
    main.get_by_role("button", name="Back to the pages").click()
    main.get_by_role("searchbox").wait_for()

    write_notes(notes, {"guide/lora.md": "# LoRA\n\nIt has changed.\n", "guide/new.md": "# New\n\nA page that is new.\n"})
    page.get_by_role("button", name="Compare again").click()
    page.get_by_role("button", name="1 changed, 1 new: read them now").click()
    page.get_by_text("Done in").wait_for(timeout=30_000)

    page.get_by_role("button", name="Look through the notes").click()
    page.get_by_text("Pages that cannot be read: 1").wait_for(timeout=20_000)

    page.get_by_role("button", name="Go to this one").click()
    page.get_by_role("button", name="Let it answer questions?").click()
    page.get_by_text("Generation 1 answers questions.").wait_for()


def test_health_names_links_twins_and_questions_without_an_answer(library_chat, notes, visit, ask):
    twin = "# Twin\n\n" + " ".join(f"Adapter number {n} is kept beside the frozen weights of layer {n}." for n in range(12)) + "\n"
    write_notes(notes, {"guide/twin.md": twin, "notes/twin.md": twin})
    page = visit(library_chat)
    page.locator("#state").get_by_role("button", name="Read the notes now").click()
    page.wait_for_function("document.querySelector('#state').innerText.trim() === ''", timeout=30_000)
    ask(page, "Who won the cup?")
    ask(page, "Hello!")
    open_tab(page, "Knowledge base")
    health = page.locator("[data-part=health]")
    health.get_by_text("Who won the cup?").wait_for()
    assert "Hello!" not in health.inner_text()
    health.get_by_role("button", name="Look through the notes").click()
    for heading, said in (
        ("Links that lead nowhere: 1", "nowhere.md"),
        ("Pages that say nearly the same: 1", "nearly the same as guide/twin.md"),
        ("Pages that cannot be read: 1", "notes/broken.md"),
    ):
        summary = health.get_by_text(heading)
        summary.wait_for(timeout=20_000)
        summary.click()
        assert said in health.inner_text()


def test_a_question_can_be_asked_of_a_folder_alone(library_chat, visit, ask):
    page = visit(library_chat)
    page.locator("#state").get_by_role("button", name="Read the notes now").click()
    page.wait_for_function("document.querySelector('#state').innerText.trim() === ''", timeout=30_000)
    page.get_by_role("button", name="Settings").click()
    settings = page.locator("#settings")
    settings.get_by_label("Most passages").fill("2")
    settings.get_by_label("Budget in tokens").fill("512")
    settings.get_by_label("Folder").select_option("notes")
    settings.get_by_role("button", name="Save").click()
    page.get_by_text("Only pages in notes").wait_for()
    turn = ask(page, "How does lora save memory?", state="")
    page.wait_for_function("document.querySelector('.turn').dataset.state === 'done'")
    assert "lora.md" not in turn.locator(".evidence").inner_text()
    page.get_by_role("button", name="All notes", exact=True).click()
    page.get_by_text("All notes are asked again.").wait_for()
    assert "lora.md" in ask(page, "What is lora?").locator(".evidence").inner_text()
    assert settings.get_by_label("Most passages").input_value() == "2", "the rest stays as it was set"


def test_the_chats_stay_beside_the_other_tabs(library_chat, visit, ask):
    page = visit(library_chat)
    ask(page, "What is lora?", "failed")
    page.locator("#shelf .open-chat").wait_for()
    open_tab(page, "Knowledge base")
    page.get_by_role("button", name="Compare again").wait_for()
    page.locator("#shelf .open-chat").click()
    turn_of(page, "What is lora?", "")
    assert page.get_by_role("tab", name="Chat").get_attribute("aria-selected") == "true"


def test_an_ingest_can_be_stopped(library_chat, visit):
    page = visit(library_chat)
    open_tab(page, "Knowledge base")
    page.get_by_role("button", name="4 new: read them now").click()
    page.locator("[data-part=update]").get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped; the index is as it was.").wait_for(timeout=20_000)


def test_the_tab_is_accessible_and_fits(library_chat, visit):
    from axe_playwright_python.sync_playwright import Axe

    from tests.browser.test_chat import _serious

    page = visit(library_chat)
    open_tab(page, "Knowledge base")
    page.get_by_role("button", name="4 new: read them now").click()
    page.get_by_text("3 pages").first.wait_for(timeout=30_000)
    for scheme, width in product(("light", "dark"), (360, 1280)):
        page = visit(library_chat, scheme=scheme, width=width)
        open_tab(page, "Knowledge base")
        page.get_by_text("3 pages").first.wait_for()
        page.wait_for_timeout(300)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert (overflow, _serious(Axe().run(page))) == (0, []), (scheme, width)
