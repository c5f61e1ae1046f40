from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from eval.bench import BenchError, Timing, bench, show, time_answers, time_ingests, time_searches
from rag.errors import CorpusError
from rag.progress import ProgressBar
from tests.unit.eval.parts import System, abstained, answered, question

QUIET = ProgressBar(quiet=True)


class Assistant(System):
    """Knows one answer to everything."""

    def __init__(self, *answers):
        super().__init__({})
        self.given = list(answers)
        self.searched = []

    def search(self, question, *, history=()):
        self.searched.append(question)

    def answer(self, question, *, history=()):
        self.asked.append(question)
        return self.given[min(len(self.asked), len(self.given)) - 1]


def took(first_token, total):
    return replace(answered("On 3.3 billion words."), timings_s={"first_token": first_token, "total": total})


def test_the_first_question_warms_up_and_is_not_counted():
    assistant = Assistant(took(90.0, 100.0), took(1.0, 4.0), took(3.0, 8.0))
    first, whole = time_answers(assistant, [question(id=f"q{n}") for n in range(3)], QUIET)
    assert (first.what, first.count, first.p50_s) == ("first token", 2, 2.0)
    assert (whole.what, whole.p50_s, whole.p95_s) == ("whole answer", 6.0, 7.8)


def test_abstentions_are_counted_and_not_timed_as_answers():
    timings = time_answers(Assistant(took(1, 1), abstained(), took(2.0, 3.0)), [question(id=f"q{n}") for n in range(3)], QUIET)
    assert [(timing.count, timing.note) for timing in timings] == [(1, "1 more abstained")] * 2
    [only] = time_answers(Assistant(abstained()), [question(id="a"), question(id="b")], QUIET)
    assert (only.count, only.note) == (0, "1 more abstained")


def test_every_question_is_searched_for_and_one_before_the_clock_starts():
    assistant = Assistant()
    questions = [question(id="a", question="One?"), question(id="b", question="Two?")]
    timing = time_searches(assistant, questions, QUIET)
    assert assistant.searched == ["One?", "One?", "Two?"]
    assert (timing.count, timing.p50_s >= 0) == (2, True)


def test_questions_without_an_answer_are_searched_for_and_not_answered():
    assistant = Assistant(took(1.0, 2.0))
    questions = [question(id="a", question="One?"), question(id="b", question="Two?", expected="abstain")]
    timings = bench(assistant, questions, 3, [Timing("first ingest", 1, 9.0, 9.0)], QUIET)
    assert [timing.what for timing in timings][:2] == ["first ingest", "question to passages"]
    assert set(assistant.asked) == {"One?"}


def test_timings_are_shown_as_a_table_and_as_json():
    timings = [Timing("first ingest", 1, 9.0, 9.0, "3 documents"), Timing("question to passages", 20, 0.02, 0.05)]
    table = io.StringIO()
    show(timings, table, as_json=False)
    assert "| first ingest | 1 | 9.000 | – | 3 documents |" in table.getvalue()
    assert "| question to passages | 20 | 0.020 | 0.050 |  |" in table.getvalue()
    out = io.StringIO()
    show(timings, out, as_json=True)
    said = json.loads(out.getvalue())
    assert said["timings"][1] == {"what": "question to passages", "count": 20, "p50_s": 0.02, "p95_s": 0.05, "note": ""}
    assert said["machine"]["cores"] >= 1


@pytest.mark.slow
def test_a_corpus_that_is_not_there_or_cannot_be_ingested_is_a_plain_error(tmp_path):
    with pytest.raises(CorpusError):
        time_ingests(tmp_path / "none", tmp_path, None, QUIET)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("# A\n\nText.\n")
    (tmp_path / "scratch").mkdir()
    with pytest.raises(BenchError, match="to be timed failed: There is no configuration file"):
        time_ingests(tmp_path / "notes", tmp_path / "scratch", tmp_path / "none.toml", QUIET)
