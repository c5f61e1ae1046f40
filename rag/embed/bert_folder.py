"""What a sentence-transformers folder says of a BERT encoder, and whether every word of it is understood.

Reads JSON and the header of the weights, nothing heavier. Knows no engine. A folder that says anything that is not known here is
turned down with the reason, so that a lighter engine never gives vectors other than those of sentence-transformers.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rag.errors import ModelError
from rag.openvino_runtime import has_openvino

Activation = Literal["erf", "tanh", "relu"]
Pooling = Literal["mean", "cls"]

_ACTIVATIONS: Mapping[str, Activation] = {"gelu": "erf", "gelu_new": "tanh", "gelu_pytorch_tanh": "tanh", "relu": "relu"}
_POOLING_FLAGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
_SPECIAL_TOKENS = {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]", "mask_token": "[MASK]"}
_TEXT_ONLY = {"text": {"method": "forward", "method_output_name": "last_hidden_state"}}
# What sentence_bert_config.json may say; anything else changes what is embedded.
_TRANSFORMER_SETTINGS: Mapping[str, object] = {
    "do_lower_case": False,
    "transformer_task": "feature-extraction",
    "modality_config": _TEXT_ONLY,
    "module_output_name": "token_embeddings",
}
_HEADER_MOST_BYTES = 100_000_000  # as the format's own reader allows


@dataclass(frozen=True, slots=True)
class BertFolder:
    """A BERT encoder with its pooling.

    Attributes:
        layers: how many there are.
        heads: attention heads of a layer; they divide `width`.
        width: of a token's state, and of the embedding.
        activation: between the two halves of the feed-forward part.
        epsilon: of layer normalisation.
        pooling: token states to one vector.
        max_tokens: what is read of a text, special tokens included; the rest is cut.
    """

    layers: int
    heads: int
    width: int
    activation: Activation
    epsilon: float
    pooling: Pooling
    max_tokens: int


def supports(folder: Path) -> str:
    """Return why the lighter engine cannot take this folder; empty if it can, with vectors equal to sentence-transformers'."""
    if not has_openvino():
        return "openvino is not installed"
    try:
        read_bert_folder(folder)
    except ModelError as error:
        return error.message
    return ""


def read_bert_folder(folder: Path) -> BertFolder:
    """Read what kind of model a folder holds.

    Args:
        folder: as sentence-transformers writes it.

    Returns:
        what a graph needs to know besides the weights.

    Raises:
        ModelError: it is none that is known here, or it is damaged; the message says which file says what.
    """
    try:
        config = _read(folder / "config.json")
        _check_architecture(config)
        bert = BertFolder(
            layers=int(config["num_hidden_layers"]),
            heads=int(config["num_attention_heads"]),
            width=int(config["hidden_size"]),
            activation=_ACTIVATIONS[config["hidden_act"]],
            epsilon=float(config.get("layer_norm_eps", 1e-12)),
            pooling=_pooling(folder, int(config["hidden_size"])),
            max_tokens=max_tokens(folder),
        )
        _require(bert.max_tokens <= config["max_position_embeddings"], "it reads more tokens than it has positions")
        _check_prompts(folder)
        _check_tokenizer(folder, int(config["vocab_size"]))
        _check_weights(folder / "model.safetensors", _shapes(config))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"a file of {folder.name} does not say what is expected: {type(error).__name__}: {error}") from error
    return bert


def max_tokens(folder: Path) -> int:
    """Find how much of a text sentence-transformers reads.

    Args:
        folder: as sentence-transformers writes it.

    Returns:
        tokens, special ones included.

    Raises:
        ModelError: a file is missing or is no JSON.
        KeyError: none of the files says it.
    """
    said = _read(folder / "sentence_bert_config.json").get("max_seq_length")
    if said is not None:
        return int(said)
    return int(
        min(_read(folder / "tokenizer_config.json")["model_max_length"], _read(folder / "config.json")["max_position_embeddings"])
    )


