import json

import pytest

from rag.embed.tokens import WordPieceCounter
from rag.errors import ModelError
from rag.strict import strict
from tests.unit.embed.folders import TOKENIZER, bert_folder, write_json


@pytest.fixture
def folder(tmp_path):
    return bert_folder(tmp_path / "model")


def test_counts_special_tokens_and_never_cuts(folder):
    write_json(folder / "tokenizer.json", {
        **TOKENIZER,
        "truncation": {"max_length": 5, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
        "padding": {"strategy": {"Fixed": 9}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0,
                    "pad_token": "[PAD]"},
    })  # fmt: skip
    counter = WordPieceCounter(folder)
    assert [counter.count(text) for text in ("", "a", "A b", "a " * 50)] == [2, 3, 4, 52]
    assert (counter.max_tokens, counter.dimension) == (12, 4)


def test_half_a_surrogate_pair_counts_as_a_question_mark(folder):
    counter = WordPieceCounter(folder)
    assert counter.count("a \ud83d b") == counter.count("a ? b") == 5
    assert strict("a \ud83d\ude00") == "a ??"
    assert strict("é 👩‍🚀") == "é 👩‍🚀"


@pytest.mark.parametrize("file", ["tokenizer.json", "config.json", "sentence_bert_config.json"])
def test_a_damaged_folder_is_an_expected_error(folder, file):
    (folder / file).write_text("{", encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        WordPieceCounter(folder)
    assert "models verify" in caught.value.hint


def test_a_folder_without_a_limit_is_an_expected_error(folder):
    settings = json.loads((folder / "sentence_bert_config.json").read_text("utf-8"))
    del settings["max_seq_length"]
    write_json(folder / "sentence_bert_config.json", settings)
    with pytest.raises(ModelError):
        WordPieceCounter(folder)
