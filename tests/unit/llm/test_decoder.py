"""A language model for OpenVINO, laid out and computed, beside what the same weights give in numpy."""

from __future__ import annotations

import numpy as np
import pytest
from gguf import GGMLQuantizationType

from rag.decoder.measures import EMBEDDING, OUTPUT, read_measures
from rag.errors import ModelError
from rag.gguf_file import RawTensor, list_tensors, map_raw
from rag.llm import packed
from rag.llm.decoder_graph import build_decoder
from rag.llm.packed import EmbeddingRows, Packed, is_packed, pack, packed_folder
from rag.openvino_runtime import import_openvino
from tests.tiny_llama import log_probabilities, tiny_weights, write_tiny

TOKENS = [1, 2, 3, 40, 5, 6, 7, 8, 9, 20, 3, 41]
EXACT = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0", "KV_CACHE_PRECISION": "f32"}
KINDS = [None, GGMLQuantizationType.Q4_0, GGMLQuantizationType.Q4_1, GGMLQuantizationType.Q8_0]


def laid_out(path, models_dir):
    folder = packed_folder(path, models_dir)
    pack(path, folder)
    return Packed(folder)


def as_numbers(weights, name):
    """What stands for a matrix; None for what is read from the file itself."""
    values, scales = weights.part(name, packed.VALUES), weights.part(name, packed.SCALES)
    if values is None:
        return None
    if values.dtype == np.int8:
        return values * scales
    numbers = np.stack([values & 15, values >> 4], -1).reshape(*values.shape[:2], 32)
    left = weights.part(name, packed.LEFT) * weights.part(name, packed.LEFT_SCALES)
    return ((numbers.astype(np.float32) - weights.part(name, packed.ZEROS)) * scales + left[..., None]).reshape(len(values), -1)


def logits_after(path, weights, batches):
    """After the last token, read in batches."""
    measures, rows = read_measures(path), EmbeddingRows(path)
    request = import_openvino().Core().compile_model(build_decoder(measures, weights), "CPU", EXACT).create_infer_request()
    read = 0
    for batch in batches:
        places = np.arange(read, read + len(batch), dtype=np.int32)
        read += len(batch)
        mask = np.where(np.arange(read)[None, :] > places[:, None], -1e30, 0).astype(np.float32)
        request.infer([rows.of(batch)[None], places, mask[None, None], np.zeros(1, np.int32)])
    return request.get_output_tensor(0).data[0, -1]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name if kind else "F32")
@pytest.mark.parametrize(("architecture", "own_output"), [("llama", False), ("llama", True), ("qwen2", True)])
def test_a_model_goes_on_as_its_weights_say(tmp_path, architecture, own_output, kind):
    weights = tiny_weights(own_output=own_output, biased=architecture == "qwen2")
    path = write_tiny(tmp_path / "tiny.gguf", weights, architecture=architecture, kind=kind)
    kept = laid_out(path, tmp_path)
    logits = logits_after(path, kept, [TOKENS[:5], TOKENS[5:9], TOKENS[9:10], TOKENS[10:]])
    found = logits - np.log(np.exp(logits - logits.max()).sum()) - logits.max()
    rounded = {name: kept.vector(name) if values.ndim == 1 else as_numbers(kept, name) for name, values in weights.items()}
    rounded |= {"output.weight": rounded[OUTPUT if own_output else EMBEDDING]}
    rounded |= {EMBEDDING: EmbeddingRows(path).of(list(range(50)))}
    expected = [log_probabilities(rounded, [*TOKENS, token], len(TOKENS), in_pairs=False)[0] for token in range(50)]
    assert found == pytest.approx(np.array(expected), abs=2e-3)
    assert np.ptp(expected) > 1


