"""The chat as a reader meets it."""

from __future__ import annotations

import pytest

from tests.browser.conftest import turn_of
from tests.ui_fakes import PAYLOADS

pytestmark = pytest.mark.browser

SLOW = "How slow is attention over each token?"

SHOWN = ".page:not([hidden])"

# Everything that could act, were it data: looked for in what the page shows.
ACTIVE = "script, iframe, object, embed, img, svg, math, form, input, link, style, base, meta, template, video, audio, a"


def test_asking_shows_the_evidence_and_then_the_answer_as_it_is_written(visit, chat, ask):
    page = visit(chat)
    watch_states(page)
    turn = ask(page, "How does lora save memory?")
    seen = page.evaluate("window.seen")
    assert any(cards and not words for cards, words, *_ in seen), "the evidence is there before the first word"
    lengths = [words for _, words, _, state in seen if state == "running" and words]
    assert len(set(lengths)) > 5, "the answer grows"
    assert page.input_value("#question textarea") == ""
    assert turn.locator(".cite").count() == 4
    assert "not in the notes" in turn.locator(".answer").inner_text()
    assert "4 of 5 sentences supported" in turn.locator(".status").inner_text()
    assert page.locator(".spoken").inner_text() == "Answered, with 4 sources."


def test_a_citation_opens_the_place_with_the_quote_highlighted(visit, chat, ask):
    page = visit(chat)
    turn = ask(page, "How does lora save memory?")
    panel = page.locator(".panel")
    assert panel.is_hidden()
    turn.locator(".cite", has_text="2").click()
    assert panel.is_visible()
    assert panel.locator("h2").inner_text() == "LoRA"
    assert panel.locator(".trail").inner_text() == "Rank"
    assert "guide/lora.md, line 7" in panel.inner_text()
    assert panel.locator(f"{SHOWN} mark").all_inner_texts() == ["A rank of 8 is enough for most styles."]
    assert "A rank of 64 learns more" in panel.locator(SHOWN).inner_text()
    assert panel.get_by_role("heading", name="Rank").count() == 1, "the page is shown as it reads"
    panel.get_by_role("button", name="Show the source").click()
    assert panel.locator(f"{SHOWN} mark").all_inner_texts() == ["A rank of 8 is enough for most styles."]
    assert "## Rank" in panel.locator(SHOWN).inner_text()
    assert turn.locator(".cite[aria-current]").inner_text() == "2"

    panel.get_by_role("button", name="Next").click()
    assert "Source 3 of 4" in panel.inner_text()
    assert turn.locator(".cite[aria-current]").inner_text() == "3"
    for _ in range(2):
        panel.get_by_role("button", name="Previous").click()
    assert "Source 1 of 4" in panel.inner_text()
    assert panel.get_by_role("button", name="Previous").is_disabled()

    panel.get_by_role("button", name="Copy reference").click()
    panel.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "guide/lora.md:3 “Low-rank adaptation trains a small number of new weights beside the frozen ones.”"

    page.keyboard.press("Escape")
    assert panel.is_hidden()
    assert page.evaluate("document.activeElement.className") == "cite"


def test_evidence_opens_too(visit, chat, ask):
    page = visit(chat)
    turn = ask(page, "How does lora save memory?")
    turn.locator(".card").first.click()
    assert "Passage 1 of 6" in page.locator(".panel").inner_text()
    page.locator(".panel").get_by_role("button", name="Close source").click()
    assert page.locator(".panel").is_hidden()


def test_the_keyboard_is_enough(visit, chat, ask):
    page = visit(chat)
    turn = ask(page, "How does lora save memory?")
    page.evaluate("document.querySelector('.cards button').focus()")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('cite')"):
            break
    page.keyboard.press("Enter")
    assert "Source 1 of 4" in page.locator(".panel").inner_text()
    page.keyboard.press("ArrowRight")
    assert "Source 2 of 4" in page.locator(".panel").inner_text()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.innerText") == turn.locator(".cite").first.inner_text()


def test_nothing_moves_while_the_answer_grows(visit, chat, ask):
    page = visit(chat)
    turn = ask(page, SLOW, state="running")
    turn.locator(".card").first.wait_for()
    page.wait_for_timeout(600)  # the question has glided to the top
    watch_tops(page)
    page.wait_for_function("document.querySelectorAll('.cite').length > 3")
    page.get_by_role("button", name="Stop").click()
    turn_of(page, SLOW, "stopped")
    page.wait_for_timeout(300)
    assert len(page.evaluate("[...window.tops]")) == 4, page.evaluate("[...window.tops]")


