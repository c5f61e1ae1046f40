import time

import pytest

from rag.errors import ModelError
from rag.models import store
from rag.models.catalogue import load_catalogue
from rag.models.store import is_present, model_path, state, verify


@pytest.fixture
def models_dir(tiny, tmp_path):
    """Both tiny models, whole."""
    folder = tmp_path / "models"
    for name, files in tiny.contents.items():
        for file, data in files.items():
            path = folder / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return folder


def test_an_engine_gets_the_folder_of_an_embedder_and_the_file_of_an_llm(tiny, models_dir):
    assert model_path("embedder", models_dir, tiny.catalogue) == models_dir / "embedder"
    assert model_path("llm", models_dir, tiny.catalogue) == models_dir / "llm" / "weights.gguf"


def test_a_missing_model_names_the_command_that_brings_it(tmp_path):
    with pytest.raises(ModelError, match="not there yet") as caught:
        model_path("qwen2.5-coder-1.5b", tmp_path)
    assert caught.value.hint == "Run: python -m rag models fetch qwen2.5-coder-1.5b"


def test_an_incomplete_model_is_not_handed_out(tiny, models_dir):
    (models_dir / "embedder" / "vocab.txt").unlink()
    assert not is_present("embedder", models_dir, tiny.catalogue)
    with pytest.raises(ModelError, match="not complete"):
        model_path("embedder", models_dir, tiny.catalogue)


def test_the_state_is_present_partial_or_missing(tiny, models_dir, tmp_path):
    llm = tiny.catalogue.model("llm")
    assert state(llm, models_dir) == "present"
    with (models_dir / "llm" / "weights.gguf").open("ab") as stream:
        stream.write(b"x")
    assert state(llm, models_dir) == "partial"
    empty = tmp_path / "empty"
    assert state(llm, empty) == "missing"
    (empty / ".partial" / "llm").mkdir(parents=True)
    assert state(llm, empty) == "partial"


def test_a_file_where_a_folder_should_be_is_not_a_model(tiny, tmp_path):
    (tmp_path / "embedder").write_text("not a folder")
    assert state(tiny.catalogue.model("embedder"), tmp_path) == "partial"


def test_presence_takes_milliseconds_and_reads_no_weights(tmp_path, monkeypatch):
    path = tmp_path / "qwen2.5-coder-1.5b" / load_catalogue().model("qwen2.5-coder-1.5b").files[0].name
    path.parent.mkdir()
    with path.open("wb") as stream:
        stream.truncate(1_117_320_768)  # sparse: the size of the real one and no disk space

    def refuse(*_):
        raise AssertionError("presence must not hash")

    monkeypatch.setattr(store, "sha256_of", refuse)
    begin = time.perf_counter()
    for _ in range(10):
        assert is_present("qwen2.5-coder-1.5b", tmp_path)
    assert (time.perf_counter() - begin) / 10 < 0.1


def test_verify_says_which_file_is_damaged_and_which_is_missing(tiny, models_dir):
    whole = verify(["embedder", "llm"], models_dir, None, tiny.catalogue)
    assert {check.state for check in whole} == {"ok"}
    assert len(whole) == 4
    damaged = models_dir / "embedder" / "model.safetensors"
    data = bytearray(damaged.read_bytes())
    data[1000] ^= 1  # one bit; the size stays
    damaged.write_bytes(data)
    (models_dir / "embedder" / "vocab.txt").unlink()
    assert is_present("llm", models_dir, tiny.catalogue)
    found = {check.file: check.state for check in verify(["embedder"], models_dir, None, tiny.catalogue)}
    assert found == {"model.safetensors": "damaged", "1_Pooling/config.json": "ok", "vocab.txt": "missing"}


def test_verify_reports_progress_up_to_the_whole(tiny, models_dir):
    seen = []
    verify(["embedder"], models_dir, lambda *step: seen.append(step), tiny.catalogue)
    assert len(seen) == 3
    assert seen[-1][1] == seen[-1][2]


def test_verify_refuses_an_unknown_name(tmp_path):
    with pytest.raises(ModelError):
        verify(["nothing"], tmp_path)
