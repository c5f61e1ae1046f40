import asyncio
import json
import sys
import time

import pytest

from rag.errors import ConfigError, LLMError
from rag.ui.actions import Actions
from rag.ui.evaluation.draft import draft_of, fields_of
from rag.ui.evaluation.job import Job
from rag.ui.evaluation.tab import HTML, EvaluationTab
from rag.ui.evaluation.values import Compared, ComparedFigure, Figure, Plot, QuestionLine, RunLine, RunView
from rag.ui.store import Conversations, Database, Feedback
from rag.ui.store.feedback import Verdict
from tests.unit.eval.parts import result
from tests.unit.ui.hostile import HOSTILE
from tests.unit.ui.inert import assert_inert, read

LINE = RunLine("20260101-run", "2026-01-01T10:00:00", "2026-01-01T10:05:00", "qwen", "", 12, 12, 0.75)
ANSWER = {
    "status": "answered",
    "text": "LoRA trains few weights. [1] It is green.",
    "citations": [{"marker": 1, "path": "lora.md", "line": 1, "quote": "LoRA trains few weights."}],
}


class Lab:
    """An evaluation that says what a test says."""

    types = ("fact", "unanswerable")
    expectations = ("answer", "abstain")

    def __init__(self, text="plain", script="pass"):
        self.text, self.script, self.added = text, script, []

    def runs(self):
        return [LINE, RunLine(self.text, "2026-01-01", "", self.text, self.text, 3, 12, None)]

    def view(self, name):
        if name != LINE.name:
            raise ConfigError("There is no such run")
        figures = [Figure(self.text, self.text, 0.5, 0.4, 0.6, 12), Figure("never", "", None, None, None, 0)]
        questions = [QuestionLine("q1", self.text, self.text, "wrong")]
        return RunView(LINE, {self.text: self.text}, figures, [Plot(self.text, "<svg></svg>", self.text)], questions)

    def question(self, name, identity):
        return result(identity, question=self.text, reference=self.text)

    def compare(self, before, after):
        figure = ComparedFigure(self.text, 0.5, 0.75, 0.25, 0.1, 0.4, 0.01, "better", 12)
        return Compared(self.text, [figure], [(self.text, "wrong", "right")])

    def command(self, *, limit, judged):
        self.asked = (limit, judged)
        return [sys.executable, "-c", self.script]

    def add(self, fields):
        if not fields["must"]:
            raise ConfigError("must is needed", hint="Write a fact.")
        self.added.append(fields)
        return "new-question"


class House:
    def __init__(self, **lab):
        database = Database(None)
        self.lab, self.job, self.feedback = Lab(**lab), Job(), Feedback(database)
        self.chats = Conversations(database)
        self.actions = Actions()
        EvaluationTab(self.lab, self.feedback, self.job).offer(self.actions)

    def act(self, name, **arguments):
        status, reply = asyncio.run(self.actions.perform(name, "ann", json.dumps(arguments).encode()))
        assert status == 200
        return reply

    def shown(self, part, name, **arguments):
        return assert_inert(self.act(name, **arguments)["parts"][part].replace("<svg></svg>", ""))

    def complain(self, reason="wrong"):
        conversation = self.chats.start("ann", "What is LoRA?")
        self.chats.begin_turn("ann", conversation, "t1", "What is LoRA?")
        self.chats.finish_turn("t1", "done", {}, ANSWER)
        self.feedback.give("ann", "t1", helpful=False, reason=reason, remark="It is not green.")


def test_runs_in_a_table():
    text = House().shown("runs-main", "runs")
    assert "20260101-run" in text
    assert "12 of 12" in text
    assert "75%" in text
    assert "3 of 12, not finished" in text
    assert "Compare" in text


