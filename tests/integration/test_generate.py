"""`python -m eval generate` as a process over a small corpus, with a model that says what a script says."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from eval.questions import read_question_file
from tests.integration.scripted_server import ScriptedServer

ROOT = Path(__file__).parents[2]
MORE = (
    "It stands on the shelf beside the window, between the copper pans and the blue bowls, where the cook finds it at once. "
    "Guests admire its handle, neighbours borrow it in winter, and children draw pictures of its crooked spout."
)
NOTES = {
    "kettle.md": f"# Kettles\n\nThe Meteor draws 2,200 watts. {MORE}\n",
    "oven.txt": f"The Vulcan oven reaches 300 degrees after 12 minutes. {MORE}\n",
    "mixer.ipynb": json.dumps(
        {
            "cells": [{"cell_type": "markdown", "source": f'# Mixers\n\nThe "Whirl" mixer turns 900 times a minute. {MORE}\n'}],
            "metadata": {},
            "nbformat": 4,
        }
    ),
    "fridge.md": f"# Fridges\n\nThe Boreas fridge holds 240 litres. {MORE}\n",
    "stove.md": f"# Stoves\n\nThe Etna stove burns 3 kilograms of wood. {MORE}\n",
    "toaster.md": f"# Toasters\n\nThe Duo toaster browns 2 slices. {MORE}\n",
}
SAID = {
    "Meteor": ("How many watts does the Meteor kettle draw?", "The Meteor draws 2,200 watts."),
    "Vulcan": ("How hot does the Vulcan oven get?", "The Vulcan oven reaches 300 degrees."),
    "Whirl": ("How often does the Whirl mixer turn in a minute?", 'The "Whirl" mixer turns 900 times a minute.'),
    "Boreas": ("How large is the fridge in the text?", "The Boreas fridge holds 240 litres."),
    "Etna": ("How much wood does the Etna stove burn?", "The Etna stove burns 5 kilograms of wood."),
    "Duo": ("Toast", "The Duo toaster browns 2 slices."),
}
GOOD = {"kettle.md", "oven.txt", "mixer.ipynb"}

pytestmark = [pytest.mark.model, pytest.mark.slow]


def scripted(said, schema):
    """Fill the form that is asked for: what a chunk is about, or a question and its answer."""
    [subject] = [name for name in SAID if name in said]
    if "entities" in schema["properties"]:
        return json.dumps({"entities": [subject]})
    question, answer = SAID[subject]
    return json.dumps({"query": question, "answer": answer})


@pytest.fixture
def kitchen(tmp_path, embedder_folder):
    del embedder_folder  # cuts the pages into chunks
    (tmp_path / "notes").mkdir()
    for name, text in NOTES.items():
        (tmp_path / "notes" / name).write_text(text, encoding="utf-8")
    return tmp_path


def start(folder, url, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "eval", *arguments, "--corpus", "notes"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "RAG_LLM": f"openai:{url}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def generate(folder, url, *arguments, out="made.jsonl"):
    process = start(folder, url, "generate", "--out", out, *arguments)
    stdout, stderr = process.communicate(timeout=120)
    assert "Traceback" not in stderr, stderr
    return process.returncode, stdout, stderr


def pages(file):
    return [question.evidence[0].page for question in read_question_file(file).questions]


def test_good_questions_pass_the_check_and_bad_ones_are_dropped_and_counted(kitchen):
    with ScriptedServer(scripted) as model:
        status, stdout, stderr = generate(kitchen, model.url, out="new/folder/made.jsonl")
    assert (status, stdout) == (0, "3 questions were added to new/folder/made.jsonl. Read them before you trust them.\n"), stderr
    for line in (
        "1 dropped: it asks about a text that the reader does not see",
        "1 dropped: a number of the answer does not stand in the evidence",
        "1 dropped: it is no question",
    ):
        assert line in stderr.splitlines()
    made = kitchen / "new" / "folder" / "made.jsonl"
    questions = read_question_file(made).questions
    assert {question.evidence[0].page: question.evidence[0].heading for question in questions} == {
        "kettle.md": "Kettles",
        "oven.txt": "oven",
        "mixer.ipynb": "Mixers",
    }
    assert {question.must[0] for question in questions} == {"2,200", "300", "900"}
    assert {question.split for question in questions} == {"tune"}
    check = start(kitchen, model.url, "questions", "check", "--questions", str(made))
    assert (check.communicate(timeout=60)[1], check.returncode) == ("3 questions, 3 quotes, 0 problems\n", 0)


def test_it_adds_to_what_is_there_no_more_than_is_asked_for_and_nothing_twice(kitchen):
    with ScriptedServer(scripted) as model:
        assert generate(kitchen, model.url, "--count", "1")[:2] == (
            0,
            "1 question was added to made.jsonl. Read them before you trust them.\n",
        )
        [first] = pages(kitchen / "made.jsonl")
        status, _, stderr = generate(kitchen, model.url)
    assert status == 0
    assert "1 dropped: That question is in made.jsonl already" in stderr
    assert pages(kitchen / "made.jsonl")[0] == first
    assert sorted(pages(kitchen / "made.jsonl")) == sorted(GOOD)


def test_a_model_that_finds_nothing_in_the_evidence_makes_no_question(kitchen):
    with ScriptedServer(scripted, weights={"Yes": 0.1, "No": 0.9}) as model:
        status, stdout, stderr = generate(kitchen, model.url)
    assert (status, stdout) == (1, "")
    assert "3 dropped: the model does not find the answer in the evidence (0.10)" in stderr
    assert stderr.rstrip().endswith(
        "No question was added to made.jsonl. Another model (--judge NAME) or other notes (--corpus DIR) may give some."
    )
    assert not (kitchen / "made.jsonl").exists()


def test_a_model_that_fails_half_way_keeps_what_was_made_and_is_given_up(kitchen):
    asked = []

    def failing(said, schema):
        asked.append(said)
        if len(asked) > 4:
            raise OSError("the GPU fell off the bus")
        return scripted(said, schema)

    for number in range(9):
        (kitchen / "notes" / f"more-{number}.md").write_text(NOTES["toaster.md"].replace("Duo", f"Duo {number}"), "utf-8")
    with ScriptedServer(failing) as model:
        status, stdout, stderr = generate(kitchen, model.url)
    assert (status, stdout) == (1, "1 question was added to made.jsonl. Read them before you trust them.\n")
    assert pages(kitchen / "made.jsonl") == ["kettle.md"]
    assert "5 dropped: " in stderr
    assert "The model failed 5 times in a row and was not asked again." in stderr
    assert "the GPU fell off the bus" in stderr
    assert len(asked) == 4 + 5


def test_a_failure_now_and_then_costs_a_question_and_no_more(kitchen):
    asked = []

    def failing(said, schema):
        asked.append(said)
        if len(asked) == 1:
            raise OSError("a hiccup")
        return scripted(said, schema)

    with ScriptedServer(failing) as model:
        status, stdout, stderr = generate(kitchen, model.url)
    assert (status, stdout[:11]) == (0, "3 questions")
    assert re.search(r"^1 dropped: .*HTTP 500\): a hiccup$", stderr, re.MULTILINE)
    assert "in a row" not in stderr


def test_ctrl_c_says_what_is_there_and_leaves_a_whole_file(kitchen):
    held, go_on = threading.Event(), threading.Event()

    def slow(said, schema):
        if (kitchen / "made.jsonl").exists():
            held.set()
            go_on.wait(60)
        return scripted(said, schema)

    with ScriptedServer(slow) as model:
        process = start(kitchen, model.url, "generate", "--out", "made.jsonl")
        try:
            assert held.wait(120)
            process.send_signal(signal.SIGINT)
            stdout, stderr = process.communicate(timeout=30)
        finally:
            process.kill()
            go_on.set()
    assert (process.returncode, stdout) == (130, "")
    assert stderr.endswith("\nStopped. 1 question was added to made.jsonl.\n")
    assert "Traceback" not in stderr
    assert len(pages(kitchen / "made.jsonl")) == 1
    assert sorted(path.name for path in kitchen.iterdir()) == ["made.jsonl", "notes"]


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("notes", "notes is a folder"),
        ("notes/kettle.md/made.jsonl", "cannot be written"),
        ("notes/kettle.md", "notes/kettle.md, line 1"),
    ],
)
def test_a_file_that_takes_no_questions_is_refused_before_the_model_is_asked(kitchen, out, said):
    with ScriptedServer(scripted) as model:
        status, stdout, stderr = generate(kitchen, model.url, out=out)
    assert (status, stdout, model.asked) == (2, "", [])
    assert said in stderr


def test_notes_with_nothing_to_ask_about_are_named_before_the_model_is_asked(kitchen):
    for name in NOTES:
        (kitchen / "notes" / name).unlink()
    (kitchen / "notes" / "short.md").write_text("# Short\n\nToo little.\n", "utf-8")
    with ScriptedServer(scripted) as model:
        status, stdout, stderr = generate(kitchen, model.url)
    assert (status, stdout, model.asked) == (2, "", [])
    assert "No page in notes has enough text to ask about" in stderr