def _read(file: Path) -> dict[str, Any]:
    value = _read_json(file)
    if not isinstance(value, dict):
        raise ModelError(f"{file.name} is not a JSON object")
    return value


def _read_json(file: Path) -> object:
    try:
        value: object = json.loads(file.read_text("utf-8"))
        return value
    except OSError as error:
        raise ModelError(f"{file.name} cannot be read") from error
    except ValueError as error:
        raise ModelError(f"{file.name} is not valid JSON") from error


def _require(truth: bool, reason: str) -> None:
    if not truth:
        raise ModelError(reason)


def _check_architecture(config: Mapping[str, Any]) -> None:
    _require(config.get("model_type") == "bert", f"its architecture is {config.get('model_type')}, not bert")
    _require(config.get("hidden_act") in _ACTIVATIONS, f"its activation is {config.get('hidden_act')}")
    _require(config.get("position_embedding_type", "absolute") == "absolute", "its positions are not absolute")
    _require(not config.get("is_decoder") and not config.get("add_cross_attention"), "it is a decoder")
    _require(not config.get("quantization_config"), "its weights are quantized")
    precision = config.get("dtype", config.get("torch_dtype")) or "float32"
    _require(precision == "float32", f"it computes in {precision}")
    _require(config["hidden_size"] % config["num_attention_heads"] == 0, "its heads do not divide its width")


def _pooling(folder: Path, width: int) -> Pooling:
    """Return the pooling of modules.json, which must be Transformer, Pooling and, where there is a third, Normalize."""
    modules = _read_json(folder / "modules.json")
    if not isinstance(modules, list):
        raise ModelError("modules.json is not a JSON list")
    kinds = [str(module["type"]).rpartition(".")[2] for module in modules]
    own = all(str(module["type"]).startswith("sentence_transformers.") for module in modules)
    _require(own and kinds in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]), f"its modules are {kinds}")
    _require(not modules[0]["path"], "its transformer is in a folder of its own")
    _require(not (folder / "adapter_config.json").exists(), "it has an adapter on its weights")
    for key, value in _read(folder / "sentence_bert_config.json").items():
        known = value == _TRANSFORMER_SETTINGS[key] if key in _TRANSFORMER_SETTINGS else not value
        _require(known or key == "max_seq_length", f"sentence_bert_config.json sets {key}")
    settings = _read(folder / modules[1]["path"] / "config.json")
    said = settings.get("pooling_mode") or [mode for key, mode in _POOLING_FLAGS.items() if settings.get(key)] or ["mean"]
    modes = [said] if isinstance(said, str) else list(said)
    _require(modes in (["mean"], ["cls"]), f"its pooling is {' and '.join(map(str, modes))}")
    _require(settings.get("embedding_dimension", settings.get("word_embedding_dimension")) == width, "it pools another width")
    return "mean" if modes == ["mean"] else "cls"


def _check_prompts(folder: Path) -> None:
    file = folder / "config_sentence_transformers.json"
    if not file.exists():
        return
    settings = _read(file)
    _require(not any((settings.get("prompts") or {}).values()), "it puts a prompt before the text")
    _require(not settings.get("default_prompt_name"), "it puts a prompt before the text")
    _require(not settings.get("truncate_dim"), "it truncates its vectors")


