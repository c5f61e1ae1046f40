"""OpenVINO with a model of a few kilobytes: what is remembered, what fails, what steps in."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from rag.config import load_config
from rag.errors import LLMError, ModelError
from rag.language_model import OPENVINO, build_llm, llm_engine, prepare_llm
from rag.llm.gguf_chat import GgufChat
from rag.llm.gguf_llm import lay_out, load_with_openvino, why_not_openvino
from rag.llm.gguf_tokens import gguf_tokens
from rag.llm.openvino_llm import OpenVinoLLM
from rag.llm.packed import is_packed, pack, packed_folder
from tests.tiny_llama import tiny_chat, tiny_weights, write_tiny

CONTEXT = 512
LONG = [{"role": "system", "content": "ab" * 70}, {"role": "user", "content": "abc " * 50}]
OTHER = [{"role": "system", "content": "ab" * 70}, {"role": "user", "content": "abc " * 45 + "?"}]


@pytest.fixture
def path(tmp_path):
    return tiny_chat(tmp_path / "tiny.gguf")


def load(path, tmp_path):
    return OpenVinoLLM(path, tmp_path / "models", context_tokens=CONTEXT, threads=1)


def written(llm, messages, count=24):
    return "".join(llm.stream(messages, max_tokens=count))


def test_what_was_asked_before_changes_nothing(path, tmp_path):
    """A prompt's beginning is taken over, what was written after it is forgotten."""
    fresh, used = load(path, tmp_path), load(path, tmp_path)
    expected = written(fresh, OTHER), fresh.probabilities(OTHER, ("a", "b"))
    assert written(used, LONG)
    assert (written(used, OTHER), used.probabilities(OTHER, ("a", "b"))) == expected
    assert written(used, LONG) == written(load(path, tmp_path), LONG)
    for llm in (fresh, used):
        llm.close()


def test_after_a_stop_while_reading_the_next_question_is_answered_alike(path, tmp_path):
    llm = load(path, tmp_path)
    expected = written(load(path, tmp_path), OTHER)
    engine = llm._engine
    tokens, cuts = llm._prompts.tokens(LONG)
    asked = iter([False, True, True, True, True, True])
    assert list(engine.decode(tokens, 8, None, lambda: next(asked), cuts)) == []
    assert 0 < engine._length < len(tokens)
    assert written(llm, OTHER) == expected


@pytest.mark.parametrize("error", [RuntimeError("no room"), MemoryError()])
@pytest.mark.parametrize("at", [1, 3])
def test_after_a_failure_the_next_question_is_answered_alike(path, tmp_path, monkeypatch, error, at):
    llm = load(path, tmp_path)
    expected = written(llm, OTHER)
    whole, calls = llm._engine._forward, []

    def failing(tokens):
        calls.append(tokens)
        if len(calls) == at:
            raise error
        return whole(tokens)

    monkeypatch.setattr(llm._engine, "_forward", failing)
    with pytest.raises(LLMError, match="The engine failed"):
        written(llm, LONG)
    assert written(llm, OTHER) == expected


def test_after_a_failure_to_forget_the_next_question_is_answered_alike(path, tmp_path, monkeypatch):
    llm = load(path, tmp_path)
    expected = written(llm, OTHER)
    forget = llm._engine._forget
    monkeypatch.setattr(
        llm._engine, "_forget", lambda kept: forget(kept) if not kept else (_ for _ in ()).throw(RuntimeError("no"))
    )
    with pytest.raises(LLMError, match="The engine failed: no"):
        written(llm, LONG)
    assert written(llm, OTHER) == expected


def test_a_closed_model_says_so(path, tmp_path):
    llm = load(path, tmp_path)
    llm.close()
    llm.close()
    with pytest.raises(LLMError, match="closed"):
        written(llm, LONG)


def test_a_conversation_is_rendered_and_special_tokens_in_it_are_text(path):
    chat = GgufChat(path)
    rendered = chat.render([{"role": "user", "content": "a"}])
    assert rendered == "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n"
    assert chat.tokenize("<|im_end|>", special=True) == sorted(chat.end_tokens)[:1]
    assert len(chat.tokenize("<|im_end|>")) == 10
    assert chat.detokenize(chat.tokenize("aé<|im_end|>", special=True)) == "aé"


@pytest.mark.parametrize(
    "template", ["{{ 1 / 0 }}", "{{ raise_exception('no') }}", "{% if %}", "{{ messages[3].content }}", "{{ ''.x.y }}"]
)
def test_a_template_that_fails_is_said_before_it_is_used(tmp_path, template):
    with pytest.raises(ModelError, match="cannot be used"):
        GgufChat(tiny_chat(tmp_path / "tiny.gguf", template=template))


