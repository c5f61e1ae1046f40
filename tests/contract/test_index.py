"""What every generation and every index must do. A further kind (a server) joins by one more parameter of the fixtures."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from rag.duplicates import representatives
from rag.errors import IndexLockedError, IndexStateError, UnreadableFileError
from rag.index import FileEntry, Index, embed_hash
from rag.terms import query_terms
from rag.types import Notice
from tests.fake_index import DIMENSION, FINGERPRINT, FakeGeneration, embed_hashes, matrix, page, pages, store, vector

BOILERPLATE = "the same block at the end of many pages, long enough to be compared without the heading above it, of no use twice"
COPIES = [page("copies/a.md", BOILERPLATE, title="A"), page("copies/b.md", f"{BOILERPLATE}!", title="B")]
LIBRARY = [
    page(
        "guides/lora.md",
        "low rank adapters",
        "rank and alpha",
        title="LoRA",
        metadata={"tags": ["Tuning", "RAG"], "language": "en"},
    ),
    page("guides/deep/rag.md", "retrieve, then read", title="RAG", metadata={"tags": ["RAG"], "language": "de", "draft": False}),
    page(
        "notes/ünïcode \ud800.md".replace("\ud800", "x"),
        "日本語のテキスト",
        "emoji 👩‍🚀 and \ud800",
        title="日本",
        metadata={"year": 2025},
    ),
    page("notes/twins.md", "the same", "the same", title="Twins"),
    page("notes/empty.md", title="Empty"),
    *COPIES,
]
EVERYTHING = {chunk.id: chunk for _, chunks in LIBRARY for chunk in chunks}


def empty_index(kind, request, folder):
    """An index of a kind; on the server every one has collections of its own."""
    if kind == "local":
        return Index(folder / "index")
    from rag.index.remote import RemoteIndex
    from rag.index.remote.server import Server

    address = request.getfixturevalue("chroma_server")
    return RemoteIndex(Server(address, f"test-{secrets.token_hex(4)}"), folder / "index")


@pytest.fixture(params=["fake", "local", "server"])
def generation(request, tmp_path):
    """The library, opened for reading, in each kind of generation."""
    if request.param == "fake":
        yield FakeGeneration(LIBRARY)
        return
    index = empty_index(request.param, request, tmp_path)
    store(index, LIBRARY)
    with index.open() as reader:
        yield reader


@pytest.fixture(params=["local", "server"])
def index(request, tmp_path):
    """An empty index of each kind."""
    return empty_index(request.param, request, tmp_path)


def contents(index, number=None):
    """All that a generation holds: sources by path, chunks and vectors by id."""
    with index.open(number) as reader:
        sources = {path: reader.source(path) for path in reader.paths()}
        chunks = {chunk.id: chunk for chunk in reader.all_chunks()}
        assert reader.representatives(list(chunks)) == representatives(chunks.values())
        vectors = {one: found.tobytes() for one, found in reader.vectors(list(chunks)).items()}
        return sources, chunks, vectors


def expected(stored):
    sources = {document.path: document.source for document, _ in stored}
    chunks = {chunk.id: chunk for _, some in stored for chunk in some}
    return sources, chunks, {one: vector(chunk.embed_text).tobytes() for one, chunk in chunks.items()}


class TestGeneration:
    def test_numbers(self, generation):
        assert generation.number == 1
        assert generation.chunk_count == len(EVERYTHING)

    def test_a_chunk_is_found_by_its_own_vector(self, generation):
        for one, chunk in EVERYTHING.items():
            found = dict(generation.nearest(vector(chunk.embed_text), 2))
            assert found[one] == pytest.approx(1, abs=1e-6)

    def test_scores_are_cosines_best_first(self, generation):
        query = vector("anything")
        found = generation.nearest(query, 100)
        assert {one for one, _ in found} == set(EVERYTHING)
        assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
        for one, score in found:
            assert score == pytest.approx(float(query @ vector(EVERYTHING[one].embed_text)), abs=1e-6)
        assert any(score < 0 for _, score in found), "similarities may be negative"
        assert generation.nearest(query, 3) == found[:3]
        assert generation.nearest(query, 0) == []

    def test_the_opposite_scores_minus_one(self, generation):
        chunk = next(iter(EVERYTHING.values()))
        [*_, (worst, score)] = generation.nearest(-vector(chunk.embed_text), 100)
        assert (worst, score) == (chunk.id, pytest.approx(-1, abs=1e-6))
        assert score >= -1

    @pytest.mark.parametrize(
        ("where", "paths"),
        [
            ({"tags": "rag"}, {"guides/lora.md", "guides/deep/rag.md"}),
            ({"tags": "rag", "language": "en"}, {"guides/lora.md"}),
            ({"path": "guides"}, {"guides/lora.md", "guides/deep/rag.md"}),
            ({"path": "guides/deep/"}, {"guides/deep/rag.md"}),
            ({"path": "notes/twins.md"}, {"notes/twins.md"}),
            ({"title": "日本"}, {LIBRARY[2][0].path}),
            ({"year": "2025"}, {LIBRARY[2][0].path}),
            ({"draft": "false"}, {"guides/deep/rag.md"}),
            ({"tags": "none"}, set()),
            ({"$or": "x"}, set()),
            ({}, {chunk.path for chunk in EVERYTHING.values()}),
        ],
    )
    def test_filters(self, generation, where, paths):
        found = [one for one, _ in generation.nearest(vector("anything"), 100, where)]
        assert {EVERYTHING[one].path for one in found} == paths
        assert len(found) == sum(chunk.path in paths for chunk in EVERYTHING.values())

    def test_a_query_of_another_dimension_is_a_defect(self, generation):
        with pytest.raises(ValueError, match="shape"):
            generation.nearest(np.ones(DIMENSION + 1, dtype=np.float32), 3)

    def test_chunks_come_in_the_order_asked_for(self, generation):
        ids = sorted(EVERYTHING, reverse=True)
        assert generation.chunks(ids) == [EVERYTHING[one] for one in ids]
        assert generation.chunks([ids[1], "unknown", ids[0], ids[1]]) == [EVERYTHING[one] for one in (ids[1], ids[0], ids[1])]
        assert generation.chunks([]) == []

    def test_sources_are_exact(self, generation):
        for document, _ in LIBRARY:
            assert generation.source(document.path) == document.source
        with pytest.raises(KeyError):
            generation.source("unknown.md")

    def test_near_duplicates_have_one_representative(self, generation):
        first, second = (chunk.id for _, chunks in COPIES for chunk in chunks)
        ids = [second, "unknown", *EVERYTHING]
        assert generation.representatives(ids) == {one: first if one == second else one for one in EVERYTHING}
        assert generation.representatives([]) == {}

    def test_closing_twice_is_fine(self, generation):
        with generation:
            generation.close()
        generation.close()


class TestReading:
    def test_no_index_says_what_to_do(self, index):
        assert index.current() is None
        assert index.pointer() is None
        assert index.generations() == ()
        for ask in (index.open, lambda: index.open(3), index.rollback):
            with pytest.raises(IndexStateError) as caught:
                ask()
            assert caught.value.hint

    def test_equal_scores_come_in_the_order_of_their_ids(self, index):
        same = [page(f"{n:02d}.md", "boilerplate", title="Same") for n in range(30)]
        store(index, same)
        with index.open() as reader:
            found = reader.nearest(vector("anything"), 30)
        assert len({score for _, score in found}) == 1
        assert [one for one, _ in found] == sorted(chunk.id for _, [chunk] in same)

    def test_a_closed_generation_says_so(self, index):
        store(index, LIBRARY)
        reader = index.open()
        reader.nearest(vector("x"), 1)
        reader.close()
        with pytest.raises(ValueError, match="closed"):
            reader.nearest(vector("x"), 1)

    def test_documents_and_the_pages_chunks(self, index):
        store(index, LIBRARY)
        with index.open() as reader:
            assert [reader.document(document.path) for document, _ in LIBRARY] == [document for document, _ in LIBRARY]
            assert [tuple(reader.chunks_of(document.path)) for document, _ in LIBRARY] == [chunks for _, chunks in LIBRARY]
            assert reader.chunks_of("unknown.md") == []
            with pytest.raises(KeyError):
                reader.document("unknown.md")


class TestWriting:
    def test_a_generation_holds_what_was_put_in(self, index):
        manifest = store(index, LIBRARY)
        assert contents(index) == expected(LIBRARY)
        assert (manifest.generation, manifest.parent, manifest.documents, manifest.chunks) == (1, None, 7, len(EVERYTHING))
        assert manifest.corpus == "corpus"
        assert manifest.created.endswith("+00:00")
        assert manifest == index.current() == index.manifest(1)
        assert manifest.files["guides/lora.md"] == FileEntry(LIBRARY[0][0].sha256, 2, "LoRA")
        assert index.verify() == ()

    def test_a_difference_gives_what_a_fresh_start_gives(self, index, tmp_path):
        """Whatever way led there: the same contents and the same hashes, bit by bit."""
        start, other = pages(12), pages(12, "other")
        store(index, start)
        after = [*start[2:7], *other[7:10], page("new.md", "brand new")]
        manifest = store(index, after[5:], removed=[document.path for document, _ in (*start[:2], *start[10:])])
        fresh = store(Index(tmp_path / "fresh"), reversed(after))
        assert contents(index) == contents(Index(tmp_path / "fresh")) == expected(after)
        assert manifest.hashes == fresh.hashes
        assert (manifest.corpus_sha256, manifest.documents, manifest.chunks) == (fresh.corpus_sha256, fresh.documents, fresh.chunks)
        assert index.verify() == Index(tmp_path / "fresh").verify() == ()

    def test_deleted_and_renamed_pages_leave_nothing_behind(self, index):
        store(index, [*LIBRARY, page("gone.md", "a secret", title="Gone", metadata={"tags": ["secret"]})])
        manifest = store(index, [], removed=["gone.md"])
        assert contents(index) == expected(LIBRARY)
        assert "gone.md" not in manifest.files
        with index.open() as reader:
            assert reader.nearest(vector("x"), 100, {"tags": "secret"}) == []
            assert reader.nearest(vector("x"), 100, {"path": "gone.md"}) == []
            assert len(reader.nearest(vector("x"), 100)) == len(EVERYTHING)

    def test_a_renamed_page_embeds_nothing_again(self, index):
        store(index, LIBRARY)
        document, chunks = LIBRARY[0]
        moved = replace(document, path="moved/lora.md", id="moved")
        renamed = [replace(chunk, path=moved.path, document_id="moved", id=f"moved-{chunk.id}") for chunk in chunks]
        with index.write("test") as writer:
            writer.begin(FINGERPRINT, "corpus")
            writer.remove([document.path])
            found = writer.vectors_for(embed_hashes(renamed))
            assert set(found) == set(embed_hashes(chunks))
            writer.put(moved, renamed, np.stack([found[key] for key in embed_hashes(renamed)]))
            writer.commit()
        assert contents(index) == expected([*LIBRARY[1:], (moved, renamed)])

    def test_vectors_are_reused_bit_by_bit(self, index):
        store(index, LIBRARY)
        with index.write("test") as writer:
            writer.begin(FINGERPRINT, "corpus")
            keys = embed_hashes(EVERYTHING.values())
            found = writer.vectors_for([*keys, "unknown"])
            assert set(found) == set(keys)
            for chunk in EVERYTHING.values():
                assert found[embed_hash(chunk.embed_text)].tobytes() == vector(chunk.embed_text).tobytes()
            assert writer.vectors_for([]) == {}

    def test_a_page_whose_title_changed_has_new_vectors_under_the_old_ids(self, index):
        """The id of a chunk does not depend on the title, what is embedded does."""
        store(index, LIBRARY)
        document, chunks = LIBRARY[0]
        retitled = (replace(document, title="Low rank"), tuple(replace(chunk, title="Low rank") for chunk in chunks))
        old = embed_hashes(chunks)
        with index.write("test") as writer:
            writer.begin(FINGERPRINT, "corpus")
            writer.put(*retitled, matrix(retitled[1]))
            assert writer.vectors_for(old) == {}, "overwritten vectors must not be handed out under the old text"
            writer.commit()
        assert contents(index) == expected([retitled, *LIBRARY[1:]])
        with index.open() as reader:
            assert {one for one, _ in reader.nearest(vector("x"), 9, {"title": "low rank"})} == {chunk.id for chunk in chunks}
            assert reader.nearest(vector("x"), 9, {"title": "LoRA"}) == []

    def test_new_metadata_alone_changes_the_filters(self, index):
        store(index, LIBRARY)
        document, chunks = LIBRARY[0]
        changed = (
            replace(document, metadata={"tags": ["new"]}),
            tuple(replace(chunk, metadata={"tags": ["new"]}) for chunk in chunks),
        )
        manifest = store(index, [changed])
        assert manifest.dead_vectors == 0, "no vector was touched"
        with index.open() as reader:
            assert {one for one, _ in reader.nearest(vector("x"), 9, {"tags": "new"})} == {chunk.id for chunk in chunks}
            assert reader.nearest(vector("x"), 9, {"tags": "tuning"}) == []
        assert contents(index) == expected([changed, *LIBRARY[1:]])
        assert index.verify() == ()

    def test_the_last_word_counts(self, index):
        """One page put, removed, and put several times in one run."""
        first, second, third = page("a.md", "one", "two"), page("a.md", "two", "three"), page("a.md", "one", "four")
        retitled = (replace(second[0], title="T"), tuple(replace(chunk, title="T") for chunk in second[1]))
        store(index, [first])
        with index.write("test") as writer:
            writer.begin(FINGERPRINT, "corpus")
            for document, chunks in (second, third, retitled):
                writer.put(document, chunks, matrix(chunks))
            writer.remove(["a.md"])
            for document, chunks in (third, second, retitled, first, retitled):
                writer.put(document, chunks, matrix(chunks))
            writer.commit()
        assert contents(index) == expected([retitled])
        assert index.verify() == ()

    def test_nothing_to_do_makes_no_generation(self, index):
        first = store(index, LIBRARY)
        assert store(index, []) == first
        assert store(index, LIBRARY) == first, "putting what is there already changes nothing"
        assert index.numbers() == (1,)
        assert store(index, LIBRARY, full=True).generation == 2, "unless everything is asked for"

    def test_an_index_without_a_page(self, index):
        with index.write("test") as writer:
            writer.begin(FINGERPRINT, "corpus")
            writer.skip("draft.md", "draft", sha256="d")
            writer.commit()
        with index.open() as reader:
            assert reader.nearest(vector("x"), 3) == []
            assert reader.chunk_count == 0
        assert index.verify() == ()
        store(index, LIBRARY)
        store(index, [], removed=[document.path for document, _ in LIBRARY])
        assert contents(index) == ({}, {}, {})
        assert set(index.current().files) == {"draft.md"}

    def test_every_file_is_accounted_for(self, index):
        notice = Notice("guides/lora.md", 3, "broken-link", "There is no x.md.")
        store(index, LIBRARY)
        with index.write("test") as writer:
            writer.begin(FINGERPRINT, "corpus")
            writer.annotate("guides/lora.md", [notice])
            writer.skip("guides/deep/rag.md", "not text", sha256="new", keep=True)
            writer.skip("notes/twins.md", "draft", sha256="twin")
            writer.skip("picture.md", "not text", sha256="pic")
            with pytest.raises(KeyError):
                writer.annotate("unknown.md", [])
            files = writer.commit().files
        assert files["guides/lora.md"] == FileEntry(LIBRARY[0][0].sha256, 2, "LoRA", (notice,))
        assert files["guides/deep/rag.md"] == FileEntry("new", 1, "RAG", (), "not text")
        assert files["notes/twins.md"] == FileEntry("twin", 0, "", (), "draft")
        assert files["picture.md"] == FileEntry("pic", 0, "", (), "not text")
        assert contents(index) == expected([*LIBRARY[:3], *LIBRARY[4:]]), (
            "the old version of an unreadable page stays, that of a draft goes"
        )
        assert index.verify() == ()
        store(index, [], removed=["guides/deep/rag.md"])
        assert contents(index) == expected([LIBRARY[0], LIBRARY[2], *LIBRARY[4:]])

    def test_a_file_whose_name_is_no_unicode_is_named_and_the_rest_goes_in(self, index):
        bad = page("a.md", "text")
        bad = (replace(bad[0], path="\udcff.md"), [replace(chunk, path="\udcff.md") for chunk in bad[1]])
        with index.write("test") as writer:
            writer.begin(FINGERPRINT, "corpus")
            with pytest.raises(UnreadableFileError, match="Unicode"):
                writer.put(*bad, matrix(bad[1]))
            writer.skip("\udcff.md", "name", sha256="x")
            writer.put(*LIBRARY[0], matrix(LIBRARY[0][1]))
            writer.commit()
        assert set(index.current().files) == {"\udcff.md", "guides/lora.md"}

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda rows: rows[:-1],
            lambda rows: rows[:, :-1],
            lambda rows: rows.astype(np.float64),
            lambda rows: rows * 1.01,
            lambda rows: rows * 0,
            lambda rows: rows * np.nan,
        ],
    )
    def test_vectors_that_do_not_fit_are_a_defect(self, index, spoil):
        store(index, LIBRARY[:1])
        document, chunks = page("x.md", "one", "two")
        with index.write("test") as writer:
            writer.begin(FINGERPRINT, "corpus")
            with pytest.raises(ValueError, match=r"x\.md"):
                writer.put(document, chunks, spoil(matrix(chunks)))
            with pytest.raises(IndexStateError, match="earlier step"):
                writer.commit()
        assert contents(index) == expected(LIBRARY[:1])

    def test_chunks_that_do_not_fit_are_a_defect(self, index):
        document, chunks = page("x.md", "one", "two")
        elsewhere = [chunks[0], replace(chunks[1], path="y.md")]
        same_id = [chunks[0], replace(chunks[1], id=chunks[0].id)]
        same_place = [chunks[0], replace(chunks[1], ordinal=0)]
        for wrong in (elsewhere, same_id, same_place):
            with index.write("test") as writer:
                writer.begin(FINGERPRINT, "corpus")
                with pytest.raises(ValueError, match=r"x\.md"):
                    writer.put(document, wrong, matrix(wrong))
        assert index.current() is None

    def test_the_callers_array_may_be_used_again(self, index):
        document, chunks = LIBRARY[0]
        rows = matrix(chunks)
        with index.write("test") as writer:
            writer.begin(FINGERPRINT, "corpus")
            writer.put(document, chunks, rows)
            rows[:] = 0
            writer.commit()
        assert contents(index) == expected(LIBRARY[:1])

    def test_a_writer_must_begin_and_ends_once(self, index):
        with index.write("test") as writer, pytest.raises(RuntimeError):
            writer.put(*LIBRARY[0], matrix(LIBRARY[0][1]))
        store(index, LIBRARY)
        with index.write("test") as writer:
            writer.begin(FINGERPRINT, "corpus")
            writer.put(*page("n.md", "n"), matrix(page("n.md", "n")[1]))
            writer.commit()
            with pytest.raises(RuntimeError):
                writer.put(*LIBRARY[0], matrix(LIBRARY[0][1]))


class TestSafety:
    def test_leaving_without_commit_changes_nothing(self, index):
        store(index, LIBRARY)
        with index.write("test") as writer:
            writer.begin(FINGERPRINT, "corpus")
            writer.remove([document.path for document, _ in LIBRARY])
        assert contents(index) == expected(LIBRARY)
        assert index.numbers() == (1,)

    @pytest.mark.parametrize("after", [0, 1, 3])
    def test_a_failing_embedder_leaves_the_old_generation(self, index, after):
        store(index, LIBRARY)
        with pytest.raises(ZeroDivisionError), index.write("test") as writer:
            writer.begin(FINGERPRINT, "corpus")
            for number, (document, chunks) in enumerate(pages(5)):
                if number == after:
                    raise ZeroDivisionError
                writer.put(document, chunks, matrix(chunks))
        assert contents(index) == expected(LIBRARY)
        assert index.numbers() == (1,)
        assert index.holder() is None
        assert store(index, pages(1)).generation == 2

    def test_one_writer_at_a_time(self, index):
        with index.write("python ingest.py"):
            with pytest.raises(IndexLockedError, match=r"python ingest\.py"):
                index.write("another")
            with pytest.raises(IndexLockedError):
                index.rollback()
            assert index.holder().command == "python ingest.py"
        assert index.holder() is None
        index.write("another").__exit__(None, None, None)

    @pytest.mark.parametrize("change", [{"embedder": "other"}, {"dimension": 8}, {"chunker": "other"}])
    def test_what_was_built_otherwise_is_not_mixed(self, index, change):
        store(index, LIBRARY)
        other = replace(FINGERPRINT, **change)
        with index.write("test") as writer:
            with pytest.raises(IndexStateError, match="--full"):
                writer.begin(other, "corpus")
            writer.begin(other, "corpus", full=True)
            assert writer.vectors_for(embed_hashes(EVERYTHING.values())) == {}
            document, chunks = LIBRARY[0]
            writer.put(document, chunks, matrix(chunks, other.dimension))
            assert writer.commit().fingerprint == other
        assert index.current().parent == 1
        assert index.verify() == ()

    def test_a_reader_keeps_its_generation(self, index):
        store(index, LIBRARY)
        with index.open() as reader, index.open() as lazy:
            before = reader.nearest(vector("x"), 100)
            for salt in "abc":
                store(index, pages(5, salt), full=True)
            assert index.pointer() == 4
            assert reader.nearest(vector("x"), 100) == before
            assert lazy.nearest(vector("x"), 100) == before, "also where the first search comes late"
            assert reader.chunks([one for one, _ in before])

    def test_old_generations_are_removed_but_for_those_in_use(self, tmp_path):
        index = Index(tmp_path / "index", keep=2)
        store(index, pages(2, "0"))
        with index.open() as reader:
            for salt in "1234":
                store(index, pages(2, salt))
            assert index.numbers() == (1, 4, 5)
            assert reader.nearest(vector("x"), 1)
        store(index, pages(2, "5"))
        assert index.numbers() == (5, 6)
        assert {path.name for path in (tmp_path / "index").iterdir()} == {"CURRENT", "LOCK", "gen-000005", "gen-000006"}

    def test_one_generation_may_be_all_that_is_kept(self, tmp_path):
        index = Index(tmp_path / "index", keep=1)
        for salt in "012":
            store(index, pages(2, salt))
        assert index.numbers() == (3,)


class TestRollback:
    def test_the_pointer_goes_back_and_forth(self, index):
        for salt in "012":
            store(index, pages(3, salt))
        assert index.rollback().generation == index.pointer() == 2
        assert contents(index) == expected(pages(3, "1"))
        assert index.rollback().generation == 1
        with pytest.raises(IndexStateError, match="no older generation"):
            index.rollback()
        assert index.rollback(3).generation == index.current().generation == 3
        with pytest.raises(IndexStateError, match="no generation 9"):
            index.rollback(9)

    def test_an_ingest_after_it_numbers_on_and_starts_from_there(self, index):
        for salt in "012":
            store(index, pages(3, salt))
        index.rollback(1)
        manifest = store(index, pages(1, "new"))
        assert (manifest.generation, manifest.parent) == (4, 1)
        assert contents(index) == expected([*pages(1, "new"), *pages(3, "0")[1:]])
        assert index.numbers() == (1, 3, 4), "its ancestors are kept before those that were left behind"
        assert index.rollback().generation == 1, "back to what it came from, not to what was rejected"

    def test_generations_are_listed(self, index):
        for salt in "01":
            store(index, pages(3, salt))
        assert [manifest.generation for manifest in index.generations()] == [1, 2]


class TestUpkeep:
    def test_dead_places_are_counted_and_rebuilt_away(self, index, tmp_path):
        """A graph is made afresh when a quarter of it is dead, and nothing else changes by that."""
        seen, stages = [], []
        store(index, pages(40, "0"))
        for step in range(1, 9):
            with index.write("test") as writer:
                writer.begin(FINGERPRINT, "corpus")
                for document, chunks in pages(40, str(step))[:5]:
                    writer.put(document, chunks, matrix(chunks))
                manifest = writer.commit(lambda stage, done, total: stages.append((stage, done, total)))
            seen.append(manifest.dead_vectors)
            assert manifest.dead_vectors <= 0.25 * manifest.chunks
        rebuilt = Counter(stage for stage, _, _ in stages)["Rebuilding the vector index"] // 2
        assert rebuilt >= 2
        if type(index) is Index:  # on a server several graphs take turns, each with dead places of its own
            assert (seen, rebuilt) == ([15, 30, 0, 15, 30, 0, 15, 30], 2)
        now = [*pages(40, "8")[:5], *pages(40, "0")[5:]]
        assert contents(index) == expected(now)
        assert index.current().hashes == store(Index(tmp_path / "fresh"), now).hashes
        assert index.verify() == ()
        with index.open() as reader:
            assert len(reader.nearest(vector("x"), 200)) == 120
            assert len(reader.nearest(vector("x"), 200, {"path": "notes"})) == 120


def test_words_are_scored_as_the_textbook_says(generation):
    fake = FakeGeneration(LIBRARY)
    for question in ("low rank adapters", "the same block", "日本語", "nothing of the kind", "rank rank RAG"):
        terms = query_terms(question)
        ids = sorted(EVERYTHING)
        expected = fake.words.scores(terms, ids)
        assert generation.words.scores(terms, ids) == [pytest.approx(pair, rel=1e-5) for pair in expected]
        assert generation.words.highest(terms) == pytest.approx(fake.words.highest(terms), rel=1e-5)
        assert [one for one, _ in generation.matching(terms, 5)] == [one for one, _ in fake.matching(terms, 5)]
    assert generation.words.vocabulary() == fake.words.vocabulary()
    assert generation.words.scores(query_terms("rank"), ["unknown"]) == [(0.0, 0.0)]
    assert generation.matching({}, 5) == []


def test_matching_keeps_to_the_filter(generation):
    terms = query_terms("low rank retrieve")
    found = generation.matching(terms, 10, {"path": "guides/deep"})
    assert [EVERYTHING[one].path for one, _ in found] == ["guides/deep/rag.md"]
    assert generation.matching(terms, 10, {"tags": "none such"}) == []


def test_equal_scores_are_in_the_order_of_ids(generation):
    twins = [one for one, _ in generation.matching(query_terms("twins"), 2)]
    assert len(twins) == 2
    assert twins == sorted(twins)


def test_chunks_of_a_page_and_their_vectors(generation):
    chunks = generation.chunks_of("guides/lora.md")
    assert [chunk.text for chunk in chunks] == ["low rank adapters", "rank and alpha"]
    vectors = generation.vectors([chunk.id for chunk in chunks] + ["unknown"])
    assert vectors.keys() == {chunk.id for chunk in chunks}
    assert np.allclose(vectors[chunks[0].id], vector(chunks[0].embed_text))
    assert generation.chunks_of("no/such.md") == []


def test_the_words_follow_every_change(index):
    """Whatever the order of changes, the lexical index is that of the pages there are."""
    first, second = page("a.md", "alpha beta", "gamma"), page("b.md", "alpha alpha")
    store(index, [first, second])
    store(index, [page("a.md", "alpha delta")], removed=["b.md"])
    store(index, [page("c.md", "beta beta beta", "epsilon")])
    with index.open() as reader:
        fake = FakeGeneration([page("a.md", "alpha delta"), page("c.md", "beta beta beta", "epsilon")])
        terms = query_terms("alpha beta gamma delta")
        assert reader.matching(terms, 9) == [(one, pytest.approx(score, rel=1e-5)) for one, score in fake.matching(terms, 9)]
        assert reader.words.vocabulary() == fake.words.vocabulary()