def _check_tokenizer(folder: Path, vocabulary: int) -> None:
    """Check that tokenizer.json is what the BERT tokenizer of transformers makes of tokenizer_config.json."""
    settings = _read(folder / "tokenizer_config.json")
    said = settings.get("tokenizer_class", "BertTokenizer")
    _require(said in {"BertTokenizer", "BertTokenizerFast"}, f"its tokenizer is {said}")
    for key, token in _SPECIAL_TOKENS.items():
        value = settings.get(key, token)
        _require((value["content"] if isinstance(value, dict) else value) == token, f"its {key} is not {token}")
    for key in ("padding_side", "truncation_side"):
        _require(settings.get(key, "right") == "right", f"its {key} is not right")
    tokenizer = _read(folder / "tokenizer.json")
    model, normalizer = tokenizer["model"], tokenizer["normalizer"]
    _require(model.get("type", "WordPiece") == "WordPiece", "its tokenizer is not made of word pieces")
    _require((model["unk_token"], model["continuing_subword_prefix"], model["max_input_chars_per_word"]) == ("[UNK]", "##", 100),
             "its word pieces are not BERT's")  # fmt: skip
    _require(len(model["vocab"]) <= vocabulary, "its tokenizer knows more words than it has embeddings")
    wanted = {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": settings.get("tokenize_chinese_chars", True),
        "strip_accents": settings.get("strip_accents"),
        "lowercase": settings.get("do_lower_case", True),
    }
    _require(normalizer == wanted, "its tokenizer's two files differ")
    _require(tokenizer["pre_tokenizer"] == {"type": "BertPreTokenizer"}, "its tokenizer does not split as BERT's")
    frame = [next(iter(part.values()))["id"] for part in tokenizer["post_processor"]["single"]]
    _require(frame == ["[CLS]", "A", "[SEP]"], "its tokenizer frames a text otherwise than BERT's")
    added = {token["content"] for token in tokenizer["added_tokens"]}
    _require(added == set(_SPECIAL_TOKENS.values()), "its tokenizer has words of its own")


def _shapes(config: Mapping[str, Any]) -> dict[str, list[int]]:
    """Return each weight that a BERT encoder needs, with its shape."""
    width, inner = config["hidden_size"], config["intermediate_size"]
    shapes = {
        "embeddings.word_embeddings.weight": [config["vocab_size"], width],
        "embeddings.position_embeddings.weight": [config["max_position_embeddings"], width],
        "embeddings.token_type_embeddings.weight": [config["type_vocab_size"], width],
        "embeddings.LayerNorm.weight": [width],
        "embeddings.LayerNorm.bias": [width],
    }
    for layer in range(config["num_hidden_layers"]):
        for name, rows, columns in (
            ("attention.self.query", width, width),
            ("attention.self.key", width, width),
            ("attention.self.value", width, width),
            ("attention.output.dense", width, width),
            ("intermediate.dense", inner, width),
            ("output.dense", width, inner),
        ):
            shapes[f"encoder.layer.{layer}.{name}.weight"] = [rows, columns]
            shapes[f"encoder.layer.{layer}.{name}.bias"] = [rows]
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes[f"encoder.layer.{layer}.{name}.weight"] = [width]
            shapes[f"encoder.layer.{layer}.{name}.bias"] = [width]
    return shapes


def _check_weights(file: Path, shapes: Mapping[str, list[int]]) -> None:
    """Compare the header of a safetensors file with the weights that are needed; the pooler, which nothing reads, may be there."""
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            _require(length <= _HEADER_MOST_BYTES, f"{file.name} is damaged")
            header = json.loads(stream.read(length))
    except OSError as error:
        raise ModelError(f"{file.name} cannot be read") from error
    except (struct.error, ValueError) as error:
        raise ModelError(f"{file.name} is damaged") from error
    header.pop("__metadata__", None)
    _require(size == 8 + length + max(entry["data_offsets"][1] for entry in header.values()), f"{file.name} is damaged")
    for name, shape in shapes.items():
        _require(name in header, f"{file.name} lacks {name}")
        _require(header[name]["shape"] == shape, f"{name} has another shape than config.json says")
        _require(header[name]["dtype"] == "F32", f"{name} is stored as {header[name]['dtype']}")
    for name in header.keys() - shapes.keys():
        _require(name.startswith("pooler.") or name == "embeddings.position_ids", f"{file.name} has an unknown weight {name}")
