"""A llama's file and graph, beside what the same weights give in numpy."""

from __future__ import annotations

import numpy as np
import pytest

from rag.errors import ModelError
from rag.openvino_runtime import import_openvino
from rag.rerank.llama_file import read_llama
from rag.rerank.llama_graph import build_graph
from tests.tiny_llama import HEADS, LAYERS, VOCABULARY, WIDTH, log_probabilities, tiny_weights, write_tiny

TEXTS = [[1, 2, 3, 4, 5, 6, 7], [8, 9, 10], [11, 12, 13, 14, 15]]
SOUGHT = [20, 3, 41]


def in_eight_bits(weights):
    """What is left of the weights."""
    left = {}
    for name, values in weights.items():
        scales = np.abs(values).max(-1, keepdims=True) / 127
        left[name] = values if values.ndim == 1 else np.round(values / scales) * scales
    return left


@pytest.mark.parametrize("own_output", [False, True])
def test_a_graph_computes_what_the_weights_say(tmp_path, own_output):
    weights = tiny_weights(own_output=own_output)
    llama = read_llama(write_tiny(tmp_path / "tiny.gguf", weights))
    settings = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0"}
    request = import_openvino().Core().compile_model(build_graph(llama), "CPU", settings).create_infer_request()
    ids = np.full((len(TEXTS), 12), VOCABULARY - 1, np.int32)  # padding is some token
    for row, text in enumerate(TEXTS):
        ids[row, : len(text) + len(SOUGHT)] = [*text, *SOUGHT]
    last = np.array([len(text) - 1 for text in TEXTS], np.int32)
    found = request.infer([ids, last, np.array(SOUGHT, np.int32)])[0]
    expected = [log_probabilities(in_eight_bits(weights), [*text, *SOUGHT], len(text)) for text in TEXTS]
    assert found == pytest.approx(np.array(expected), abs=2e-3)
    assert np.ptp(expected) > 1


def test_its_measures_and_weights_are_read(tmp_path):
    weights = tiny_weights()
    llama = read_llama(write_tiny(tmp_path / "tiny.gguf", weights))
    assert (llama.measures.layers, llama.measures.width, llama.measures.heads) == (LAYERS, WIDTH, HEADS)
    rows = llama.matrices["blk.1.ffn_down.weight"]
    assert rows.values * rows.scales == pytest.approx(weights["blk.1.ffn_down.weight"], abs=0.01)
    assert np.abs(rows.values).max(axis=1).min() == 127
    assert llama.vectors["blk.0.attn_norm.weight"] == pytest.approx(weights["blk.0.attn_norm.weight"])


def test_a_row_of_nothing_stays_nothing(tmp_path):
    weights = tiny_weights()
    weights["blk.0.ffn_up.weight"][3] = 0
    rows = read_llama(write_tiny(tmp_path / "tiny.gguf", weights)).matrices["blk.0.ffn_up.weight"]
    assert not rows.values[3].any()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"architecture": "gemma"}, "holds gemma"),
        ({"architecture": "qwen2"}, "settings that are not known|other tensors"),
        ({"begins": True}, "settings that are not known"),
        ({"scaling": "yarn"}, "settings that are not known"),
        ({"turned": 8}, "settings that are not known"),
        ({"layers": 3}, "other tensors"),
    ],
)
def test_what_is_not_understood_is_refused(tmp_path, settings, says):
    with pytest.raises(ModelError, match=says) as error:
        read_llama(write_tiny(tmp_path / "tiny.gguf", tiny_weights(), **settings))
    assert "question_model" in str(error.value.hint)


@pytest.mark.parametrize(
    ("name", "shape"), [("blk.0.attn_q.weight", (48, WIDTH)), ("x", (2, 2)), ("blk.0.ffn_up.weight", (2, 8, 8))]
)
def test_a_tensor_of_another_shape_is_refused(tmp_path, name, shape):
    weights = tiny_weights() | {name: np.ones(shape, np.float32)}
    with pytest.raises(ModelError, match=r"another shape|other tensors"):
        read_llama(write_tiny(tmp_path / "tiny.gguf", weights))


def test_a_tensor_that_nobody_asked_for_is_refused(tmp_path):
    weights = tiny_weights() | {"blk.0.attn_q.bias": np.zeros(WIDTH, np.float32)}
    with pytest.raises(ModelError, match="other tensors"):
        read_llama(write_tiny(tmp_path / "tiny.gguf", weights))
