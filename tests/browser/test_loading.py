"""The page before the model is loaded."""

from __future__ import annotations

import pytest

from tests.ui_process import ChatProcess

pytestmark = pytest.mark.browser


def test_the_page_is_there_at_once_and_says_that_the_model_is_loading(chromium, visit, ask, tmp_path):
    ready = tmp_path / "ready"
    with ChatProcess("--pause-s", 0.002, "--load-until", ready) as running:
        page = visit(running.url)
        page.wait_for_function("document.querySelector('#state').innerText.includes('Loading the model')")
        assert page.locator("#state progress").get_attribute("aria-label") == "Loading the model"
        turn = ask(page, "What is lora?", state="running")
        page.wait_for_function("document.querySelector('.status').innerText === 'Loading the model…'")
        ready.touch()
        page.wait_for_function("document.querySelector('.turn').dataset.state === 'done'")
        assert turn.locator(".cite").count() == 4
        page.wait_for_function("document.querySelector('#state').innerText.trim() === ''")
        page.close()
