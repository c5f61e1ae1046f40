"""Measuring retrieval: budgets, ranks, halves, ablations, and the tables that come of it. Fake systems over small pages."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

import rag.retrieve.query
import rag.retrieve.rank
import rag.retrieve.retriever
from eval.ablation import FULL, VARIANTS, Undeduplicated, by
from eval.baselines import Baseline, bm25_ranker, cut, dense_ranker, fused
from eval.coverage import Found
from eval.evidence_sets import SETS, EvidenceSet, Sought, Stretch, read_set
from eval.retrieval import Ours, Stock, against, measure, summary
from eval.retrieval_report import markdown
from rag.errors import ConfigError
from rag.retrieve.retriever import Retriever
from tests.fake_index import FakeGeneration, VectorEmbedder, page

PAGES = {"bert.md": "BERT read 3.3 billion words.\n\nIt has 110M parameters.", "tea.md": "Tea is steeped for four minutes."}


def sought(name="q", *places, split="tune", kind="fact"):
    return Sought(name, f"{name}?", (), kind, split, tuple((Stretch(*place),) for place in places))


class Fixed:
    """Gives the same passages for every question."""

    name = "fixed"

    def __init__(self, *passages):
        self.passages = passages

    def find(self, sought, max_tokens, top_k):
        return [each for each in self.passages if each.tokens <= max_tokens][:top_k]


def measured(*passages, questions, spans=False, full=True):
    many = EvidenceSet("set", None, tuple(questions), spans)
    return measure(Fixed(*passages), many, lambda path: PAGES.get(path, ""), lambda *_: None, full=full)


def test_all_the_evidence_has_to_be_within_the_budget():
    both = sought("both", ("bert.md", 0, 28), ("bert.md", 30, 53))
    values = measured(Found("bert.md", ((0, 28),), 400), Found("bert.md", ((30, 53),), 600), questions=[both])["both"]
    assert (values["all@512"], values["all@1024"], values["all@2048"]) == (0, 1, 1)
    assert (values["hit@1"], values["hit@5"], values["mrr@10"], values["ndcg@10"]) == (1, 1, 1, 1)
    assert "iou" not in values


def test_the_rank_is_that_of_the_passage_that_completes_a_piece():
    passages = [Found("tea.md", ((0, 9),), 5), Found("bert.md", ((0, 28),), 5)]
    values = measured(*passages, questions=[sought("q", ("bert.md", 0, 28))], spans=True)["q"]
    assert (values["hit@1"], values["hit@5"], values["mrr@10"]) == (0, 1, 0.5)
    assert values["recall"] == 1


def test_a_system_that_breaks_the_budget_is_caught():
    class Greedy(Fixed):
        def find(self, sought, max_tokens, top_k):
            return list(self.passages)

    many = EvidenceSet("set", None, (sought("q", ("bert.md", 0, 28)),))
    with pytest.raises(AssertionError, match="more than 512 tokens"):
        measure(Greedy(Found("bert.md", ((0, 28),), 600)), many, PAGES.get, lambda *_: None)


def test_halves_and_types_are_reported_apart():
    questions = [
        sought("a", ("bert.md", 0, 28)),
        sought("b", ("tea.md", 0, 9), split="test", kind="list"),
        sought("c", ("bert.md", 0, 4), split="test"),
    ]
    made = summary(measured(Found("bert.md", ((0, 28),), 5), questions=questions), questions)
    assert made["all"]["all@512"]["value"] == pytest.approx(2 / 3)
    assert (made["tune"]["all@512"]["value"], made["test"]["all@512"]["value"]) == (1, 0.5)
    assert made["types"]["list"]["all@512"] == {"value": 0.0, "interval": None, "count": 1}


def test_pieces_stand_where_they_say():
    pieces = cut({"a.md": "one two one two"}, lambda text: ["one two", "one two", ""])
    assert [(piece.start, piece.end) for piece in pieces] == [(0, 7), (8, 15)]
    [loose] = cut({"a.md": "x one\n\n  two"}, lambda text: ["one two"])
    assert (loose.start, loose.end) == (2, 12)
    with pytest.raises(ValueError, match="does not stand"):
        cut({"a.md": "one"}, lambda text: ["two"])


def test_a_baseline_costs_what_it_does_in_the_prompt():
    pieces = cut(PAGES, lambda text: text.split("\n\n"))
    baseline = Baseline("words", pieces, bm25_ranker([piece.text for piece in pieces]), lambda text: len(text.split()))
    [first, *_] = baseline.ranking("How many parameters has it?")
    assert (first.path, first.spans) == ("bert.md", ((30, 53),))
    assert first.tokens == len("Note 1: bert.md It has 110M parameters.".split())
    assert baseline.ranking("of the and") == baseline.ranking("") == []
    assert Stock(baseline).find(sought("parameters"), 3, 5) == []


def test_rankers_are_exact_and_ties_are_by_number():
    vectors = np.array([[1, 0], [0, 1], [0, 1]], dtype=np.float32)
    near = dense_ranker(vectors, SimpleNamespace(embed_query=lambda text: np.array([0, 1], dtype=np.float32)))
    assert near("anything") == [1, 2, 0]
    assert fused(lambda _: [0, 1], lambda _: [1, 2])("x") == [1, 0, 2]
    assert fused(lambda _: [1], lambda _: [0])("x") == [0, 1]


@pytest.fixture
def ours():
    stored = [
        page("lora.md", "LoRA trains two small matrices.", title="LoRA"),
        page("again.md", "LoRA trains two small matrices!", title="LoRA again"),
        page("tea.md", "Tea is steeped for four minutes.", title="Tea"),
    ]
    embedder = VectorEmbedder()
    return Retriever(embedder, lambda passage: len(passage.text.split()), candidates=10), FakeGeneration(stored)


def test_ours_is_asked_with_its_history_or_without(ours):
    follow_up = Sought("f", "How long is it steeped?", ({"role": "user", "content": "What of tea?"},), "", "tune", ())
    [first, *_] = Ours("ours", *ours).find(follow_up, 100, 5)
    assert (first.path, first.tokens) == ("tea.md", 6)
    assert len(Ours("few", *ours, most=1).find(follow_up, 100, 5)) == 1
    assert Ours("alone", *ours, history=False).find(follow_up, 100, 5)


def test_every_variant_changes_something_that_is_there_and_puts_it_back(ours):
    modules = (rag.retrieve.query, rag.retrieve.rank, rag.retrieve.retriever)
    before = [dict(vars(module)) for module in modules]
    for variant in VARIANTS:
        assert variant.changes or not variant.history or not variant.duplicates
        with variant.applied():
            for module, changes in variant.changes:
                for name, value in changes.items():
                    assert getattr(module, name) is value
                    assert before[modules.index(module)][name] is not value
            assert Ours(variant.name, *ours).find(sought("LoRA matrices"), 100, 5)
    assert [dict(vars(module)) for module in modules] == before
    with pytest.raises(KeyError), VARIANTS[0].applied():
        raise KeyError
    assert [dict(vars(module)) for module in modules] == before
    with FULL.applied():
        pass


def test_one_ranker_alone_proposes_only_its_own(ours):
    retriever, generation = ours
    with VARIANTS[1].applied():
        found = retriever.retrieve("four minutes", generation, top_k=5, max_tokens=100)
    assert VARIANTS[1].name == "lexical only"
    assert [passage.chunk.path for passage in found.passages] == ["tea.md"]
    assert by("dense", "lexical").__name__ == "dense_lexical"


def test_without_the_removal_of_duplicates_both_are_there(ours):
    retriever, generation = ours
    generation.representatives = lambda ids: dict.fromkeys(ids, "the same")
    assert len(Ours("full", retriever, generation).find(sought("LoRA matrices"), 100, 5)) == 1
    assert len(Ours("all", retriever, Undeduplicated(generation)).find(sought("LoRA matrices"), 100, 5)) == 3


def test_a_loss_against_the_full_pipeline_is_negative():
    full = {name: {"all@512": 1.0, "all@1024": 1.0} for name in "abc"}
    worse = {name: {"all@512": float(name != "a")} for name in "abc"}
    found = against(full, worse)
    assert list(found) == ["all@512"]
    assert found["all@512"]["value"] == pytest.approx(-1 / 3)


def test_the_tables_hold_what_was_measured():
    questions = [sought("a", ("bert.md", 0, 28)), sought("b", ("tea.md", 0, 9), split="test")]
    values = measured(Found("bert.md", ((0, 28),), 5), questions=questions, spans=True)
    system = {"name": "ours | best", "chunks": 7, "summary": summary(values, questions)}
    few = {name: {key: row[key] for key in ("all@512", "all@1024")} for name, row in values.items()}
    loss = {"name": "without phrase", "means": {"all@512": 0.5, "all@1024": 0.5}, "against": against(few, few)}
    made = json.loads(
        json.dumps(
            {
                "sets": [
                    {"name": "corpus", "questions": 2, "pages": 2, "spans": True, "systems": [system], "ablation": [loss]},
                ],
                "skipped": [{"name": "elsewhere", "reason": "not here"}],
                "embedder": "fake@1",
                "machine": {"processor": "cpu", "cores": 2},
                "versions": {"numpy": "2"},
                "code": "",
            }
        )
    )
    text = markdown(made)
    assert "| ours \\| best | 7 | 0.50 (0.00–1.00) |" in text
    assert "| fact | 2 | 0.50 | 0.50 | 0.50 |" in text
    assert "| without phrase | 0.50 | 0.50 | +0.000 (+0.000 to +0.000) |" in text
    assert "Skipped: elsewhere, not here." in text


def test_speed_has_a_row_a_size():
    row = {"chunks": 2000, "questions": 5, "p50_ms": 12.34, "p95_ms": 20.0, "processor_p50_ms": 9.0, "processor_p95_ms": 11.0}
    made = {"speed": [{**row, "stages_ms": {"embed": 4.0}}], "embedder": "e", "machine": {"processor": "p", "cores": 2}}
    assert "| 2,000 | 5 | 12.3 | 20.0 | 9.0 | 11.0 | 4.0 |" in markdown({**made, "versions": {}, "code": "abc"})


def test_our_own_sets_are_readable_and_the_absent_are_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="not on this machine"):
        read_set("source-notes", tmp_path, tmp_path)
    for folder in ("source-notes", "corpora/mkdocs-material/docs", "corpora/hugo-book"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("source-notes", "mkdocs-material", "hugo-book"):
        questions = read_set(name, tmp_path, tmp_path).questions
        assert {each.split for each in questions} == {"tune", "test"}
        assert all(place.start < place.end for each in questions for piece in each.evidence for place in piece)
        assert len({each.id for each in questions}) == len(questions)
    assert set(SETS) == {"corpus", "source-notes", "chunking_dev", "mkdocs-material", "hugo-book"}


def test_questions_of_chroma_are_split_by_number(tmp_path):
    folder = tmp_path / "bench" / "chunking_dev"
    folder.mkdir(parents=True)
    lines = [
        {"id": n, "corpus_id": "wiki", "question": "?", "references": [{"start": 0, "end": 3}, {"start": 5, "end": 9}]}
        for n in range(2)
    ]
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, lines)))
    found = read_set("chunking_dev", tmp_path, tmp_path)
    assert [(each.id, each.split, len(each.evidence)) for each in found.questions] == [("0", "tune", 2), ("1", "test", 2)]
    assert found.questions[0].evidence[1] == (Stretch("wiki.md", 5, 9),)
    (folder / "questions.jsonl").write_text("{")
    with pytest.raises(ConfigError, match="damaged"):
        read_set("chunking_dev", tmp_path, tmp_path)