def test_a_doubtful_answer_is_held_back_until_its_first_sentence_stands(visit, chat, ask):
    page = visit(chat)
    watch_states(page)
    turn = ask(page, "Perhaps: how does LoRA save memory?")
    seen = page.evaluate("window.seen")
    held = [(cards, words) for cards, words, status, _ in seen if status.startswith("Writing and checking")]
    assert held, "the page says what it waits for"
    assert all(cards and not words for cards, words in held), "the evidence is there, and no word of the answer"
    shown = [words for _, words, status, _ in seen if status == "Writing…"]
    assert shown[0] > 60, "the first sentence comes whole"
    assert shown == sorted(shown), "nothing is taken back"
    assert turn.locator(".cite").count() == 4


def test_an_answer_about_something_else_is_never_shown(visit, chat, ask):
    page = visit(chat)
    watch_states(page)
    turn = ask(page, "Perhaps: how does lora save memory in VALL-E?")
    assert not any(words for _, words, status, _ in page.evaluate("window.seen") if status.startswith(("Writing", "Reading")))
    assert "What comes nearest is said of something else." in turn.locator(".abstained").inner_text()
    assert turn.locator(".abstained li").count() == 3


def test_stop_works_while_an_answer_is_held_back_and_nothing_moves(visit, chat, ask):
    page = visit(chat)
    question = "Perhaps: how slow is attention in VALL-E?"
    ask(page, question, state="running")
    page.wait_for_function("document.querySelector('.status').innerText.startsWith('Writing and checking')")
    page.wait_for_timeout(600)  # the question has glided to the top
    watch_tops(page)
    page.locator(".card").first.click()
    assert "Passage 1 of 6" in page.locator(".panel").inner_text(), "the evidence can be read meanwhile"
    page.keyboard.press("Escape")
    assert page.locator(".turn .answer").inner_text() == ""
    page.get_by_role("button", name="Stop").click()
    turn = turn_of(page, question, "stopped")
    assert turn.locator(".status").inner_text() == "Stopped."
    assert len(page.evaluate("[...window.tops]")) == 4, page.evaluate("[...window.tops]")
    assert ask(page, "What is lora?").locator(".cite").count() == 4


def watch_states(page):
    """Keep what stood on the page, each time that it changed: cards, letters of the answer, status, state."""
    page.evaluate(
        """() => {
            window.seen = [];
            new MutationObserver(() => {
                const turn = document.querySelector('.turn');
                if (!turn) return;
                const words = turn.querySelector('.answer').innerText.length;
                const status = turn.querySelector('.status').innerText;
                window.seen.push([turn.querySelectorAll('.card').length, words, status, turn.dataset.state]);
            }).observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true });
        }"""
    )


def watch_tops(page):
    """Keep where the parts of the turn stand, in each frame."""
    page.evaluate(
        """() => {
            window.tops = new Set();
            const look = () => {
                for (const part of ['.question', '.cards', '.status', '.answer']) {
                    const element = document.querySelector(part);
                    if (element) window.tops.add(part + Math.round(element.getBoundingClientRect().top));
                }
                requestAnimationFrame(look);
            };
            look();
        }"""
    )


def test_small_talk_is_answered_and_not_refused(visit, chat, ask):
    page = visit(chat)
    turn = ask(page, "Hello!")
    assert "I answer questions from these notes" in turn.locator(".answer").inner_text()
    assert "don't say" not in turn.inner_text()
    assert turn.get_by_role("button", name="Why this answer").is_hidden()


def test_an_abstention_is_calm_and_lists_the_nearest_sections(visit, chat, ask):
    page = visit(chat)
    turn = ask(page, "Who won the cup?")
    assert "The notes don't say." in turn.locator(".answer").inner_text()
    assert turn.locator(".abstained li").count() == 3
    turn.locator(".abstained button").first.click()
    marked = " ".join(" ".join(page.locator(f".panel {SHOWN} mark").all_inner_texts()).split())
    # The whole passage, in as many marks as it has stretches.
    assert marked.startswith("Its cost grows with the square of the length of the text.")
    assert marked.endswith("each new token is compared once.")


def test_stop_keeps_what_was_written_and_the_next_question_works(visit, chat, ask):
    page = visit(chat)
    turn = ask(page, SLOW, state="running")
    page.wait_for_function("document.querySelector('.answer').innerText.length > 60")
    page.get_by_role("button", name="Stop").click()
    turn = turn_of(page, SLOW, "stopped")
    written = turn.locator(".answer").inner_text()
    assert "Stopped" in turn.locator(".status").inner_text()
    assert page.get_by_role("button", name="Ask", exact=True).is_visible()
    page.wait_for_timeout(400)
    assert turn.locator(".answer").inner_text() == written
    assert ask(page, "What is lora?").locator(".cite").count() == 4


