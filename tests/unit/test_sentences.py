from itertools import pairwise

import pytest

from rag.sentences import split_sentences


def split(text):
    return [text[a:b] for a, b in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  \n ", []),
        ("One.", ["One."]),
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Devlin et al. 2018 wrote it.", ["Devlin et al. 2018 wrote it."]),
        ("It works, e.g. BERT. So it does.", ["It works, e.g. BERT.", "So it does."]),
        ("J. Smith left. He ran.", ["J. Smith left.", "He ran."]),
        ("Version 2.5 is out. See it.", ["Version 2.5 is out.", "See it."]),
        ("1. First item\n2. Second item", ["1. First item", "2. Second item"]),
        ('He said "no." Then "yes."', ['He said "no."', 'Then "yes."']),
        ("日本語です。次の文。", ["日本語です。", "次の文。"]),
        ("「本当に！？」と聞く。「はい。」次。", ["「本当に！？」と聞く。", "「はい。」", "次。"]),
        ("| a | b |\n| c | d |", ["| a | b |", "| c | d |"]),
        ("Wait... what? Yes", ["Wait... what?", "Yes"]),
        ("यह पहला है। यह दूसरा है।", ["यह पहला है।", "यह दूसरा है।"]),
        ("هل هذا صحيح؟ نعم.", ["هل هذا صحيح؟", "نعم."]),
        (
            "การปรับจูนแบบจำลองใช้ข้อมูลน้อยกว่าการฝึกใหม่ วิธีนี้จึงถูกกว่ามาก และยังเร็วกว่าด้วยเมื่อใช้กับเครื่องเดียว อัตราเรียนรู้คือ 2 ต่อ 100",
            [
                "การปรับจูนแบบจำลองใช้ข้อมูลน้อยกว่าการฝึกใหม่",
                "วิธีนี้จึงถูกกว่ามาก และยังเร็วกว่าด้วยเมื่อใช้กับเครื่องเดียว",
                "อัตราเรียนรู้คือ 2 ต่อ 100",
            ],
        ),
        (
            "Let $x = 1. Y$ hold. Next \\(a. B\\) too. It costs $5. Then $6.",
            ["Let $x = 1. Y$ hold.", "Next \\(a. B\\) too.", "It costs $5.", "Then $6."],
        ),
    ],
)
def test_boundaries(text, expected):
    assert split(text) == expected


def test_every_visible_character_is_in_exactly_one_sentence():
    text = "A b. C d!  E\n\nF. g 3.4 H."
    spans = split_sentences(text)
    assert all(a < b <= c for (a, b), (c, _) in pairwise(spans))
    covered = {i for a, b in spans for i in range(a, b)}
    assert covered >= {i for i, c in enumerate(text) if not c.isspace()}
