from __future__ import annotations

import pytest

from eval.cache import Cache, content_hash
from rag.errors import ConfigError

KEY = {"question": "What is BERT?", "history": []}


def test_what_was_kept_is_found_by_an_equal_key_and_by_no_other(tmp_path):
    Cache(tmp_path).put("answers", KEY, {"text": "é"})
    cache = Cache(tmp_path)
    assert cache.get("answers", dict(reversed(KEY.items()))) == {"text": "é"}
    assert cache.get("answers", KEY | {"top_k": 3}) is None
    assert cache.get("judgements", KEY) is None
    assert (cache.hits, cache.misses) == (1, 2)


def test_half_a_character_that_a_model_wrote_is_kept(tmp_path):
    key = KEY | {"prompt": "\ud83d"}
    Cache(tmp_path).put("judgements", key, {"output": "a \ud83d", "prompt": "\\ud83d \U0001f600"})
    assert Cache(tmp_path).get("judgements", key) == {"output": "a \ud83d", "prompt": "\\ud83d \U0001f600"}


@pytest.mark.parametrize("text", ['{"value": {"te', "{}", "null", ""])
def test_a_damaged_entry_is_no_entry(tmp_path, text):
    cache = Cache(tmp_path)
    cache.put("answers", KEY, {"text": "a"})
    [file] = tmp_path.rglob("*.json")
    file.write_text(text)
    assert cache.get("answers", KEY) is None
    cache.put("answers", KEY, {"text": "b"})
    assert cache.get("answers", KEY) == {"text": "b"}
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_nan_is_not_kept(tmp_path):
    with pytest.raises(ValueError):
        Cache(tmp_path).put("judgements", KEY, {"value": float("nan")})
    assert Cache(tmp_path).get("judgements", KEY) is None


def test_a_folder_that_cannot_be_written_is_a_plain_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        Cache(tmp_path / "file").put("answers", KEY, {})


def test_hashes_tell_types_apart():
    assert content_hash({"a": 1}) != content_hash({"a": "1"})
    assert len(content_hash([])) == 64
