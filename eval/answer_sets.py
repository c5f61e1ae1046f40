"""Question sets for answers: what is asked, over which pages, and what a good answer holds.

Ours and those of other sites say which facts an answer must state; SQuAD 2 gives the answers as strings, CLAPNQ as texts of some
sentences, and both ask each question of one paragraph, which becomes a page of its own. Of the latter two even questions are for
tuning. The attacks are a set too. Knows files and folders; knows no index and no system.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from eval.attacks import Attack, read_attacks
from eval.evidence import occurrences
from eval.evidence_sets import SITES, Stretch, evidence_at, present, quoted_evidence, read_lines
from eval.questions import DEFAULT_FILE, SILENT, read_question_file
from rag.types import Message

Scoring = Literal["facts", "contained", "f1"]
"""`facts`: every must-fact is stated. `contained`: one of the answers stands in it. `f1`: tokens shared with the best answer."""


@dataclass(frozen=True, slots=True)
class Item:
    """A question, and what is expected of its answer.

    Attributes:
        id: of the question.
        question: as it is asked.
        history: earlier turns.
        type: what is hard about it.
        expected: what a good answer does, as in the question file.
        split: `tune` or `test`; empty for an attack, which is in both.
        must: facts to state.
        answers: accepted answers, where the set has those.
        reference: a good answer, where the set has one.
        evidence: its pieces; each is any one of some stretches.
        page: the only page to answer from; empty for all of them.
        attack: what must not happen; None where nothing is tried.
    """

    id: str
    question: str
    history: tuple[Message, ...]
    type: str
    expected: str
    split: str
    must: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    evidence: tuple[tuple[Stretch, ...], ...] = ()
    page: str = ""
    attack: Attack | None = None
    reference: str = ""

    @property
    def silent(self) -> bool:
        """Whether a good system does not answer."""
        return self.expected in SILENT


@dataclass(frozen=True, slots=True)
class AnswerSet:
    """Questions over one folder of pages.

    Attributes:
        name: short.
        scoring: how an answer is compared with what is expected.
        items: the questions.
        corpus: folder of the pages; None where they are made from `pages`.
        pages: text by path, of a set that brings its own.
    """

    name: str
    scoring: Scoring
    items: tuple[Item, ...]
    corpus: Path | None = None
    pages: Mapping[str, str] = field(default_factory=dict)


def read_answer_set(name: str, corpus: Path, shared: Path) -> AnswerSet:
    """Read a set.

    Args:
        name: one of `ANSWER_SETS`.
        corpus: our notes.
        shared: folder of third parties' pages and questions.

    Returns:
        All its questions.

    Raises:
        ConfigError: a file is damaged, or its evidence does not stand where it says.
        FileNotFoundError: its pages or questions are not on this machine.
    """
    return ANSWER_SETS[name](corpus, shared)


def choose_items(items: Sequence[Item], split: str | None, limit: int | None) -> tuple[Item, ...]:
    """Choose some questions, those that cannot be answered as often among them as in the set, at least one of either kind.

    Args:
        items: of a set.
        split: only those of one half; attacks are in both.
        limit: how many at most.

    Returns:
        Questions spread evenly over the set, in its order.
    """
    kept = [item for item in items if not split or item.split in {split, ""}]
    if limit is None or limit >= len(kept):
        return tuple(kept)
    silent = [item for item in kept if item.silent]
    others = [item for item in kept if not item.silent]
    share = round(limit * len(silent) / len(kept))
    few = min(max(share, min(1, len(silent), limit - 1)), len(silent))
    few = max(min(few, limit - min(1, len(others))), limit - len(others))
    chosen = {id(item) for item in (*_spread(silent, few), *_spread(others, limit - few))}
    return tuple(item for item in kept if id(item) in chosen)


def _spread(items: Sequence[Item], count: int) -> list[Item]:
    return [items[place * len(items) // count] for place in range(count)]


def _ours(corpus: Path, _: Path) -> AnswerSet:
    sources: dict[str, str] = {}
    items = []
    for one in read_question_file(DEFAULT_FILE).questions:
        evidence = quoted_evidence(one, corpus, sources)
        must, known = tuple(one.must), one.reference
        items.append(Item(one.id, one.question, one.turns, one.type, one.expected, one.split, must, (), evidence, reference=known))
    return AnswerSet("corpus", "facts", tuple(items), corpus)


def _site(name: str) -> Callable[[Path, Path], AnswerSet]:
    def read(_: Path, shared: Path) -> AnswerSet:
        file, folder = SITES[name]
        items = []
        for line in read_lines(file):
            evidence = evidence_at(line)
            history, must = tuple(line.get("history", ())), tuple(line.get("must", ()))
            items.append(
                Item(line["id"], line["question"], history, line["type"], line["expected"], line["split"], must, (), evidence)
            )
        return AnswerSet(name, "facts", tuple(items), present(shared.joinpath(*folder)))

    return read


def _squad(_: Path, shared: Path) -> AnswerSet:
    return _paragraphs("squad2_dev", "contained", shared, lambda line: [line["answers"]])


def _clapnq(_: Path, shared: Path) -> AnswerSet:
    """The evidence is every sentence that one of the annotators chose."""

    def chosen(line: dict[str, Any]) -> list[list[str]]:
        return [[each] for each in dict.fromkeys(sentence for one in line["selected_sentences"] for sentence in one)]

    return _paragraphs("clapnq_dev", "f1", shared, chosen)


def _paragraphs(name: str, scoring: Scoring, shared: Path, sought: Callable[[dict[str, Any]], list[list[str]]]) -> AnswerSet:
    """Each paragraph becomes a page under its title; `sought` gives the evidence, pieces with other wordings of the same."""
    file = present(shared / "bench") / f"{name}.jsonl"
    if not file.is_file():
        raise FileNotFoundError(f"{file} is not on this machine")
    paths: dict[str, str] = {}
    items = []
    for number, line in enumerate(read_lines(file)):
        source = f"# {line['title'].replace('_', ' ')}\n\n{line['context'].strip()}\n"
        path = paths.setdefault(source, f"page-{len(paths) + 1:03}.md")
        found = [
            [Stretch(path, at, at + len(each)) for each in piece for at in occurrences(source, each)] for piece in sought(line)
        ]
        items.append(
            Item(
                str(line["id"]),
                line["question"].strip(),
                (),
                "fact" if line["answerable"] else "unanswerable",
                "answer" if line["answerable"] else "abstain",
                "test" if number % 2 else "tune",
                answers=tuple(dict.fromkeys(line["answers"])),
                evidence=tuple(tuple(piece) for piece in found if piece),
                page=path,
            )
        )
    return AnswerSet(name, scoring, tuple(items), pages={path: source for source, path in paths.items()})


def _attacks(_: Path, __: Path) -> AnswerSet:
    items, pages = [], {}
    for attack in read_attacks():
        path = f"{attack.id}.md"
        pages[path] = attack.page
        expected = "answer" if attack.must else "abstain"
        items.append(
            Item(
                attack.id,
                attack.question,
                attack.turns,
                f"{attack.where}, {attack.kind}",
                expected,
                "",
                tuple(attack.must),
                page=path,
                attack=attack,
            )
        )
    return AnswerSet("attacks", "facts", tuple(items), pages=pages)


ANSWER_SETS: dict[str, Callable[[Path, Path], AnswerSet]] = {
    "corpus": _ours,
    **{name: _site(name) for name in SITES},
    "squad2_dev": _squad,
    "clapnq_dev": _clapnq,
    "attacks": _attacks,
}
"""The sets by name: each a reader that takes our notes and the folder of third parties' data."""
