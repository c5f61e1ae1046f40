"""The evaluation tab as actions of the page. Knows an `Evaluation` and its HTML; knows no vendor."""

from __future__ import annotations

import asyncio

from rag.errors import RagError
from rag.ui.actions import Action, Actions, Arguments, Reply, number_of, text_of
from rag.ui.evaluation import render
from rag.ui.evaluation.draft import EMPTY, QuestionDraft, draft_of, fields_of
from rag.ui.evaluation.job import Job
from rag.ui.evaluation.values import Evaluation
from rag.ui.markup import Html
from rag.ui.store import Feedback

HTML = """
<div class="tab" id="evaluation-tab">
  <section data-part="runs-main" aria-label="Runs" data-load="runs"></section>
  <section aria-labelledby="job-title"><h2 id="job-title">A new run</h2><div data-part="job"></div></section>
  <section aria-labelledby="complaints-title">
    <h2 id="complaints-title">Answers that did not help you</h2><div data-part="draft"></div><div data-part="complaints"></div>
    <div class="row"><button type="button" class="quiet" data-do="draft">Write a test question</button></div>
  </section>
</div>
"""
_SOON_S = 1.0


class EvaluationTab:
    """What the tab shows and does.

    Args:
        evaluation: runs and questions.
        feedback: the readers' verdicts.
        job: runs under way.
    """

    def __init__(self, evaluation: Evaluation, feedback: Feedback, job: Job) -> None:
        self._evaluation = evaluation
        self._feedback = feedback
        self._job = job

    def offer(self, actions: Actions) -> None:
        """Add the actions."""
        offered: dict[str, Action] = {
            "runs": self._all,
            "runs-back": self._all,
            "run": self._run,
            "run-question": self._question,
            "compare-runs": self._compare,
            "run-start": self._start,
            "run-stop": self._stop,
            "job": self._progress,
            "draft": self._draft,
            "draft-save": self._save,
            "draft-cancel": self._cancel,
        }
        for name, action in offered.items():
            actions.add(name, action)

    async def _all(self, visitor: str, _: Arguments) -> Reply:
        found = await asyncio.to_thread(self._evaluation.runs)
        reply = self._progress(visitor, {})
        shown = {"runs-main": Html(f"<h2>Runs</h2>{render.runs(found)}"), "complaints": self._complaints(visitor)}
        return reply | {"parts": reply["parts"] | shown}

    async def _run(self, _: str, arguments: Arguments) -> Reply:
        view = await asyncio.to_thread(self._evaluation.view, text_of(arguments, "run"))
        return {"parts": {"runs-main": render.run(view)}, "focus": "runs-main"}

    async def _question(self, _: str, arguments: Arguments) -> Reply:
        if not text_of(arguments, "id"):
            return {"parts": {"run-question": Html("")}}
        result = await asyncio.to_thread(self._evaluation.question, text_of(arguments, "run"), text_of(arguments, "id"))
        return {"parts": {"run-question": render.question(result)}, "focus": "run-question"}

    async def _compare(self, _: str, arguments: Arguments) -> Reply:
        before, after = text_of(arguments, "before"), text_of(arguments, "after")
        found = await asyncio.to_thread(self._evaluation.compare, before, after)
        return {"parts": {"runs-main": render.compared(found, before, after)}, "focus": "runs-main"}

    def _start(self, visitor: str, arguments: Arguments) -> Reply:
        self._job.start(self._evaluation.command(limit=number_of(arguments, "limit"), judged=text_of(arguments, "judged") == "yes"))
        return self._progress(visitor, {})

    def _stop(self, visitor: str, _: Arguments) -> Reply:
        self._job.stop()
        return self._progress(visitor, {})

    def _progress(self, _: str, __: Arguments) -> Reply:
        reply: Reply = {"parts": {"job": render.job(self._job.state)}}
        if self._job.running:
            return reply | {"poll": {"name": "job", "after_s": _SOON_S}}
        return reply | {"poll": {"name": "runs", "after_s": 0}} if self._job.ended() else reply

    def _complaints(self, visitor: str) -> Html:
        return render.complaints(self._feedback.given(visitor, helpful=False))

    def _draft(self, visitor: str, arguments: Arguments) -> Reply:
        turn = text_of(arguments, "turn")
        if not turn:
            return {"parts": {"draft": self._form(EMPTY)}, "focus": "draft"}
        if "reason" in arguments:  # straight from the form below the answer
            reason, remark = text_of(arguments, "reason"), text_of(arguments, "remark")
            self._feedback.give(visitor, turn, helpful=False, reason=reason, remark=remark)
        verdict = next((each for each in self._feedback.given(visitor, helpful=False) if each.turn == turn), None)
        if verdict is None:
            return {"problem": "This answer is not kept any more."}
        shown = {"draft": self._form(draft_of(verdict)), "complaints": self._complaints(visitor)}
        return {"parts": shown, "focus": "draft"}

    async def _save(self, _: str, arguments: Arguments) -> Reply:
        fields = fields_of(arguments)
        try:
            identity = await asyncio.to_thread(self._evaluation.add, fields)
        except RagError as error:  # what was written must not be lost
            return {"problem": str(error)}
        return {"parts": {"draft": Html("")}, "said": f"Saved as {identity}."}

    def _cancel(self, _: str, __: Arguments) -> Reply:
        return {"parts": {"draft": Html("")}}

    def _form(self, draft: QuestionDraft) -> Html:
        return render.form(draft, self._evaluation.types, self._evaluation.expectations)
