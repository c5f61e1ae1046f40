"""An evaluation's own index follows the configuration; nobody is asked to build it anew."""

from __future__ import annotations

import pytest

from eval.own_index import bring_up
from rag.config import load_config
from rag.errors import IndexStateError
from rag.wiring import build_index, run_ingest

pytestmark = [pytest.mark.model, pytest.mark.usefixtures("embedder_folder")]


def test_an_index_that_was_built_otherwise_is_built_anew(tmp_path):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/wheels.md").write_text("# Wheels\n\nA cart has two wheels.\n", encoding="utf-8")
    places = {"corpus": tmp_path / "corpus", "index": tmp_path / "index"}
    before, after = load_config(flags=places), load_config(flags={**places, "chunk_tokens": 100})
    bring_up(before, lambda *_: None)
    with pytest.raises(IndexStateError, match="another chunker"):
        run_ingest(after, full=False, dry_run=False, progress=lambda *_: None)
    bring_up(after, lambda *_: None)
    assert build_index(after).current().chunks == 1
    bring_up(after, lambda *_: None)
    assert build_index(after).current().generation == 2, "what is up to date is left alone"
