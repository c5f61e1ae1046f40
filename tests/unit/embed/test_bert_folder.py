import json
import subprocess
import sys

import pytest

from rag.embed import bert_folder as module
from rag.embed.bert_folder import BertFolder, max_tokens, read_bert_folder, supports
from rag.errors import ModelError
from tests.unit.embed.folders import CONFIG, MODULES, SHAPES, SPECIAL, TOKENIZER, bert_folder, write_json, write_weights


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "has_openvino", lambda: True)
    return bert_folder(tmp_path / "model")


def test_what_it_says(folder):
    assert read_bert_folder(folder) == BertFolder(
        layers=1, heads=2, width=4, activation="erf", epsilon=1e-12, pooling="mean", max_tokens=12
    )
    assert supports(folder) == ""


def test_without_the_engine_nothing_is_taken(folder, monkeypatch):
    monkeypatch.setattr(module, "has_openvino", lambda: False)
    assert supports(folder) == "openvino is not installed"


# Each changes one thing that would change the vectors; `says` is what a maintainer reads.
@pytest.mark.parametrize(
    ("file", "change", "says"),
    [
        ("config.json", {"model_type": "roberta"}, "its architecture is roberta, not bert"),
        ("config.json", {"hidden_act": "silu"}, "its activation is silu"),
        ("config.json", {"position_embedding_type": "relative_key"}, "its positions are not absolute"),
        ("config.json", {"is_decoder": True}, "it is a decoder"),
        ("config.json", {"add_cross_attention": True}, "it is a decoder"),
        ("config.json", {"quantization_config": {"bits": 4}}, "its weights are quantized"),
        ("config.json", {"torch_dtype": "float16"}, "it computes in float16"),
        ("config.json", {"num_attention_heads": 3}, "its heads do not divide its width"),
        ("config.json", {"num_hidden_layers": 2}, "model.safetensors lacks encoder.layer.1."),
        ("config.json", {"intermediate_size": 16}, "has another shape than config.json says"),
        ("config.json", {"max_position_embeddings": 8}, "more tokens than it has positions"),
        ("config.json", {"vocab_size": 5}, "knows more words than it has embeddings"),
        ("config.json", {"hidden_size": None}, "does not say what is expected"),
        ("sentence_bert_config.json", {"do_lower_case": True}, "sets do_lower_case"),
        ("sentence_bert_config.json", {"query_length": 8}, "sets query_length"),
        ("sentence_bert_config.json", {"transformer_task": "fill-mask"}, "sets transformer_task"),
        ("sentence_bert_config.json", {"model_args": {"dtype": "bfloat16"}}, "sets model_args"),
        ("1_Pooling/config.json", {"pooling_mode_cls_token": True}, "its pooling is cls and mean"),
        ("1_Pooling/config.json", {"pooling_mode": "max"}, "its pooling is max"),
        ("1_Pooling/config.json", {"word_embedding_dimension": 5}, "it pools another width"),
        ("tokenizer_config.json", {"do_lower_case": False}, "its tokenizer's two files differ"),
        ("tokenizer_config.json", {"strip_accents": False}, "its tokenizer's two files differ"),
        ("tokenizer_config.json", {"tokenizer_class": "MPNetTokenizer"}, "its tokenizer is MPNetTokenizer"),
        ("tokenizer_config.json", {"cls_token": {"content": "<s>"}}, "its cls_token is not [CLS]"),
        ("tokenizer_config.json", {"truncation_side": "left"}, "its truncation_side is not right"),
        ("tokenizer.json", {"model": {**TOKENIZER["model"], "type": "BPE"}}, "not made of word pieces"),
        ("tokenizer.json", {"model": {**TOKENIZER["model"], "max_input_chars_per_word": 9}}, "word pieces are not BERT's"),
        ("tokenizer.json", {"pre_tokenizer": {"type": "Whitespace"}}, "does not split as BERT's"),
        ("tokenizer.json", {"post_processor": {"single": [{"Sequence": {"id": "A"}}]}}, "frames a text otherwise"),
        ("tokenizer.json", {"added_tokens": [*SPECIAL, {"content": "<doc>"}]}, "has words of its own"),
        ("tokenizer.json", {"normalizer": None}, "its tokenizer's two files differ"),
        ("config_sentence_transformers.json", {"prompts": {"query": "query: "}}, "it puts a prompt before the text"),
        ("config_sentence_transformers.json", {"default_prompt_name": "query"}, "it puts a prompt before the text"),
        ("config_sentence_transformers.json", {"truncate_dim": 2}, "it truncates its vectors"),
    ],
)
def test_what_would_change_the_vectors_is_turned_down(folder, file, change, says):
    path = folder / file
    before = json.loads(path.read_text("utf-8")) if path.exists() else {}
    write_json(path, {**before, **change})
    assert says in supports(folder)


