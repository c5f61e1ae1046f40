"""The evaluation tab: runs, one run, two compared, a run started and stopped, a complaint made a test question."""

from __future__ import annotations

import json
from itertools import product

import pytest

from tests.browser.test_chat import _serious
from tests.ui_lab import write_runs
from tests.ui_library import write_notes
from tests.ui_process import ChatProcess

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def lab_chat(chromium, lab):
    write_runs(lab / "runs")
    write_notes(lab / "corpus")
    with ChatProcess(
        "--pause-s", 0.002, "--corpus", lab / "corpus", "--index", lab / "index",
        "--runs", lab / "runs", "--questions", lab / "questions.jsonl",
    ) as running:  # fmt: skip
        yield running.url


def open_tab(page):
    page.get_by_role("tab", name="Evaluation").click()
    page.get_by_role("button", name="20260102T100000Z-run").wait_for()


def read_notes(page):
    page.wait_for_function("document.querySelector('#state [data-part]').dataset.shown !== undefined")
    start = page.locator("#state").get_by_role("button", name="Read the notes now")
    if start.count():  # by the first test that needs them
        start.click()
    page.wait_for_function("document.querySelector('#state').innerText.trim() === ''", timeout=30_000)


def test_runs_figures_questions_and_comparison(lab_chat, visit):
    page = visit(lab_chat)
    open_tab(page)
    page.get_by_role("button", name="20260101T100000Z-run").click()
    main = page.locator("[data-part=runs-main]")
    main.get_by_role("heading", name="Figures").wait_for()
    assert main.locator("svg[role=img]").count() == 3
    assert main.locator("tbody tr", has_text="0.71").count() >= 1
    main.get_by_role("button", name="What does page 0 say about LoRA?").click()
    main.get_by_text("On 3.3 billion words.").first.wait_for()
    assert main.get_by_text("missing: few").count() == 1
    main.get_by_role("button", name="Back to the runs").click()
    page.get_by_role("button", name="Compare").click()
    main.get_by_role("heading", name="20260101T100000Z-run → 20260102T100000Z-run").wait_for()
    assert "4 came right, 0 went wrong" in main.inner_text()
    assert main.locator("tbody tr", has_text="question-3").count() >= 1


def test_a_run_shows_its_progress_and_can_be_stopped(lab_chat, visit):
    page = visit(lab_chat)
    open_tab(page)
    job = page.locator("[data-part=job]")
    job.get_by_role("button", name="Start a run").click()
    job.get_by_text(" of 5.").wait_for()
    assert job.locator("progress").count() == 1
    job.get_by_text("The run has ended.").wait_for()
    job.get_by_role("button", name="Start a run").click()
    job.get_by_role("button", name="Stop").click()
    job.get_by_text("Stopped.").wait_for()


def test_a_complaint_becomes_a_test_question(lab_chat, visit, ask, lab):
    page = visit(lab_chat)
    read_notes(page)
    turn = ask(page, "How does lora save memory?")
    turn.get_by_role("button", name="Not helpful").click()
    turn.get_by_label("What is wrong?").select_option("incomplete")
    turn.get_by_role("button", name="Send").click()
    turn.get_by_text("Thank you.").wait_for()
    open_tab(page)
    page.get_by_role("button", name="Make it a test question").click()
    form = page.locator("[data-part=draft]")
    assert form.locator("textarea[name=question]").input_value() == "How does lora save memory?"
    form.get_by_label("A good answer").fill("A rank of 8 is enough for most styles.")
    form.get_by_role("button", name="Save").click()
    page.locator("#said.wrong").wait_for()
    form.get_by_label("Facts that it has to state").fill("8")
    form.get_by_role("button", name="Save").click()
    page.get_by_text("Saved as").wait_for()
    [line] = (lab / "questions.jsonl").read_text("utf-8").splitlines()
    written = json.loads(line)
    assert written["question"] == "How does lora save memory?"
    assert {piece["page"] for piece in written["evidence"]} == {"guide/lora.md"}


def test_thumbs_down_is_one_click_away_from_a_test_question(lab_chat, visit, ask):
    page = visit(lab_chat)
    read_notes(page)
    turn = ask(page, "What does lora train?")
    turn.get_by_role("button", name="Not helpful").click()
    turn.get_by_label("What is wrong?").select_option("talkative")
    turn.get_by_role("button", name="Make it a test question").click()
    form = page.locator("[data-part=draft]")
    form.locator("textarea[name=question]").wait_for()
    assert page.get_by_role("tab", name="Evaluation").get_attribute("aria-selected") == "true"
    assert form.locator("textarea[name=question]").input_value() == "What does lora train?"
    assert form.get_by_label("Expected").input_value() == "abstain", "what the reader said counts"
    assert page.evaluate("document.activeElement.closest('[data-part=draft]') !== null")
    assert page.locator("[data-part=complaints] tbody tr", has_text="What does lora train?").count() == 1


def test_the_tab_is_accessible_and_fits(lab_chat, visit):
    from axe_playwright_python.sync_playwright import Axe

    for scheme, width in product(("light", "dark"), (360, 1280)):
        page = visit(lab_chat, scheme=scheme, width=width)
        open_tab(page)
        found = [_serious(Axe().run(page))]
        page.get_by_role("button", name="20260101T100000Z-run").click()
        page.get_by_role("heading", name="Figures").wait_for()
        page.wait_for_timeout(300)
        found.append(_serious(Axe().run(page)))
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert (overflow, found) == (0, [[], []]), (scheme, width)