def test_an_error_is_said_with_what_to_do_and_the_next_question_works(visit, chat, ask):
    page = visit(chat)
    turn = ask(page, "broken attention tokens", "failed")
    assert "The engine stumbled." in turn.locator(".problem").inner_text()
    first = turn.get_attribute("id")
    turn.get_by_role("button", name="Ask again").click()
    page.wait_for_function("first => (document.querySelector('.turn[data-state=failed]')?.id ?? first) !== first", arg=first)
    assert page.locator(".turn").count() == 1
    assert ask(page, "What is lora?").locator(".cite").count() == 4


def test_an_example_asks_itself(visit, chat):
    page = visit(chat)
    page.locator("#welcome button").first.click()
    turn_of(page, "What is LoRA, and how does lora save memory?")
    assert page.locator("#welcome").is_hidden()


def test_a_new_chat_is_empty(visit, chat, ask):
    page = visit(chat)
    ask(page, "What is lora?").locator(".cite").first.click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="New chat").click()
    page.locator("#welcome button").first.wait_for()
    assert page.locator(".turn").count() == 0
    assert page.locator(".panel").is_hidden()

    ask(page, SLOW, state="running")
    page.get_by_role("button", name="New chat").click()
    page.locator("#welcome button").first.wait_for()
    page.wait_for_timeout(500)
    assert page.locator(".turn").count() == 0, "a turn that was stopped comes back"
    assert ask(page, "What is lora?").locator(".cite").count() == 4


def test_a_hostile_page_is_inert(visit, chat, ask):
    page = visit(chat)
    question = "What trick does the hostile page greets reader " + PAYLOADS[1]
    turn = ask(page, question)
    assert PAYLOADS[0] in turn.locator(".answer").inner_text()
    for number in range(turn.locator(".cite").count()):
        turn.locator(".cite").nth(number).click()
        assert "".join(page.locator(f".panel {SHOWN} mark").all_inner_texts()).strip()
    turn.locator(".card").first.click()
    assert page.locator("#talk").locator(ACTIVE).count() == 0
    assert page.locator("#welcome").locator(ACTIVE).count() == 0
    handlers = page.evaluate(
        """() => [...document.querySelectorAll('#talk .log *, #talk .panel *, #welcome ul *')]
            .flatMap(element => element.getAttributeNames())
            .filter(name => /^(on|src|href|style)/.test(name))"""
    )
    assert handlers == []


def test_the_policy_stops_what_would_slip_through(visit, chat):
    page = visit(chat, complaints=True)
    page.evaluate(
        """() => {
            const trap = document.createElement('div');
            trap.innerHTML = '<img src="data:," onerror="window.slipped = 1">';
            document.body.append(trap);
            const script = document.createElement('script');
            script.textContent = 'window.slipped = 2';
            document.body.append(script);
        }"""
    )
    blocked = page.evaluate("fetch('https://example.org/').then(() => 'sent', () => 'blocked')")
    assert page.evaluate("window.slipped") is None
    assert blocked == "blocked"


@pytest.mark.parametrize("width", [360, 1280, 1920])
def test_no_horizontal_scrolling(visit, chat, ask, width):
    page = visit(chat, width=width, height=740)

    def overflow():
        return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    assert overflow() == 0
    turn = ask(page, "What trick does the hostile page greets reader")
    assert overflow() == 0
    turn.locator(".cite").first.click()
    assert overflow() == 0
    box = page.locator(".panel").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    page.keyboard.press("Escape")
    ask(page, "x" * 400, state="")
    assert overflow() == 0


def test_others_wait_in_line_and_one_readers_stop_lets_them_go_on(visit, chat, ask):
    first, second = visit(chat), visit(chat)
    ask(first, SLOW, state="running")
    turn = ask(second, "What is lora?", state="running")
    second.wait_for_function("document.querySelector('.status').innerText.includes('1 question before yours')")
    first.get_by_role("button", name="Stop").click()
    assert turn_of(second, "What is lora?").locator(".cite").count() == 4
    assert turn.locator(".card").count() > 0


def test_a_reader_who_leaves_frees_the_engine(visit, chat, ask):
    first, second = visit(chat), visit(chat)
    ask(first, SLOW, state="running")
    first.wait_for_function("document.querySelector('.answer').innerText.length > 60")
    first.context.close()
    turn = ask(second, "What is lora?")
    assert turn.locator(".cite").count() == 4


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_accessibility_violation(visit, chat, ask, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(chat, scheme=scheme)
    assert page.evaluate("document.body.classList.contains('dark')") == (scheme == "dark")
    dark_ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (dark_ground == "rgb(255, 255, 255)") == (scheme == "light")
    found = [_serious(Axe().run(page))]
    turn = ask(page, "How does lora save memory?")
    ask(page, "Who won the cup?")
    ask(page, "broken attention tokens", "failed")
    turn.locator(".cite").first.click()
    page.wait_for_timeout(300)
    found.append(_serious(Axe().run(page)))
    assert found == [[], []]


def _serious(results):
    return [
        (violation["id"], node["html"][:200])
        for violation in results.response["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]
