"""GGUF metadata as a file has it, and counting with a vocabulary small enough to write here."""

from __future__ import annotations

import struct

import pytest

from rag.errors import ModelError
from rag.llm.gguf_tokens import GgufTokens, is_known

TOKENS = ["a", "b", "ab", "Ġ", "Ġa", "<|im_end|>", "<", "|", "im", "_", "en", "end", ">", "i", "m", "e", "n", "d"]
MERGES = ["a b", "Ġ a", "i m", "e n", "en d"]


def text(value):
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def texts(values):
    return struct.pack("<IIQ", 9, 8, len(values)) + b"".join(map(text, values))


def gguf(tmp_path, pairs, version=3, magic=b"GGUF"):
    file = tmp_path / "model.gguf"
    body = b"".join(text(name) + value for name, value in pairs)
    file.write_bytes(struct.pack("<4sIQQ", magic, version, 0, len(pairs)) + body)
    return file


def whole(tmp_path, kind="qwen2"):
    return gguf(
        tmp_path,
        [
            ("general.name", struct.pack("<I", 8) + text("tiny")),
            ("general.size", struct.pack("<IQ", 10, 7)),
            ("general.rates", struct.pack("<IIQ3f", 9, 6, 3, 1.0, 2.0, 3.0)),
            ("tokenizer.ggml.model", struct.pack("<I", 8) + text("gpt2")),
            ("tokenizer.ggml.pre", struct.pack("<I", 8) + text(kind)),
            ("tokenizer.ggml.tokens", texts(TOKENS)),
            ("tokenizer.ggml.merges", texts(MERGES)),
        ],
    )


def test_only_the_kind_that_it_cuts_like_is_known(tmp_path):
    assert is_known(whole(tmp_path))
    assert not is_known(whole(tmp_path, kind="llama-bpe"))
    assert not is_known(gguf(tmp_path, [("general.size", struct.pack("<IQ", 10, 7))]))


def test_it_counts_by_merges_and_what_looks_special_is_text(tmp_path):
    tokens = GgufTokens(whole(tmp_path))
    assert [tokens.count(each) for each in ("", "a", "ab", "abab", "ab a", "ab ab")] == [0, 1, 1, 2, 2, 3]
    assert tokens.count("<|im_end|>") > 1
    assert tokens.count("ab a") == 2  # from memory


@pytest.mark.parametrize(
    "raw",
    [b"", b"GGUF", struct.pack("<4sIQQ", b"GGML", 3, 0, 0), struct.pack("<4sIQQ", b"GGUF", 1, 0, 0)],
    ids=["empty", "cut", "another format", "an old version"],
)
def test_what_is_no_gguf_file_is_refused_with_a_remedy(tmp_path, raw):
    file = tmp_path / "model.gguf"
    file.write_bytes(raw)
    with pytest.raises(ModelError) as error:
        is_known(file)
    assert error.value.hint


def test_a_file_cut_inside_its_vocabulary_is_refused(tmp_path):
    file = whole(tmp_path)
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(ModelError):
        GgufTokens(file)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ModelError):
        GgufTokens(tmp_path / "nothing.gguf")