@pytest.mark.parametrize(("kind", "size"), [(GGMLQuantizationType.Q4_K, 144), (GGMLQuantizationType.Q4_1, 20 * 8)])
def test_four_bits_stay_what_they_are(kind, size):
    """Whatever stands in a file: zero points that are fractions, scales of nothing."""
    draw = np.random.default_rng(7)
    data = draw.integers(0, 256, (24, 2 * size), dtype=np.uint8)
    block = size if kind == GGMLQuantizationType.Q4_K else 20
    blocks = data.reshape(-1, block)
    blocks[:, :2] = np.abs(draw.normal(0, 0.01, len(blocks))).astype(np.float16).view(np.uint8).reshape(-1, 2)
    blocks[:, 2:4] = draw.normal(0, 0.01, len(blocks)).astype(np.float16).view(np.uint8).reshape(-1, 2)
    blocks[3, :2] = 0
    tensor = RawTensor("blk.0.ffn_up.weight", (24, 512), kind.value, data)
    parts = packed._four_bits(tensor)
    numbers = np.stack([parts[packed.VALUES] & 15, parts[packed.VALUES] >> 4], -1).reshape(24, 16, 32)
    kept = (numbers.astype(np.float32) - parts[packed.ZEROS]) * parts[packed.SCALES]
    kept += (parts[packed.LEFT] * parts[packed.LEFT_SCALES])[..., None]
    expected = tensor.values().reshape(24, 16, 32)
    left = np.abs(expected - kept).max()
    assert left <= parts[packed.LEFT_SCALES].max() * 0.51
    assert left < np.abs(expected).max() / 100


def test_eight_bits_are_near_in_the_order_in_which_halves_turn(tmp_path):
    weights = tiny_weights()
    kept = laid_out(write_tiny(tmp_path / "tiny.gguf", weights), tmp_path)
    for name in ("blk.0.ffn_up.weight", "blk.1.attn_q.weight"):
        order = np.arange(64).reshape(4, 8, 2).swapaxes(1, 2).ravel() if "attn_q" in name else slice(None)
        assert as_numbers(kept, name) == pytest.approx(weights[name][order], abs=0.01)


def test_weights_are_laid_out_once_and_anew_for_another_file(tmp_path):
    path = write_tiny(tmp_path / "tiny.gguf", tiny_weights())
    first = packed_folder(path, tmp_path)
    steps = []
    pack(path, first, lambda stage, done, total: steps.append((done, total)))
    assert is_packed(first)
    assert steps[-1][0] == steps[-1][1] == len(list_tensors(path))
    written = (first / "weights.bin").stat().st_mtime_ns
    pack(path, first)
    assert (first / "weights.bin").stat().st_mtime_ns == written
    write_tiny(path, tiny_weights(1, own_output=True))
    second = packed_folder(path, tmp_path)
    pack(path, second)
    assert second != first
    assert [folder.name for folder in first.parent.iterdir() if folder.is_dir()] == [second.name]


def test_what_is_damaged_is_said(tmp_path):
    path = write_tiny(tmp_path / "tiny.gguf", tiny_weights())
    folder = packed_folder(path, tmp_path)
    with pytest.raises(ModelError, match="damaged"):
        Packed(folder)
    pack(path, folder)
    (folder / "weights.bin").write_bytes(b"short")
    with pytest.raises(ModelError, match="damaged"):
        Packed(folder)


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    path = write_tiny(tmp_path / "tiny.gguf", tiny_weights())
    (tmp_path / "packed").write_text("a file", encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be laid out") as error:
        pack(path, packed_folder(path, tmp_path))
    assert "models_dir" in str(error.value.hint)


def test_a_file_that_is_cut_short_is_said_and_leaves_nothing(tmp_path):
    path = write_tiny(tmp_path / "tiny.gguf", tiny_weights())
    path.write_bytes(path.read_bytes()[:-5000])
    folder = packed_folder(path, tmp_path)
    with pytest.raises(ModelError, match="cannot be read"):
        pack(path, folder)
    assert [each.name for each in folder.parent.iterdir()] == [".lock"]


def test_what_was_laid_out_stays_readable_after_it_was_forgotten(tmp_path):
    weights = laid_out(write_tiny(tmp_path / "tiny.gguf", tiny_weights()), tmp_path)
    before = weights.vector("output_norm.weight").copy()
    with weights.forgetting():
        pass
    assert weights.vector("output_norm.weight") == pytest.approx(before)


def test_a_tensor_is_mapped_or_said_not_to_be_there(tmp_path):
    weights = tiny_weights()
    path = write_tiny(tmp_path / "tiny.gguf", weights)
    assert map_raw(path, EMBEDDING).values() == pytest.approx(weights[EMBEDDING])
    assert EmbeddingRows(path).of([3, 1]) == pytest.approx(weights[EMBEDDING][[3, 1]])
    with pytest.raises(ModelError, match="cannot be read"):
        map_raw(path, "none")
