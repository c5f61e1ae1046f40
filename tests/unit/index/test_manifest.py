"""What a manifest says, writes, reads and refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.errors import IndexStateError
from rag.index.manifest import FileEntry, Fingerprint, Hashes, Manifest
from rag.types import Notice

relaxed = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])

FILES = {
    "b.md": FileEntry("bb", 3, "B", (Notice("b.md", 4, "broken-link", "There is no x.md."),)),
    "a.md": FileEntry("", 0, "", (), "not text"),
    "\udcff.md": FileEntry("cc", 0, "", (), "name"),
}
MANIFEST = Manifest(
    generation=12,
    created="2026-01-02T03:04:05+00:00",
    parent=11,
    corpus="corpus",
    corpus_sha256="0" * 64,
    files=FILES,
    fingerprint=Fingerprint("mini@1", 384, "chunks@1/220"),
    documents=1,
    chunks=3,
    dead_vectors=0,
    hashes=Hashes("1", "2", "3", "4"),
)


def test_it_reads_what_it_writes(tmp_path):
    MANIFEST.write(tmp_path)
    assert Manifest.read(tmp_path) == MANIFEST


@pytest.mark.slow
@relaxed
@given(st.dictionaries(st.text(), st.builds(FileEntry, st.text(), st.integers(0), st.text(), st.just(()), st.none() | st.text())))
def test_any_files_survive(files):
    manifest = replace(MANIFEST, files=files, parent=None)
    assert Manifest._from_json(json.loads(manifest.as_json()), None) == manifest


def test_equal_manifests_have_equal_bytes():
    assert replace(MANIFEST, files=dict(reversed(FILES.items()))).as_json() == MANIFEST.as_json()


def test_indexed_tells_pages_from_what_was_skipped():
    assert [FILES[path].indexed for path in ("a.md", "b.md")] == [False, True]


def test_a_match_says_nothing():
    MANIFEST.check_matches(Fingerprint("mini@1", 384, "chunks@1/220"))


@pytest.mark.parametrize("change", [{"embedder": "other@2"}, {"dimension": 768}, {"chunker": "chunks@2/220"}])
def test_a_mismatch_names_both_and_the_command_that_mends_it(change):
    with pytest.raises(IndexStateError) as caught:
        MANIFEST.check_matches(replace(MANIFEST.fingerprint, **change))
    [(field, asked)] = change.items()
    line = str(caught.value)
    assert field in line
    assert str(asked) in line
    assert str(getattr(MANIFEST.fingerprint, field)) in line
    assert "python ingest.py --full" in line


def test_a_missing_manifest(tmp_path):
    with pytest.raises(IndexStateError, match="no manifest"):
        Manifest.read(tmp_path)


def _without(key):
    raw = json.loads(MANIFEST.as_json())
    del raw[key]
    return json.dumps(raw).encode()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[]", b'"x"', b"{}", b"\xff\xfe", MANIFEST.as_json().encode()[:-40], b"[" * 100_000]
    + [_without(key) for key in json.loads(MANIFEST.as_json())],
)
def test_a_damaged_manifest_is_refused_with_a_way_out(tmp_path, content):
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(IndexStateError, match="damaged") as caught:
        Manifest.read(tmp_path)
    assert "rollback" in caught.value.hint
    assert "--full" in caught.value.hint


def test_another_format_is_refused(tmp_path):
    raw = json.loads(MANIFEST.as_json()) | {"format": 99}
    (tmp_path / "manifest.json").write_text(json.dumps(raw))
    with pytest.raises(IndexStateError, match="format 99") as caught:
        Manifest.read(tmp_path)
    assert "--full" in caught.value.hint


@pytest.mark.slow
def test_reading_a_manifest_imports_nothing_heavy(tmp_path):
    MANIFEST.write(tmp_path)
    code = (
        "import sys; from pathlib import Path; from rag.index import Index; from rag.index.manifest import Manifest;"
        "Manifest.read(Path(sys.argv[1]));"
        "print(sorted({'chromadb', 'numpy', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
