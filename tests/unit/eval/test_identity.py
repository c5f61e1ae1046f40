from __future__ import annotations

import json
import os
import shutil

import pytest

from eval.identity import embedder_identity, judge_identity, model_identity, parts_identity, system_code, system_identity
from rag.config import load_config
from rag.errors import ModelError

INDEX = {"embedder": "mini@1", "chunker": "1/220", "hashes": {"texts": "ab"}, "generation": 4}


@pytest.fixture
def config(tmp_path):
    (tmp_path / "a.gguf").write_bytes(b"GGUF one")
    (tmp_path / "q.gguf").write_bytes(b"GGUF small")
    (tmp_path / "embedder" / "1_Pooling").mkdir(parents=True)
    (tmp_path / "embedder" / "model.safetensors").write_bytes(b"one")
    (tmp_path / "embedder" / "1_Pooling" / "config.json").write_text("{}")
    flags = {
        "llm": f"gguf:{tmp_path / 'a.gguf'}",
        "question_model": f"gguf:{tmp_path / 'q.gguf'}",
        "embedder": str(tmp_path / "embedder"),
        "models_dir": str(tmp_path / "models"),
    }
    return load_config(flags=flags, environment={})


def test_a_model_is_its_weights_and_not_its_place(config, tmp_path):
    first = model_identity(config)
    assert first.startswith("a sha256:")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.gguf").write_bytes(b"GGUF one")
    assert model_identity(config, f"gguf:{tmp_path / 'elsewhere' / 'a.gguf'}") == first
    (tmp_path / "a.gguf").write_bytes(b"GGUF two!")
    assert model_identity(config) != first
    with pytest.raises(ModelError):
        model_identity(config, "gguf:none.gguf")


def test_servers_and_repositories_are_named(config):
    assert model_identity(config.model_copy(update={"llm_model": "big"}), "openai:http://localhost/v1") == "http://localhost/v1 big"
    assert model_identity(config, "hf:some/model") == "some/model"


@pytest.mark.parametrize(
    ("change", "same"), [({"top_k": 3}, False), ({"port": 8000}, True), ({"judge": "other"}, True), ({"threads": 1}, True)]
)
def test_a_system_is_what_its_answers_depend_on(config, change, same):
    assert (system_identity(config, INDEX) == system_identity(config.model_copy(update=change), INDEX)) is same


def test_a_system_is_the_weights_of_its_reranker(config, tmp_path):
    folder = tmp_path / "ranker"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"one")
    ranked = config.model_copy(update={"reranker": str(folder)})
    first, parts = system_identity(ranked, INDEX), parts_identity(ranked)
    assert system_identity(ranked, INDEX) == first
    assert parts["reranker"] == first["reranker"]
    assert parts["embedder"].startswith("sha256:")
    (folder / "model.safetensors").write_bytes(b"two")
    os.utime(folder / "model.safetensors", ns=(1, 1))
    assert system_identity(ranked, INDEX) != first
    assert parts_identity(ranked) != parts


def test_a_system_is_the_weights_of_what_puts_passages_in_order(config, tmp_path):
    first, parts = system_identity(config, INDEX), parts_identity(config)
    assert parts["question_model"].startswith("q sha256:")
    (tmp_path / "q.gguf").write_bytes(b"GGUF smaller")
    assert system_identity(config, INDEX) != first
    assert parts_identity(config) != parts
    assert parts_identity(config.model_copy(update={"question_model": ""}))["question_model"] == ""


def test_a_system_is_what_its_index_holds_and_not_its_number(config):
    first = system_identity(config, INDEX)
    assert system_identity(config, INDEX | {"generation": 9}) == first
    assert system_identity(config, INDEX | {"hashes": {"texts": "cd"}}) != first
    assert json.loads(json.dumps(first)) == first


def test_a_judge_is_its_weights_what_it_is_told_and_how_long_it_may_write(config, monkeypatch):
    first = judge_identity(config)
    assert judge_identity(config.model_copy(update={"top_k": 3})) == first
    monkeypatch.setattr("eval.identity.PROTOCOL", {"system": "Be kind."})
    assert judge_identity(config) != first


def test_a_judge_is_the_weights_of_its_embedder_and_not_their_place(config, tmp_path):
    first = judge_identity(config)
    shutil.copytree(tmp_path / "embedder", tmp_path / "moved")
    (tmp_path / "moved" / ".cache").mkdir()
    (tmp_path / "moved" / ".cache" / "downloaded").write_text("today")
    moved = config.model_copy(update={"embedder": str(tmp_path / "moved")})
    assert judge_identity(moved) == first
    # Trained further, it has the same name and the same size.
    for file, content in (("model.safetensors", b"two"), ("1_Pooling/config.json", b"[]")):
        before = judge_identity(moved)
        (tmp_path / "moved" / file).write_bytes(content)
        os.utime(tmp_path / "moved" / file, ns=(1, 1))
        assert judge_identity(moved)["embedder"] != before["embedder"]
    with pytest.raises(ModelError):
        judge_identity(config.model_copy(update={"embedder": "all-MiniLM-L6-v2"}))


def test_weights_are_read_once_for_each_state_of_their_files(config, tmp_path, monkeypatch):
    first = embedder_identity(config)
    monkeypatch.setattr("eval.identity.hashlib.file_digest", lambda *_: pytest.fail("the weights were read again"))
    assert embedder_identity(config) == first


def test_code_is_the_source_of_the_system_without_its_page(tmp_path):
    def hashed(**files):
        for name, text in files.items():
            file = tmp_path / f"{name.replace('__', '/')}.py"
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        system_code.cache_clear()
        return system_code(tmp_path)

    first = hashed(pipeline="a = 1\n", ui__page="b = 1\n")
    assert hashed(ui__page="b = 2\n") == first
    assert hashed(pipeline="a = 2\n") != first
    system_code.cache_clear()