def test_one_run_and_one_question():
    house = House()
    text = house.shown("runs-main", "run", run=LINE.name)
    assert "0.50" in text
    assert "0.40 to 0.60" in text
    assert "never" not in text
    assert "wrong" in text
    text = house.shown("run-question", "run-question", run=LINE.name, id="q1")
    assert "On 3.3 billion words." in text
    assert "expected to answer" in text
    assert house.shown("run-question", "run-question") == ""
    assert "no such run" in house.act("run", run="x")["problem"]


def test_two_runs_compared():
    text = House().shown("runs-main", "compare-runs", before="a", after="b")
    assert "a → b" in text
    assert "+0.250" in text
    assert "+0.100 to +0.400" in text
    assert "better" in text


@pytest.mark.parametrize("text", HOSTILE)
def test_it_is_inert_whatever_runs_and_questions_say(text):
    house = House(text=text)
    house.shown("runs-main", "runs")
    house.shown("runs-main", "run", run=LINE.name)
    house.shown("run-question", "run-question", run=LINE.name, id="q1")
    house.shown("runs-main", "compare-runs", before=text, after=text)


def test_a_run_is_started_followed_and_ends():
    script = "import sys, time\ntime.sleep(1)\nfor n in range(1, 4): print(f'{n} of 3: q{n}: right', file=sys.stderr)\n"
    house = House(script=script)
    assert "Start a run" in house.shown("job", "runs")
    reply = house.act("run-start", limit="5", judged="")
    assert house.lab.asked == (5, False)
    assert reply["poll"]["name"] == "job"
    assert "under way" in house.act("run-start")["problem"] or not house.job.running
    assert house.job.wait(30)
    assert house.job.state.phase == "done"
    assert (house.job.state.done, house.job.state.total) == (3, 3)
    assert house.act("job")["poll"] == {"name": "runs", "after_s": 0}
    assert "The run has ended." in house.shown("job", "job")


def test_a_run_can_be_stopped():
    script = "import sys, time\nprint('1 of 9: q: right', file=sys.stderr, flush=True)\ntime.sleep(60)\n"
    house = House(script=script)
    house.act("run-start")
    end = time.monotonic() + 20
    while house.job.state.done != 1 and time.monotonic() < end:
        time.sleep(0.02)
    assert "1 of 9" in house.shown("job", "job")
    house.act("run-stop")
    assert house.job.wait(20)
    assert "Stopped" in house.shown("job", "job")


def test_a_run_that_fails_says_why():
    house = House(script="import sys\nprint('There is no index yet', file=sys.stderr)\nsys.exit(2)\n")
    house.act("run-start")
    assert house.job.wait(20)
    assert "There is no index yet" in house.shown("job", "job")


def test_a_program_that_is_not_there():
    with pytest.raises(LLMError, match="cannot be started"):
        Job().start(["/nonexistent/program"])


def test_closing_ends_a_run():
    job = Job()
    job.start([sys.executable, "-c", "import time; time.sleep(60)"])
    job.close()
    assert not job.running


def test_a_complaint_becomes_a_test_question():
    house = House()
    house.complain()
    assert "What is LoRA?" in house.shown("complaints", "runs")
    reply = house.act("draft", turn="t1")
    assert reply["focus"] == "draft"
    text = assert_inert(reply["parts"]["draft"])
    assert "The reader said: It is not green." in text
    assert "LoRA trains few weights. It is green." in text
    assert 'value="lora.md"' in reply["parts"]["draft"]
    wrong = {"question": "What is LoRA?", "expected": "answer", "kind": "fact", "reference": "It trains few.", "must": ""}
    assert "must is needed" in house.act("draft-save", **wrong)["problem"]
    reply = house.act(
        "draft-save", **{**wrong, "must": "few\n\n", "page0": "lora.md", "quote0": "few weights", "page1": "", "quote1": ""}
    )
    assert reply["said"] == "Saved as new-question."
    assert reply["parts"]["draft"] == ""
    [added] = house.lab.added
    assert added["must"] == ["few"]
    assert added["evidence"] == [{"page": "lora.md", "quote": "few weights"}]
    assert added["split"] == "tune"
    assert house.act("draft", turn="nothing")["problem"]


