from rag.crosscheck import LINK_KINDS, Overlap, is_stub, listing_hash, replaced, twin_notices
from rag.links import Outline
from rag.types import Notice


def test_the_page_that_mostly_stands_elsewhere_is_named():
    [(path, [notice])] = twin_notices([Overlap("b.md", "a.md", 80, 100, 1000)]).items()
    assert (path, notice.message) == ("b.md", "80% of the page says the same as a.md.")
    [(path, [notice])] = twin_notices([Overlap("final.md", "draft.md", 90, 500, 100)]).items()
    assert (path, notice.message) == ("draft.md", "90% of the page says the same as final.md.")


def test_a_shared_block_is_no_copied_page():
    assert twin_notices([Overlap("b.md", "a.md", 50, 100, 100)]) == {}
    assert twin_notices([Overlap("b.md", "a.md", 39, 39, 39)]) == {}, "two stubs with the same sentence"


def test_only_what_depends_on_other_pages_is_replaced():
    own, old, new = (
        Notice("a.md", line, kind, "x") for line, kind in ((9, "empty-page"), (3, "broken-link"), (5, "broken-anchor"))
    )
    assert replaced([own, old], LINK_KINDS, [new]) == (new, own)
    assert replaced([own], LINK_KINDS, []) == (own,)


def test_the_listing_is_one_of_names_in_any_order():
    assert listing_hash(["a", "b"]) == listing_hash(["b", "a"]) != listing_hash(["a"])


def test_a_section_or_a_layout_may_be_empty():
    assert is_stub("docs/_index.md", {"title": "Docs"}, Outline())
    assert is_stub("docs/x.md", {"template": "redirect.html"}, Outline())
    assert is_stub("glossary.md", {}, Outline(labels=frozenset({"rag"})))
    assert not is_stub("docs/index.md", {}, Outline())
    assert not is_stub("docs/x.md", {"title": "X"}, Outline())
