"""Tiny sentence-transformers folders without a model behind them: every file that a check reads, weights of zeros."""

from __future__ import annotations

import json
import struct
from pathlib import Path

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b"]
CONFIG = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "hidden_size": 4,
    "intermediate_size": 8,
    "num_attention_heads": 2,
    "num_hidden_layers": 1,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 16,
    "type_vocab_size": 2,
    "vocab_size": len(WORDS),
}
MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]
SPECIAL = [{"id": i, "special": True, "content": word} for i, word in enumerate(WORDS[:5])]
TOKENIZER = {
    "version": "1.0",
    "truncation": None,
    "padding": None,
    "added_tokens": [{**token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False} for token in SPECIAL],
    "normalizer": {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": True,
        "strip_accents": None,
        "lowercase": True,
    },
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {
        "type": "TemplateProcessing",
        "single": [
            {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
            {"Sequence": {"id": "A", "type_id": 0}},
            {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
        ],
        "pair": [],
        "special_tokens": {
            "[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
            "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]},
        },
    },
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
    "model": {
        "type": "WordPiece",
        "unk_token": "[UNK]",
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": {word: i for i, word in enumerate(WORDS)},
    },
}
WIDTH, INNER = CONFIG["hidden_size"], CONFIG["intermediate_size"]
LAYER = {
    "attention.self.query": [WIDTH, WIDTH],
    "attention.self.key": [WIDTH, WIDTH],
    "attention.self.value": [WIDTH, WIDTH],
    "attention.output.dense": [WIDTH, WIDTH],
    "attention.output.LayerNorm": [WIDTH],
    "intermediate.dense": [INNER, WIDTH],
    "output.dense": [WIDTH, INNER],
    "output.LayerNorm": [WIDTH],
}
SHAPES = {
    "embeddings.word_embeddings.weight": [len(WORDS), WIDTH],
    "embeddings.position_embeddings.weight": [16, WIDTH],
    "embeddings.token_type_embeddings.weight": [2, WIDTH],
    "embeddings.LayerNorm.weight": [WIDTH],
    "embeddings.LayerNorm.bias": [WIDTH],
    **{f"encoder.layer.0.{name}.weight": shape for name, shape in LAYER.items()},
    **{f"encoder.layer.0.{name}.bias": shape[:1] for name, shape in LAYER.items()},
    "pooler.dense.weight": [WIDTH, WIDTH],
}


def write_json(file: Path, value) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value), encoding="utf-8")


def write_weights(file: Path, shapes=SHAPES, kind="F32") -> None:
    """A safetensors file of zeros."""
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in shapes.items():
        size = 4
        for length in shape:
            size *= length
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + bytes(end))


def bert_folder(folder: Path) -> Path:
    """Write a folder that is understood."""
    folder.mkdir()
    write_json(folder / "modules.json", MODULES)
    write_json(folder / "config.json", CONFIG)
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 12, "do_lower_case": False})
    write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": WIDTH, "pooling_mode_mean_tokens": True})
    write_json(folder / "tokenizer_config.json", {"do_lower_case": True, "strip_accents": None, "tokenizer_class": "BertTokenizer"})
    write_json(folder / "tokenizer.json", TOKENIZER)
    write_weights(folder / "model.safetensors")
    return folder
