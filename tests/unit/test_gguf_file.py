"""Tensors of a GGUF file, as its own library writes them."""

from __future__ import annotations

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFWriter
from gguf.quants import dequantize, quantize

from rag.errors import ModelError
from rag.gguf_file import read_metadata, read_tensors

KINDS = [GGMLQuantizationType[name] for name in ("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_1")]


def written(path, tensors, alignment=None):
    writer = GGUFWriter(path, "llama")
    if alignment:
        writer.add_custom_alignment(alignment)
    writer.add_array("tokenizer.ggml.tokens", ["a", "b"])
    for name, (values, kind) in tensors.items():
        writer.add_tensor(name, quantize(values, kind), raw_dtype=kind)
    writer.add_string("general.last", "read all the same")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.parametrize("alignment", [None, 64])
def test_every_kind_of_tensor_is_what_its_library_says(tmp_path, alignment):
    draw = np.random.default_rng(1)
    tensors = {kind.name: (draw.normal(size=(3, 64)).astype(np.float32), kind) for kind in KINDS}
    tensors["flat"] = (draw.normal(size=32).astype(np.float32), GGMLQuantizationType.F32)
    tensors["cube"] = (draw.normal(size=(2, 3, 32)).astype(np.float32), GGMLQuantizationType.F16)
    found = dict(read_tensors(written(tmp_path / "some.gguf", tensors, alignment)))
    assert list(found) == list(tensors)
    for name, (values, kind) in tensors.items():
        assert found[name].shape == values.shape
        assert found[name].dtype == np.float32
        assert np.array_equal(found[name], dequantize(quantize(values, kind), kind))


def test_metadata_behind_an_array_is_read(tmp_path):
    file = written(tmp_path / "some.gguf", {})
    assert read_metadata(file, ("general.last", "general.none")) == {"general.last": "read all the same"}


def test_a_file_that_is_cut_short_is_refused(tmp_path):
    file = written(tmp_path / "some.gguf", {"one": (np.ones((8, 64), np.float32), GGMLQuantizationType.Q8_0)})
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(ModelError, match="cannot be read"):
        list(read_tensors(file))


def test_a_kind_that_nobody_knows_is_refused(tmp_path):
    file = written(tmp_path / "some.gguf", {"one": (np.ones((1, 32), np.float32), GGMLQuantizationType.F32)})
    raw = bytearray(file.read_bytes())
    place = raw.index(b"one") + 3 + 4 + 16
    raw[place : place + 4] = (9999).to_bytes(4, "little")
    file.write_bytes(raw)
    with pytest.raises(ModelError, match="9999"):
        list(read_tensors(file))
