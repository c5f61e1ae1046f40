import pytest

from rag.ui.chat.examples import example_questions

TITLES = ["LoRA", "Attention", "BERT vs GPT", "Index", "Reading list", "2026-11-18", "Scaling laws", "Map of Content", "x", "Cost"]


def test_they_are_questions_from_the_notes():
    found = example_questions(TITLES, ["Why does rank matter?", "Cost", "Why is it so?", "What " + "a long heading " * 9 + "?"])
    assert len(found) == 4
    assert found[2:] == ["How do BERT and GPT differ?", "Why does rank matter?"]


def test_what_is_no_topic_is_not_asked_for():
    found = example_questions(TITLES, [], count=20)
    assert sorted(found) == ["How do BERT and GPT differ?", "What are scaling laws?", "What is Attention?", "What is LoRA?"]


@pytest.mark.parametrize(
    ("title", "question"),
    [
        ("Prompt injection", "What is prompt injection?"),
        ("Context Rot", "What is Context Rot?"),
        ("KV Cache", "What is KV Cache?"),
        ("The transformer", "What is the transformer?"),
        ("Vector databases", "What are vector databases?"),
        ("Bias", None),
        ("Speech and music", None),
        ("Tokenizer quirks", None),
        ("GPT: from GPT-1 to GPT-4", None),
        ("<script>alert(1)</script>", None),
        ("", None),
    ],
)
def test_titles(title, question):
    assert example_questions([title], []) == ([question] if question else [])


def test_they_are_the_same_each_time_and_differ_from_each_other():
    titles = [f"Topic {letter}" for letter in "ABCDEFGH"]
    assert example_questions(titles, []) == example_questions(titles, [])
    assert len(set(example_questions([*titles, *map(str.upper, titles)], []))) == 4


def test_notes_without_topics_give_none():
    assert example_questions([], []) == []
