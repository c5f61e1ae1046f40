from __future__ import annotations

import pytest

from eval.facts import states


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("It has 1,024 dimensions.", "1024 dimensions"),
        ("176 Billion parameters", "176B|176 billion"),
        ("It takes 128KiB.", "128 KiB"),
        ("Content-Security-Policy headers", "content security policy"),
        ("It *masks* dynamically", "masks"),
        ("3,3 or 3.3 billion", "3.3 billion"),
    ],
)
def test_states(text, fact):
    assert states(text, fact)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("It has 10245 dimensions.", "1024 dimensions"),
        ("reward, then a model", "reward model"),
        ("33 billion", "3.3 billion"),
        ("", "BERT"),
        ("BERT", ""),
    ],
)
def test_does_not_state(text, fact):
    assert not states(text, fact)