def test_a_test_question_can_be_written_without_a_complaint():
    house = House()
    assert 'data-do="draft"' in HTML
    reply = house.act("draft")
    assert reply["focus"] == "draft"
    assert "A new test question" in assert_inert(reply["parts"]["draft"])
    filled = {"question": "Is it green?", "expected": "answer", "kind": "fact", "reference": "Yes, green.", "must": "green"}
    assert house.act("draft-save", **filled)["said"] == "Saved as new-question."
    assert house.lab.added[0]["question"] == "Is it green?"
    assert "history" not in house.lab.added[0]


def test_a_follow_up_keeps_what_was_said_before_it():
    house = House()
    conversation = house.chats.start("ann", "What is LoRA?")
    for turn, asked in (("t1", "What is LoRA?"), ("t2", "Lost?"), ("t3", "And is it green?")):
        house.chats.begin_turn("ann", conversation, turn, asked)
        house.chats.finish_turn(turn, "stopped" if turn == "t2" else "done", {}, None if turn == "t2" else ANSWER)
    house.feedback.give("ann", "t3", helpful=False, reason="wrong")
    shown = house.act("draft", turn="t3")["parts"]["draft"]
    assert ">What is LoRA?</textarea>" in shown
    assert ">LoRA trains few weights. It is green.</textarea>" in shown
    filled = {"question": "And is it green?", "expected": "answer", "reference": "No.", "must": "no", "told": "It trains few."}
    house.act("draft-save", **filled, kind="follow_up", asked="What is LoRA?")
    house.act("draft-save", **filled, kind="fact", asked="What is LoRA?")
    follow_up, alone = house.lab.added
    assert follow_up["history"] == [
        {"role": "user", "content": "What is LoRA?"},
        {"role": "assistant", "content": "It trains few."},
    ]
    assert "history" not in alone


def test_what_the_reader_says_with_the_click_counts():
    house = House()
    house.complain()
    reply = house.act("draft", turn="t1", reason="talkative", remark="It made that up.")
    assert "It made that up." in assert_inert(reply["parts"]["draft"])
    assert 'value="abstain" selected' in reply["parts"]["draft"]
    assert "It made that up." in assert_inert(reply["parts"]["complaints"])


@pytest.mark.parametrize(
    ("reason", "expected", "evidence"),
    [("wrong", "answer", 1), ("talkative", "abstain", 0), ("silent", "answer", 1), ("", "answer", 1)],
)
def test_what_the_reader_said_decides_what_is_expected(reason, expected, evidence):
    draft = draft_of(Verdict("t", "q", ANSWER, False, reason, "", ""))
    assert draft.expected == expected
    assert len(draft.evidence) == evidence
    assert bool(draft.reference) == (expected == "answer")


def test_an_abstention_gives_no_reference():
    silent = {"status": "abstained", "text": "The notes don't say.", "citations": []}
    assert draft_of(Verdict("t", "q", silent, False, "silent", "", "")).reference == ""
    assert draft_of(Verdict("t", "q", None, False, "", "", "")).evidence == ()


def test_fields_that_are_no_text_are_empty():
    assert fields_of({"question": 7, "must": None})["question"] == ""


@pytest.mark.parametrize("text", HOSTILE)
def test_the_form_is_inert(text):
    house = House()
    conversation = house.chats.start("ann", text)
    house.chats.begin_turn("ann", conversation, "t1", text)
    citations = [{"marker": 1, "path": text, "line": 1, "quote": text}]
    house.chats.finish_turn("t1", "done", {}, {"status": "answered", "text": text, "citations": citations})
    house.feedback.give("ann", "t1", helpful=False, reason="wrong", remark=text)
    assert read(house.act("runs")["parts"]["complaints"])[0] == []
    assert read(house.act("draft", turn="t1")["parts"]["draft"])[0] == []
