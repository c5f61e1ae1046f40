from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from eval.adding import add_question, line_of
from eval.cli import main
from eval.questions import read_question_file
from rag.errors import ConfigError
from tests.unit.eval.parts import question_json

PAGE = "---\ntitle: BERT notes\n---\n\n# BERT\n\n## Size\n\nIt was trained on 3.3 billion words.\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "bert.md").write_text(PAGE)
    (tmp_path / "secret.md").write_text("the password is swordfish")
    (tmp_path / "notes" / "linked.md").symlink_to(tmp_path / "secret.md")
    return tmp_path


ADD = ["questions", "add", "--questions", "q.jsonl", "--corpus", "notes"]
TOLD = [
    *["On how much text was BERT trained?", "--reference", "On 3.3 billion words.", "--must", "3.3 billion"],
    *["--evidence", "bert.md", "3.3 billion words"],
]


def test_a_question_is_added_with_an_id_and_the_heading_above_its_evidence(here, capsys):
    assert main([*ADD, *TOLD]) == 0
    assert capsys.readouterr().out == "on-how-much-text-was-bert-trained\n"
    [question] = read_question_file(here / "q.jsonl").questions
    assert (question.must, question.evidence[0].heading) == (["3.3 billion"], "Size")
    assert main(["questions", "check", "--questions", "q.jsonl", "--corpus", "notes"]) == 0


def test_the_file_keeps_what_it_had_and_ids_stay_apart(here):
    (here / "q.jsonl").write_text(json.dumps(question_json(question="What is BERT?", id="how-big-is-bert")))
    arguments = ["How big is BERT?", "--expected", "abstain", "--type", "unanswerable"]
    assert main([*ADD, *arguments]) == 0
    assert [question.id for question in read_question_file(here / "q.jsonl").questions] == ["how-big-is-bert", "how-big-is-bert-2"]
    assert (here / "q.jsonl").read_text().endswith("}\n")
    assert [path.name for path in here.iterdir() if path.name.startswith(".")] == []


def test_json_from_standard_input_will_do(here, monkeypatch):
    monkeypatch.setattr(
        "sys.stdin", io.StringIO(json.dumps(question_json(evidence=[]) | {"expected": "abstain", "reference": "", "must": []}))
    )
    assert main(ADD) == 0
    assert read_question_file(here / "q.jsonl").questions[0].id == "bert-words"
    monkeypatch.setattr("sys.stdin", io.StringIO("nonsense"))
    with pytest.raises(ConfigError, match="is not JSON"):
        main(ADD)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Who?", "--evidence", "gpt.md", "nothing here"], "no readable page gpt.md"),
        (["Who?", "--evidence", "../secret.md", "the password is swordfish"], "no readable page ../secret.md"),
        (["Who?", "--evidence", "../notes/bert.md", "3.3 billion words"], "no readable page ../notes/bert.md"),
        (["Who?", "--evidence", "./bert.md", "3.3 billion words"], "no readable page ./bert.md"),
        (["Who?", "--evidence", "linked.md", "the password is swordfish"], "no readable page linked.md"),
        (["Who?", "--evidence", "be\0rt.md", "nothing here"], "no readable page be"),
        (["Who?", "--evidence", "bert.md", "nothing here"], "0 times, not once"),
        (["Who?", "--evidence", "bert.md", "BERT"], "2 times, not once"),
        (["Who?"], "reference, must and evidence are needed"),
        ([*TOLD, "--type", "riddle"], "type: Input should be"),
        ([*TOLD, "--id", "Not An Id"], "id: String should match"),
    ],
)
def test_a_wrong_question_is_refused_and_nothing_is_written(here, arguments, said):
    with pytest.raises(ConfigError) as caught:
        main([*ADD, *arguments])
    assert said in str(caught.value)
    assert not (here / "q.jsonl").exists()


def test_evidence_is_no_way_to_other_files_by_their_full_name(here):
    for file, heading, quote in [
        ("secret.md", "secret", "the password is swordfish"),
        ("notes/bert.md", "Size", "3.3 billion words"),
    ]:
        place = {"page": str(here / file), "heading": heading, "quote": quote}
        with pytest.raises(ConfigError, match="no readable page"):
            add_question(here / "q.jsonl", question_json(evidence=[place]), here / "notes")


def test_a_question_is_added_once(here):
    fields = question_json(evidence=[{"page": "bert.md", "heading": "Size", "quote": "3.3 billion words"}])
    add_question(here / "q.jsonl", fields, here / "notes")
    with pytest.raises(ConfigError, match="There is a question 'bert-words'"):
        add_question(here / "q.jsonl", fields, here / "notes")
    with pytest.raises(ConfigError, match="already"):
        add_question(here / "q.jsonl", fields | {"id": "other", "question": fields["question"].upper()}, here / "notes")


def test_questions_that_are_added_at_once_are_all_kept(here):
    def add(number):
        fields = question_json(id=f"q-{number}", question=f"Is it {number}?", expected="abstain")
        add_question(here / "q.jsonl", fields, here / "notes")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    assert {question.id for question in read_question_file(here / "q.jsonl").questions} == {f"q-{number}" for number in range(40)}


def test_a_folder_that_is_not_there_is_said_plainly(here):
    with pytest.raises(ConfigError, match="cannot be written: No such file"):
        add_question(here / "nowhere" / "q.jsonl", question_json(expected="abstain"), here / "notes")


def test_a_line_is_short_and_reads_back_as_the_same_question(here):
    fields = question_json(evidence=[{"page": "bert.md", "heading": "Size", "quote": "3.3 billion words"}])
    question = add_question(here / "q.jsonl", fields, here / "notes")
    assert "history" not in line_of(question)
    assert "alternatives" not in line_of(question)
    assert read_question_file(here / "q.jsonl").questions == (question,)
