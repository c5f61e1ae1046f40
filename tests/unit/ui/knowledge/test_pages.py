import pytest

from rag.types import Notice
from rag.ui.knowledge.health import grouped
from rag.ui.knowledge.pages import PageRow, chosen
from rag.ui.knowledge.update import Update, UpdateState
from rag.ui.state import differences

ROWS = [
    PageRow("guide/lora.md", "LoRA", "guide", 100, 4, 0.0, (), ""),
    PageRow("guide/attention.md", "Attention", "guide", 50, 2, 0.0, (Notice("guide/attention.md", 1, "x", "y"),), ""),
    PageRow("notes/draft.md", "draft.md", "notes", 0, 0, None, (), "draft"),
]


@pytest.mark.parametrize(
    ("words", "site", "only", "found"),
    [
        ("", "", "", 3),
        ("LORA", "", "", 1),
        ("guide a", "", "", 2),
        ("", "notes", "", 1),
        ("", "", "warnings", 1),
        ("", "", "unread", 1),
        ("lora", "notes", "", 0),
        ("", "", "nonsense", 3),
    ],
)
def test_choosing(words, site, only, found):
    assert len(chosen(ROWS, words, site, only)) == found


def test_notices_are_grouped_the_worst_first():
    notices = [Notice("a", 1, kind, "m") for kind in ("odd-thing", "long-page", "unreadable", "long-page")]
    assert [(name, len(found)) for name, found in grouped(notices)] == [
        ("Pages that cannot be read", 1),
        ("Pages better split", 2),
        ("Odd thing", 1),
    ]
    assert grouped([]) == ()


@pytest.mark.parametrize(("counts", "words"), [((0, 0, 0), "nothing"), ((1, 0, 2), "1 changed, 2 removed"), ((0, 4, 0), "4 new")])
def test_differences_in_words(counts, words):
    assert differences(*counts) == words


def test_a_defect_in_an_ingest_ends_it_with_words(caplog):
    class Broken:
        def ingest(self, **_):
            raise ValueError("secret")

    ended = []
    update = Update(Broken(), lambda: ended.append(1))
    assert update.state == UpdateState()
    update.start()
    assert update.wait(5)
    assert update.state.phase == "failed"
    assert "secret" not in str(update.state.problem)
    assert "secret" in caplog.text
    assert ended == [1]
    assert update.ended()
    assert not update.ended()