@pytest.mark.parametrize(
    ("modules", "says"),
    [
        (MODULES[:1], "its modules are ['Transformer']"),
        ([*MODULES, MODULES[2]], "its modules are"),
        ([MODULES[0], MODULES[1], {"path": "2_Dense", "type": "sentence_transformers.models.Dense"}], "'Dense'"),
        ([{**MODULES[0], "type": "custom.Transformer"}, *MODULES[1:]], "its modules are"),
        ([{**MODULES[0], "path": "0_Transformer"}, *MODULES[1:]], "in a folder of its own"),
        ({}, "modules.json is not a JSON list"),
    ],
)
def test_other_modules_are_turned_down(folder, modules, says):
    write_json(folder / "modules.json", modules)
    assert says in supports(folder)


def test_a_weight_adapter_is_turned_down(folder):
    write_json(folder / "adapter_config.json", {})
    assert supports(folder) == "it has an adapter on its weights"


def test_other_weights_are_turned_down(folder):
    write_weights(folder / "model.safetensors", {**SHAPES, "encoder.relative_attention_bias.weight": [2, 2]})
    assert "unknown weight encoder.relative_attention_bias.weight" in supports(folder)
    write_weights(folder / "model.safetensors", kind="F16")
    assert "is stored as F16" in supports(folder)


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_damaged_weights_are_turned_down(folder, keep):
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:keep])
    assert supports(folder) == "model.safetensors is damaged"


@pytest.mark.parametrize("file", ["modules.json", "config.json", "1_Pooling/config.json", "tokenizer.json", "model.safetensors"])
def test_a_missing_file_is_named(folder, file):
    (folder / file).unlink()
    assert supports(folder) == f"{file.rpartition('/')[2]} cannot be read"


def test_a_file_that_is_no_json_is_named(folder):
    (folder / "config.json").write_text("{", encoding="utf-8")
    assert supports(folder) == "config.json is not valid JSON"
    write_json(folder / "config.json", [])
    assert supports(folder) == "config.json is not a JSON object"


def test_pooling_and_normalisation_that_are_known(folder):
    write_json(folder / "1_Pooling" / "config.json", {"embedding_dimension": 4, "pooling_mode": "cls", "include_prompt": True})
    write_json(folder / "modules.json", MODULES[:2])  # vectors are brought to norm 1 in any case
    assert read_bert_folder(folder).pooling == "cls"


def test_the_limit_as_newer_versions_save_it(folder):
    write_json(
        folder / "sentence_bert_config.json", {"transformer_task": "feature-extraction", "module_output_name": "token_embeddings"}
    )
    tokenizer = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
    write_json(folder / "tokenizer_config.json", {**tokenizer, "model_max_length": 9})
    assert max_tokens(folder) == 9
    write_json(folder / "tokenizer_config.json", {**tokenizer, "model_max_length": 10**30})  # what it writes for "no limit"
    assert max_tokens(folder) == CONFIG["max_position_embeddings"]
    assert supports(folder) == ""


def test_a_folder_that_says_no_limit_is_turned_down(folder):
    write_json(folder / "sentence_bert_config.json", {})
    assert "model_max_length" in supports(folder)
    with pytest.raises(ModelError, match="model_max_length"):
        read_bert_folder(folder)


def test_nothing_heavy_is_imported():
    lines = (
        "import sys, rag.embed.bert_folder; print([m for m in ('numpy', 'tokenizers', 'openvino', 'torch') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True).stdout.strip() == "[]"
