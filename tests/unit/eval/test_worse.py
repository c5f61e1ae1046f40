"""A system that was made worse on purpose is found worse, by the figure that says how; one that was not is not."""

from __future__ import annotations

import io
import random
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest

from eval.compare import compare, values_of
from eval.overlap import OverlapJudge
from eval.pace import Pace
from eval.record import RunFolder
from eval.run import ask_all, finish, judge_all
from rag.types import Answer, Citation, Sentence
from tests.build import passage
from tests.unit.eval.parts import question, run_json

METRICS = ("faithfulness", "answer_relevancy", "context_precision", "context_recall", "context_relevance", "semantic_similarity")
COUNT = 40
COLOURS = (
    "amber azure beige black blond brown coral cream green ivory khaki lemon lilac mauve ochre olive pearl peach plum ruby".split()
)


def fact(number):
    return f"Kettle {number} is painted {COLOURS[number % 20]} and boils a litre in {number + 100} seconds."


def page(number):
    return f"# Kettle {number}\n\nMade by hand since 1900.\n\n{fact(number)}\n\nIts lid is of tin and weighs {number} grams.\n"


PAGES = {f"kettle-{number}.md": page(number) for number in range(COUNT)}
QUESTIONS = [
    question(
        id=f"kettle-{number}",
        question=f"How is kettle {number} painted and how fast does it boil?",
        reference=fact(number),
        must=[COLOURS[number % 20], f"{number + 100} seconds"],
        evidence=[{"page": f"kettle-{number}.md", "heading": f"Kettle {number}", "quote": fact(number)}],
    )
    for number in range(COUNT)
]


class Kettles:
    """Finds the right page first for most questions, answers from it and cites what it said; now and then it errs."""

    def __init__(self, seed=0):
        self.draw = random.Random(seed)

    def ranked(self, number):
        others = [(number + step) % COUNT for step in (1, 2)]
        return [number, *others] if self.draw.random() < 0.9 else [*others, number]

    def said(self, number, top):
        return fact(top)

    def cited(self, top):
        start = PAGES[f"kettle-{top}.md"].index(fact(top))
        return start, start + len(fact(top))

    def answer(self, text, *, history=()):
        number = next(index for index, asked in enumerate(QUESTIONS) if asked.question == text)
        ranked = self.ranked(number)
        path, (start, end) = f"kettle-{ranked[0]}.md", self.cited(ranked[0])
        passages = [
            replace(passage(PAGES[f"kettle-{each}.md"], path=f"kettle-{each}.md", title=f"Kettle {each}"), rank=rank)
            for rank, each in enumerate(ranked, 1)
        ]
        said = self.said(number, ranked[0])
        return Answer(
            "answered",
            "",
            f"{said} [1]",
            (Sentence(said, "supported", 1.0, (1,)),),
            (Citation(1, path, start, end, 1, (), PAGES[path][start:end]),),
            tuple(passages),
            {"retrieve": 0.1, "first_token": 1.0, "total": 2.0},
            1,
        )

    @contextmanager
    def generation(self):
        yield SimpleNamespace(source=PAGES.__getitem__)


class Shuffled(Kettles):
    def ranked(self, number):
        return self.draw.sample(range(COUNT), 3)


class FromMemory(Kettles):
    def said(self, number, top):
        return f"Kettles like number {number} tend to be steel, and most need about four minutes."


class Shifted(Kettles):
    def cited(self, top):
        end = super().cited(top)[1]
        return end + 2, end + 20


def run(folder, system):
    def quiet(total, what):
        return Pace(total, what, stream=io.StringIO())

    with RunFolder(folder, run_json(metrics=list(METRICS))) as opened:
        ask_all(QUESTIONS, system=system, folder=opened, pace=quiet)
        judge_all(QUESTIONS, judge=OverlapJudge(), metrics=METRICS, folder=opened, pace=quiet)
        return finish(opened, QUESTIONS)


def compared(tmp_path, system):
    before, after = values_of(run(tmp_path / "before", Kettles())), values_of(run(tmp_path / "after", system))
    found = compare(before[0], after[0], (before[1], after[1]))
    return found, {line.name: line.verdict for line in found.lines}


RETRIEVAL = {"evidence_recall@256", "hit@1", "hit@3", "mrr", "ndcg@10", "context_recall", "context_precision"}
CITATIONS = {"citation_precision", "citation_recall"}


@pytest.mark.slow
def test_shuffled_retrieval_is_worse_retrieval(tmp_path):
    found, verdicts = compared(tmp_path, Shuffled())
    assert set(found.worse) >= RETRIEVAL
    assert verdicts["faithfulness"] == "noise", "it still says what its passages say"


@pytest.mark.slow
def test_answers_from_memory_are_unfaithful_and_retrieval_is_not_blamed(tmp_path):
    found, verdicts = compared(tmp_path, FromMemory())
    assert {"right", "must_facts", "faithfulness", "semantic_similarity"} <= set(found.worse)
    assert {verdicts[name] for name in RETRIEVAL | CITATIONS} == {"noise"}
    assert found.mcnemar_p < 0.001


@pytest.mark.slow
def test_shifted_citations_are_worse_citations_and_nothing_else_is(tmp_path):
    found, _ = compared(tmp_path, Shifted())
    assert set(found.worse) == CITATIONS


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_a_system_is_not_worse_than_itself(tmp_path, seed):
    """With the seed of the first run the answers are the same; with another one the system errs on other questions."""
    found, verdicts = compared(tmp_path, Kettles(seed))
    assert found.worse == []
    assert set(verdicts.values()) == {"noise"}
    assert bool(found.changes) == bool(seed)
