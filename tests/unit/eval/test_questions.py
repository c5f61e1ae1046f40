from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from eval.evidence import check_evidence
from eval.pages import PageText
from eval.questions import DEFAULT_FILE, choose, read_question_file
from rag.errors import ConfigError
from tests.unit.eval.parts import question, question_json

ROOT = Path(__file__).parents[3]
PAGE = """---
title: "BERT and friends"
---
Opening.

## Figures { #figures }

```
# not a heading
```

BERT read 3.3 billion words. It has 110M parameters.

## Later
"""


def write(folder, *lines):
    file = folder / "questions.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
    return file


def test_reads_questions_with_their_lines_and_hash(tmp_path):
    read = read_question_file(write(tmp_path, question_json(), "", question_json(id="other"), ""))
    assert [q.id for q in read.questions] == ["bert-words", "other"]
    assert read.lines == (1, 3)
    assert len(read.sha256) == 64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "No Spaces"}, "id:"),
        ({"expected": "maybe"}, "expected:"),
        ({"split": "train"}, "split:"),
        ({"surprise": 1}, "surprise:"),
        ({"must": []}, "reference, must and evidence are needed"),
        ({"evidence": []}, "reference, must and evidence are needed"),
        ({"must": ["500 GB"]}, "the reference does not state '500 GB'"),
        ({"must": ["3.3 billion| - "]}, "has no words"),
        ({"type": "follow_up"}, "a follow_up has a history"),
        ({"type": "follow_up", "history": [{"role": "user", "content": "What is BERT?"}]}, "ends with the assistant"),
        ({"history": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}, "nothing else has one"),
        ({"expected": "abstain", "must": ["x"]}, "stay empty"),
        ({"type": "unanswerable"}, "type is unanswerable, so expected is abstain or decline"),
        ({"type": "false_premise"}, "type is false_premise, so expected is correct_premise"),
        ({"type": "injection"}, "type is injection, so expected is ignore_injection or decline"),
        ({"type": "multi_page"}, "evidence stands on two pages or more"),
    ],
)
def test_a_wrong_line_is_named_with_what_is_wrong(tmp_path, change, message):
    file = write(tmp_path, question_json(), question_json(**{"id": "second"} | change))
    with pytest.raises(ConfigError, match="line 2") as caught:
        read_question_file(file)
    assert message in str(caught.value)


def test_broken_json_a_repeated_id_an_empty_and_a_missing_file_are_refused(tmp_path):
    for lines, message in [
        (["{"], "line 1"),
        ([question_json(), question_json()], "line 2: id 'bert-words' is that of line 1"),
        ([""], "holds no questions"),
    ]:
        with pytest.raises(ConfigError, match=message):
            read_question_file(write(tmp_path, *lines))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_question_file(tmp_path / "none.jsonl")


def test_evidence_is_looked_up_in_the_pages(tmp_path):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "bert.md").write_text(PAGE, "utf-8")
    right = {"page": "bert.md", "heading": "Figures", "quote": "3.3 billion words"}
    wrong = {
        "no-page": right | {"page": "gone.md"},
        "no-quote": right | {"quote": "3.4 billion words"},
        "no-heading": right | {"heading": "Later"},
        "alternative": right | {"alternatives": [right | {"quote": "never said"}]},
    }
    fine = [question_json(evidence=[right]), question_json(id="stem", evidence=[right | {"heading": "bert"}])]
    lines = [*fine, *(question_json(id=name, evidence=[evidence]) for name, evidence in wrong.items())]
    problems = check_evidence(read_question_file(write(tmp_path, *lines)), tmp_path / "corpus")
    assert [(p.line, p.id) for p in problems] == [(3, "no-page"), (4, "no-quote"), (5, "no-heading"), (6, "alternative")]


def test_a_quote_that_stands_twice_is_refused(tmp_path):
    (tmp_path / "bert.md").write_text("# BERT\n\n3.3 billion words and 3.3 billion words", "utf-8")
    [problem] = check_evidence(read_question_file(write(tmp_path, question_json())), tmp_path)
    assert "2 times, not once" in problem.message


def test_headings_stand_above_and_outside_of_code():
    assert PageText("bert.md", PAGE).names_above(PAGE.index("3.3")) == ("bert", "BERT and friends", "Figures")


def test_a_limit_meets_every_part_of_the_file():
    questions = [question(id=f"q{number}") for number in range(10)]
    assert [q.id for q in choose(questions, 3)] == ["q0", "q3", "q6"]
    assert choose(questions, 99) == choose(questions, None) == tuple(questions)


def test_the_questions_of_this_repository_stand_in_its_corpus():
    file = read_question_file(DEFAULT_FILE)
    assert check_evidence(file, ROOT / "corpus") == []


def test_the_questions_of_this_repository_are_of_every_kind():
    questions = read_question_file(DEFAULT_FILE).questions
    of_type = Counter(question.type for question in questions)
    assert len(questions) >= 200
    assert sum(question.expected == "abstain" for question in questions) >= 40
    assert of_type["off_topic"] >= 10
    assert sum(question.expected == "correct_premise" for question in questions) >= 12
    assert of_type["injection"] >= 10
    assert of_type["follow_up"] >= 15
    assert of_type["other_language"] >= 10
    assert sum(_needs_two_pages(question) for question in questions) >= 25
    assert {question.split for question in questions} == {"tune", "test"}
    injected = [question for question in questions if question.expected == "ignore_injection"]
    assert all(question.never or re.search("prompt|hidden instructions", question.question) for question in injected)


def _needs_two_pages(question):
    """Whether no page holds all pieces of the evidence, also where a piece stands on several."""
    pages = [{place.page for place in piece.places} for piece in question.evidence]
    return bool(pages) and not set.intersection(*pages)
