"""An index on a Chroma server: several processes, kills, an expired lock, what travels, what is left behind. Real server."""

from __future__ import annotations

import random
import secrets
import signal
import time
from itertools import count

import pytest

from rag.errors import IndexLockedError, IndexStateError
from rag.index.remote import RemoteIndex
from rag.index.remote.blocks import BLOCK_BYTES, Blocks
from rag.index.remote.lock import RemoteLock, holder
from rag.index.remote.server import Server
from tests.chroma_server import free_port
from tests.fake_index import matrix, page, pages, store, vector
from tests.integration.children import children, last_line, salt_of
from tests.integration.index_child import LOCK_EXPIRY_S


@pytest.fixture
def server(chroma_server):
    return Server(chroma_server, f"test-{secrets.token_hex(4)}")


@pytest.fixture
def index(server, tmp_path):
    return RemoteIndex(server, tmp_path / "cache", keep=2, lock_expiry_s=LOCK_EXPIRY_S)


@pytest.fixture
def child(server, tmp_path):
    """Start `index_child` on the same index, with a cache of its own, and wait until it is ready."""
    with children() as run:
        caches = count()

        def started(command, *arguments):
            return run(command, f"{server.address}#{server.name}#{tmp_path / f'child-{next(caches)}'}", *arguments)

        yield started


def collections(server):
    return [name for name in server.names() if name.startswith("vectors-")]


def test_two_readers_answer_while_a_third_process_writes(server, child):
    last_line(child("write", "s0"))
    readers = [child("read", 0.02) for _ in range(2)]
    for number in range(1, 4):
        assert last_line(child("write", f"s{number}"))["generation"] == number + 1
    time.sleep(1)
    for reader in readers:
        said = last_line(reader)
        assert said["wrong"] == []
        assert said["asked"] > 5
        assert said["generations"] == sorted(said["generations"])
        assert said["generations"][-1] == 4


@pytest.mark.slow
def test_a_killed_writer_leaves_the_old_or_the_new_set_and_its_lock_expires(index, server, child):
    last_line(child("write", "s-old"))
    began = time.monotonic()
    last_line(child("write", "s-whole"))
    takes_s = time.monotonic() - began
    now, moments = "s-whole", random.Random(7)
    for trial in range(6):
        writer = child("write", f"s{trial}x")
        time.sleep(moments.uniform(0, takes_s))
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        found = salt_of(index)
        assert found in {now, f"s{trial}x"}
        now = found
        deadline = time.monotonic() + 4 * LOCK_EXPIRY_S
        while holder(server) is not None and time.monotonic() < deadline:
            time.sleep(0.1)
        assert holder(server) is None
    last_line(child("write", "s-end"))
    assert salt_of(index) == "s-end"
    time.sleep(0.1)
    store(index, pages(1, "s-end"), full=False)
    assert len(collections(server)) <= 3, "what killed writers left is dropped"


def test_a_second_writer_is_told_who_holds_the_lock(index, child):
    first = child("hold", "python ingest.py --watch")
    time.sleep(1.5 * LOCK_EXPIRY_S)
    with pytest.raises(IndexLockedError) as caught:
        index.write("me")
    for word in (str(first.pid), "python ingest.py --watch", "2 seconds"):
        assert word in str(caught.value)
    assert index.holder().pid == first.pid


def test_a_lock_that_was_lost_is_noticed_before_the_pointer_moves(index, server):
    store(index, pages(3, "old"))
    with pytest.raises(IndexLockedError, match="expired"), index.write("slow") as writer:
        writer.begin(index.current().fingerprint, "corpus")
        document, chunks = page("new.md", "text")
        writer.put(document, chunks, matrix(chunks))
        lock = index._layout.locks[0]
        lock._over.set()  # as if this process had stood still
        lock._mine.modify(metadata=lock._me | {"expires": time.time() - 1})
        other = RemoteLock(server, "quick", expiry_s=60)
        writer.commit()
    assert index.pointer() == 1
    assert index.holder().command == "quick"
    other.release()
    assert index.holder() is None


@pytest.mark.parametrize(("keep", "whole"), [(1, 1), (2, 2)])
def test_two_collections_take_turns(server, tmp_path, keep, whole):
    index = RemoteIndex(server, tmp_path / "cache", keep=keep)
    seen = set()
    store(index, pages(40, "s0"))
    for number in range(1, 6):  # edits that are too small to make a graph afresh
        store(index, pages(1, f"s{number}"))
        seen.update(collections(server))
        assert len(collections(server)) <= 2
    assert len(seen) == 2
    assert len(index.numbers()) == whole
    assert index.verify() == ()


def test_a_collection_that_is_read_is_not_changed(index, server):
    store(index, pages(4, "s0"))
    with index.open() as reader:
        before = reader.nearest(vector("x"), 5)
        for number in range(1, 5):
            store(index, pages(4, f"s{number}"))
        assert reader.nearest(vector("x"), 5) == before
        assert len(collections(server)) == 3, "one more than usual while the old one is held"
    store(index, pages(4, "s5"))
    store(index, pages(4, "s6"))
    assert len(collections(server)) == 2


def test_an_edit_sends_what_changed(index, server, monkeypatch):
    """Neither the vectors nor the notes of other pages travel to the server again."""
    store(index, pages(300, "s0"))
    store(index, [page("first.md", "an edit")])
    store(index, [page("second.md", "another edit")])
    sent = []
    monkeypatch.setattr(Blocks, "_put", lambda self, blocks, there, real=Blocks._put: sent.append(0) or real(self, blocks, there))
    before = set(Blocks(server).names())
    store(index, [page("third.md", "one more")])
    with index.open() as reader:
        notes = (reader.folder / "notes.sqlite").stat().st_size
    fresh = set(Blocks(server).names()) - before
    assert sent
    assert notes > 20 * BLOCK_BYTES
    assert len(fresh) < 0.6 * notes / BLOCK_BYTES


def test_damage_on_the_server_is_noticed(index, server, tmp_path):
    store(index, pages(20, "s0"))
    blocks = server.make("files")
    [name] = blocks.get(limit=1, include=[])["ids"]
    blocks.update(ids=[name], metadatas=[{"packed": False, "part0": "bm90aGluZw=="}])
    elsewhere = RemoteIndex(server, tmp_path / "elsewhere")
    with pytest.raises(IndexStateError, match="missing or damaged"):
        elsewhere.open()


def test_a_server_that_does_not_answer_is_one_sentence(tmp_path):
    index = RemoteIndex(Server(f"http://127.0.0.1:{free_port()}"), tmp_path)
    with pytest.raises(IndexStateError, match="chroma run"):
        index.pointer()