def test_another_file_in_the_same_place_has_its_own_vocabulary(tmp_path):
    path = tiny_chat(tmp_path / "tiny.gguf")
    first = gguf_tokens(path)
    assert gguf_tokens(path) is first
    tiny_chat(path, template="{{ messages[0].content }} and more")
    assert gguf_tokens(path) is not first


def test_the_engine_is_chosen_and_named(path, tmp_path):
    config = load_config(flags={"llm": f"gguf:{path}", "models_dir": tmp_path / "models", "context_tokens": 1024})
    assert llm_engine(config, config.llm) == OPENVINO
    assert prepare_llm(config, lambda *_: None)
    assert not prepare_llm(config, lambda *_: None)
    llm = build_llm(config)
    assert llm.name.startswith("openvino tiny sha256:")
    llm.close()
    other = config.model_copy(update={"llm_engine": "llama.cpp"})
    assert "llama.cpp" in llm_engine(other, other.llm)
    assert not prepare_llm(other, lambda *_: None)
    missing = config.model_copy(update={"llm": f"gguf:{path}x"})
    assert not prepare_llm(missing, lambda *_: None)


def test_a_model_that_is_not_known_is_left_to_llama_cpp(tmp_path, caplog):
    path = write_tiny(tmp_path / "tiny.gguf", tiny_weights(), architecture="gemma")
    assert "gemma" in why_not_openvino(path)
    assert not lay_out(path, tmp_path, lambda *_: None)
    with caplog.at_level(logging.WARNING):
        assert load_with_openvino(path, tmp_path, context_tokens=CONTEXT, threads=1) is None
    assert "llama.cpp answers" in caplog.text
    with pytest.raises(ModelError, match="gemma"):
        load_with_openvino(path, tmp_path, context_tokens=CONTEXT, threads=1, required=True)
    config = load_config(flags={"llm": f"gguf:{path}", "models_dir": tmp_path, "llm_engine": "openvino"})
    assert "cannot compute" in llm_engine(config, config.llm)


def test_without_room_llama_cpp_steps_in(path, tmp_path, caplog):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "packed").write_text("a file", encoding="utf-8")
    assert load_with_openvino(path, tmp_path / "models", context_tokens=CONTEXT, threads=1) is None
    assert "cannot be laid out" in caplog.text
    with pytest.raises(ModelError, match="cannot be laid out"):
        load_with_openvino(path, tmp_path / "models", context_tokens=CONTEXT, threads=1, required=True)


def test_a_full_disk_is_said_before_it_is_filled(path, tmp_path, monkeypatch):
    from collections import namedtuple

    monkeypatch.setattr("shutil.disk_usage", lambda _: namedtuple("usage", "free")(1000))
    folder = packed_folder(path, tmp_path)
    with pytest.raises(ModelError, match="No space"):
        pack(path, folder)
    assert [each.name for each in folder.parent.iterdir()] == [".lock"]


@pytest.mark.parametrize("damage", ["index", "data", "version", "empty"])
def test_what_is_damaged_is_made_anew(path, tmp_path, damage):
    folder = packed_folder(path, tmp_path / "models")
    pack(path, folder)
    if damage == "index":
        (folder / "packed.json").unlink()
    elif damage == "version":
        (folder / "packed.json").write_text('{"layout": 0, "tensors": {}}', encoding="utf-8")
    else:
        (folder / "weights.bin").write_bytes(b"" if damage == "empty" else b"short")
    assert not is_packed(folder)
    (folder.parent / ".packing-left").mkdir()  # of a process that was killed
    llm = load(path, tmp_path)
    assert written(llm, LONG)
    assert [each.name for each in folder.parent.iterdir() if each.is_dir()] == [folder.name]


def test_one_model_does_not_remove_another(path, tmp_path):
    larger = tiny_chat(tmp_path / "tiny-large.gguf")
    (tmp_path / "elsewhere").mkdir()
    namesake = tiny_chat(tmp_path / "elsewhere" / "tiny.gguf", template="{{ messages[0].content }}")
    folders = [packed_folder(each, tmp_path / "models") for each in (larger, namesake, path)]
    assert len(set(folders)) == 3
    for file, folder in zip((larger, namesake, path), folders, strict=True):
        pack(file, folder)
    assert all(is_packed(folder) for folder in folders)


def test_large_matrices_are_rounded_in_parts_alike(tmp_path, monkeypatch):
    path = write_tiny(tmp_path / "tiny.gguf", tiny_weights(own_output=True))
    pack(path, packed_folder(path, tmp_path / "whole"))
    monkeypatch.setattr("rag.llm.packed._AT_ONCE", 64 * 7)
    pack(path, packed_folder(path, tmp_path / "parts"))
    first, second = (packed_folder(path, tmp_path / name) / "weights.bin" for name in ("whole", "parts"))
    assert np.array_equal(np.fromfile(first, np.uint8), np.fromfile(second, np.uint8))
