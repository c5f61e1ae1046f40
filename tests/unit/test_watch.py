"""When an ingest is due, and what is said when it fails. The file system is real, the ingest is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.errors import CorpusError, IndexLockedError, IndexStateError
from rag.ingest_cli import main, summary
from rag.types import IngestReport, Notice
from rag.watch import is_watched, watch

REPORT = IngestReport(1, (), (), (), 3, (), (), 3, 9, 0, 9, {"total": 0.25})

pytestmark = pytest.mark.slow  # edits are waited for until they settle


class DoneError(Exception):
    """Ends the endless loop."""


class Ingests:
    """Does what it is told, one step a call; a step may edit, raise, or give the number of a generation."""

    def __init__(self, *steps):
        self.steps = list(steps)

    def __call__(self):
        step = self.steps.pop(0)
        outcome = step() if callable(step) else step
        if isinstance(outcome, Exception):
            raise outcome
        return replace(REPORT, generation=outcome)


def watched(folder, *steps):
    shown, told = [], []
    with pytest.raises(DoneError):
        watch(folder, Ingests(*steps, DoneError()), lambda report: shown.append(report.generation), told.append)
    return shown, told


def test_an_edit_during_the_first_ingest_is_not_missed(tmp_path):
    def first():
        (tmp_path / "a.md").write_text("edited meanwhile")
        return 1

    assert watched(tmp_path, first) == ([1], [])


def test_edits_that_change_nothing_are_not_shown(tmp_path):
    def edit(number, generation):
        (tmp_path / f"{number}.md").write_text("x")
        return generation

    assert watched(tmp_path, lambda: edit(1, 1), lambda: edit(2, 1), lambda: edit(3, 2)) == ([1, 2], [])


def test_a_held_lock_is_waited_for_with_one_line(tmp_path):
    locked = IndexLockedError("process 7 writes", hint="Wait.")
    (tmp_path / "a.md").write_text("x")

    def at_last():
        (tmp_path / "b.md").write_text("x")
        return 1

    assert watched(tmp_path, locked, locked, locked, at_last) == ([1], ["waiting: process 7 writes"])


def test_a_later_failure_is_told_and_the_next_edit_tries_again(tmp_path):
    def edit(outcome):
        (tmp_path / "a.md").write_text(str(outcome))
        return outcome

    full = IndexStateError("No space left", hint="Free some.")
    assert watched(tmp_path, lambda: edit(1), lambda: edit(full), lambda: edit(2)) == ([1, 2], ["error: No space left. Free some."])


def test_the_first_failure_and_a_corpus_that_goes_end_it(tmp_path):
    with pytest.raises(IndexStateError):
        watch(tmp_path, Ingests(IndexStateError("damaged")), print, print)
    with pytest.raises(CorpusError, match="to watch"):
        watch(tmp_path / "none", Ingests(), print, print)
    folder = tmp_path / "notes"
    folder.mkdir()

    def gone():
        folder.rename(tmp_path / "elsewhere")
        return CorpusError("There is no corpus")

    def edit():
        (folder / "a.md").write_text("x")
        return 1

    with pytest.raises(CorpusError, match="There is no corpus"):
        watch(folder, Ingests(edit, gone), lambda _: None, print)


@pytest.mark.parametrize("path", [".git/index", "a/.b.md.swp", "node_modules/x/readme.md", "__pycache__/x", ".obsidian/x"])
def test_what_ingest_passes_over_is_not_waited_for(path):
    assert not is_watched(tuple(path.split("/")))


def test_the_line_names_a_few_pages_and_counts_many():
    notice = Notice("a.md", 1, "broken-link", "x")
    one = replace(REPORT, changed=("a.md",), removed=("b.md",), embedded=2, warnings=(notice,))
    assert summary(one) == "generation 1: changed a.md; removed b.md; 2 of 9 chunks embedded; 1 warning; 0.2 s"
    many = replace(REPORT, added=tuple("abcd"), failed=("x.md",))
    assert summary(many) == "generation 1: added 4 pages; NOT READ x.md; 0 of 9 chunks embedded; 0.2 s"
    assert summary(REPORT).startswith("generation 1: no page changed")


def test_watching_and_trying_out_do_not_go_together(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--watch", "--dry-run"])
    assert caught.value.code == 2
    assert "do not go together" in capsys.readouterr().err
