from html import unescape

import pytest

from rag.types import Sentence
from rag.ui.rich_text import ELEMENTS, answer_html
from tests.unit.ui.hostile import HOSTILE
from tests.unit.ui.inert import ELEMENTS as HARMLESS
from tests.unit.ui.inert import assert_inert


def show(markdown, sentences=(), labels=()):
    return answer_html(markdown, sentences, dict(labels))


def sentence(text, support="supported"):
    return Sentence(text, support, 1.0, ())


def test_enough_hostile_texts():
    assert len(set(HOSTILE)) >= 30


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_answers_are_inert(text):
    assert_inert(show(text))
    assert_inert(show(f"A sentence. {text} Another. [1]", [sentence(f"A sentence. {text}", "unsupported")], {1: text}))


@pytest.mark.parametrize("text", HOSTILE[:24])
def test_hostile_html_is_shown_as_what_it_is(text):
    assert unescape(text) in assert_inert(show(f"x {text}"))


@pytest.mark.parametrize("text", HOSTILE)
def test_every_beginning_of_a_hostile_draft_is_inert(text):
    for end in range(0, min(len(text), 120)):
        assert_inert(show(text[:end]))


def test_its_elements_are_harmless():
    assert ELEMENTS <= HARMLESS


def test_markdown_is_rendered():
    html = show("# Head\n\n**bold** and *soft* `code`\n\n- one\n- two\n\n3. three\n\n> said\n\n---\n\n```py\nx < 1\n```")
    for part in (
        "<h3>Head</h3>",
        "<strong>bold</strong>",
        "<em>soft</em>",
        "<code>code</code>",
        "<li>one</li>",
        '<ol start="3">',
        "<blockquote>",
        "<hr",
        '<pre tabindex="0"><code>x &lt; 1\n</code></pre>',
    ):
        assert part in html
    assert_inert(html)


def test_a_table_is_rendered_without_styles():
    html = show("| a | b |\n|:--|--:|\n| 1 | 2 |")
    assert "<th>a</th>" in html
    assert "style" not in html


def test_a_marker_is_a_button_that_says_what_it_opens():
    html = show("Said. [1] Told. [2]", labels={1: "Source 1: LoRA"})
    assert 'data-open="c1" aria-label="Source 1: LoRA"' in html
    assert html.count("<button") == 1
    assert "[2]" in html


def test_a_marker_before_parentheses_is_no_link():
    assert assert_inert(show("[1](https://evil.example)", labels={1: "s"})) == "1(https://evil.example)\n"


def test_a_marker_in_code_stays_code():
    assert "<button" not in show("`a[1]` and\n\n```\nb[1]\n```", labels={1: "s"})


def test_a_link_is_text_with_its_address():
    assert assert_inert(show("see [the paper](https://example.org/a_b)")) == "see the paper (https://example.org/a_b)\n"
    assert assert_inert(show("see <https://example.org>")) == "see https://example.org\n"
    assert assert_inert(show("write <a@example.org>")) == "write a@example.org\n"
    assert assert_inert(show("[a **b** `c`](https://e.org) [d](https://f.org)")) == "a b c (https://e.org) d (https://f.org)\n"


def test_an_image_is_its_description():
    assert assert_inert(show("![a cat](https://example.org/cat.png)")) == "[image: a cat]\n"
    assert assert_inert(show("![](x)")) == "[image]\n"


def test_unsupported_sentences_are_marked_in_words():
    html = show("Good. [1] Bad. Worse.", [sentence("Good."), sentence("Bad.", "unsupported"), sentence("Worse.", "contradicted")])
    text = assert_inert(html)
    assert "Bad. not in the notes" in text
    assert "Worse. contradicted" in text
    assert "Good. not" not in text
    assert 'title="No passage that was found supports this sentence"' in html


def test_equal_sentences_get_their_own_verdicts():
    text = assert_inert(show("So. So.", [sentence("So."), sentence("So.", "unsupported")]))
    assert text.strip() == "So. So. not in the notes"


def test_marks_stay_in_the_last_cell_of_a_row():
    html = show("| a | b |\n|---|---|\n| 1 | 2 | [1]\n| 3 | 4 |", [sentence("| 3 | 4 |", "unsupported")], {1: "s"})
    text = " ".join(assert_inert(html).split())
    assert text == "a b 1 2 1 3 4 not in the notes"
    assert html.count("<td>") == 4


def test_marks_come_after_a_fence_and_not_into_it():
    html = show("```\nx\n```", [sentence("```\nx\n```", "unsupported")])
    assert "not in the notes" in assert_inert(html.split("</pre>")[1])


def test_the_model_cannot_write_verdicts_itself():
    assert "verdict" not in show("Fine. [\ue000] [\ue001]")


def test_a_long_answer_is_rendered_quickly():
    assert len(show("word " * 40_000)) > 200_000
